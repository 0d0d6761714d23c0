namespace Factstone.Storage;

/// <summary>A list that one thread appends to while others read what was there when they looked.</summary>
internal sealed class GrowingList<T>
{
    T[] _items = [];
    int _count;

    /// <summary>How many items a reader may look at. Read it before <see cref="Items"/>.</summary>
    public int Count => Volatile.Read(ref _count);

    public ReadOnlySpan<T> Items
    {
        get
        {
            // Count first: the array that is read after it holds at least that many.
            var count = Volatile.Read(ref _count);
            return Volatile.Read(ref _items).AsSpan(0, count);
        }
    }

    public T this[int index] => Volatile.Read(ref _items)[index];

    /// <summary>Puts another item in the last one's place; whoever read the old list keeps it.</summary>
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
