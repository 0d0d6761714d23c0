namespace Factstone.Storage;

/// <summary>A long list that grows without copying all its items. One thread appends, others read.</summary>
internal sealed class ChunkedList<T>
{
    // A chunk is small enough not to be a large object of the runtime, which only a full collection frees.
    const int ChunkBits = 10;
    const int ChunkItems = 1 << ChunkBits;

    readonly GrowingList<T[]> _chunks = new();
    long _count;

    public long Count => Volatile.Read(ref _count);

    public T this[long index]
    {
        get => _chunks[(int)(index >> ChunkBits)][index & (ChunkItems - 1)];
        set => _chunks[(int)(index >> ChunkBits)][index & (ChunkItems - 1)] = value;
    }

    /// <summary>The items from an index up to another index (exclusive).</summary>
    public IEnumerable<T> Range(long from, long until)
    {
        for (var i = from; i < until; i++) yield return this[i];
    }

    public void Add(T item)
    {
        var at = (int)(_count & (ChunkItems - 1));
        if (at == 0) _chunks.Add(new T[ChunkItems]);
        _chunks[(int)(_count >> ChunkBits)][at] = item;
        Volatile.Write(ref _count, _count + 1);
    }
}
