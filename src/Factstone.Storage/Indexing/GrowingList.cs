namespace Factstone.Storage;

/// <summary>A list that one thread appends to while others read. A reader sees the items up to the count that it read.</summary>
internal sealed class GrowingList<T>
{
    T[] _items = [];
    int _count;

    /// <summary>The number of items that a reader may use. Read it before <see cref="Items"/>.</summary>
    public int Count => Volatile.Read(ref _count);

    public ReadOnlySpan<T> Items
    {
        get
        {
            // The count is read first, so that the array, which is read after it, has at least that many items.
            var count = Volatile.Read(ref _count);
            return Volatile.Read(ref _items).AsSpan(0, count);
        }
    }

    public T this[int index] => Volatile.Read(ref _items)[index];

    /// <summary>Replaces the last item in a copy of the array; a reader that has the old array keeps it.</summary>
    public void ReplaceLast(T item)
    {
        var items = (T[])_items.Clone();
        items[_count - 1] = item;
        Volatile.Write(ref _items, items);
    }

    public void Add(T item)
    {
        var items = _items;
        if (_count == items.Length)
        {
            Array.Resize(ref items, Math.Max(4, items.Length * 2));
            Volatile.Write(ref _items, items);
        }

        items[_count] = item;
        Volatile.Write(ref _count, _count + 1);
    }
}
