namespace Factstone.Storage;

/// <summary>Binary search in ordered items.</summary>
internal static class BinarySearch
{
    /// <summary>The number of the first items, as the caller defines them.</summary>
    /// <param name="first">The definition. It is a struct, so that the loop is compiled for it alone, without indirect calls.</param>
    /// <param name="count">The number of all items.</param>
    /// <param name="known">The number of items that are known to belong to the first ones.</param>
    public static int Count<TFirst>(TFirst first, int count, int known = 0) where TFirst : struct, IFirstItems, allows ref struct
    {
        var (low, high) = (known, count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (first.Contains(middle)) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}

/// <summary>The first items of a list, up to some limit. If an item belongs to them, all items before it do.</summary>
internal interface IFirstItems
{
    bool Contains(int number);
}
