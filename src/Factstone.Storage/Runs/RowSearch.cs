namespace Factstone.Storage;

/// <summary>Finds a place in a table of ascending rows.</summary>
/// <remarks>
/// Most ledgers grow evenly, so a row is looked for where it stands if this one did: a handful of looks where halving
/// takes one for each doubling, and a look may wait for memory. Each third look halves what is left, so that no table
/// takes more than three times as many as that.
/// </remarks>
internal static class RowSearch
{
    const int LooksPerHalving = 3;

    /// <summary>How many rows are at or below a value; at least one.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="first">The first row, which is at or below the value.</param>
    /// <param name="end">What comes behind the last row: above the value.</param>
    /// <param name="value">The value.</param>
    public static long CountUntil<TRows>(in TRows rows, long count, long first, long end, long value) where TRows : struct, ISortedRows
    {
        long low = 0, high = count;
        for (var look = 1; high - low > 1; look++)
        {
            var share = look % LooksPerHalving == 0 ? 0.5 : ((double)value - first) / ((double)end - first);
            var middle = Math.Clamp(low + (long)(share * (high - low)), low + 1, high - 1);
            var row = rows[middle];
            if (row <= value) (low, first) = (middle, row);
            else (high, end) = (middle, row);
        }

        return low + 1;
    }

    /// <summary>By halving: how many of the first rows have a property that no row behind them has.</summary>
    /// <param name="low">So many rows are known to have it.</param>
    /// <param name="count">How many rows there are.</param>
    /// <param name="rows">The rows, and what they are compared with.</param>
    /// <param name="has">Whether the row of a number has the property.</param>
    public static int CountWhile<TRows>(int low, int count, TRows rows, Func<TRows, int, bool> has) where TRows : allows ref struct
    {
        while (low < count)
        {
            var middle = (int)(((uint)low + (uint)count) >> 1);
            if (has(rows, middle)) low = middle + 1;
            else count = middle;
        }

        return low;
    }
}

/// <summary>Ascending numbers.</summary>
internal interface ISortedRows
{
    long this[long number] { get; }
}
