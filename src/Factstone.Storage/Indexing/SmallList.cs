using System.Diagnostics.CodeAnalysis;

namespace Factstone.Storage;

/// <summary>A <see cref="GrowingList{T}"/> for lists that usually have one item, which is stored in the list itself. A part of the index has tens of thousands of such lists.</summary>
/// <remarks>It must be a field of an object and must not be copied. Threads: one adds; others read the items up to the count that they read.</remarks>
internal struct SmallList<T>
{
    const int FirstArray = 4;

    /// <summary>The first item. When there is an array, the array contains it, too.</summary>
    T _first;
    T[]? _items;
    int _count;

    /// <summary>The number of items that a reader may use. Read it before <see cref="Items"/>.</summary>
    public int Count => Volatile.Read(ref _count);

    [UnscopedRef]
    public ReadOnlySpan<T> Items
    {
        get
        {
            // The count is read first, so that the array, which is read after it, has at least that many items. If the count
            // is above one, there is an array.
            var count = Volatile.Read(ref _count);
            var items = Volatile.Read(ref _items);
            return items is not null ? items.AsSpan(0, count) : count > 0 ? new ReadOnlySpan<T>(in _first) : [];
        }
    }

    public T this[int index] => Volatile.Read(ref _items) is { } items ? items[index] : _first;

    public void Add(T item)
    {
        if (_count == 0) _first = item;
        else
        {
            var items = _items;
            if (items is null) (items = new T[FirstArray])[0] = _first;
            else if (_count == items.Length) Array.Resize(ref items, items.Length * 2);
            items[_count] = item;
            Volatile.Write(ref _items, items);
        }

        Volatile.Write(ref _count, _count + 1);
    }
}
