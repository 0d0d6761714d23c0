using System.Diagnostics.CodeAnalysis;

namespace Factstone.Storage;

/// <summary>A <see cref="GrowingList{T}"/> that mostly has one item, which stands in the list itself: a part of the index has tens of thousands of them.</summary>
/// <remarks>A field of an object, never copied. Threads: one adds; others read what was there when they looked.</remarks>
internal struct SmallList<T>
{
    const int FirstArray = 4;

    /// <summary>The first item; in the array, too, once there is one.</summary>
    T _first;
    T[]? _items;
    int _count;

    /// <summary>How many items a reader may look at. Read it before <see cref="Items"/>.</summary>
    public int Count => Volatile.Read(ref _count);

    [UnscopedRef]
    public ReadOnlySpan<T> Items
    {
        get
        {
            // Count first: the array that is read after it holds at least that many, and there is one for more than one.
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
