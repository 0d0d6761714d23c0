namespace Factstone.Storage;

/// <summary>The terms of a memory part, by hash. Unlike a dictionary, it never has one large array, which only a full collection of the runtime would free.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class TermTable(Position first)
{
    const int ChunkBits = 10;
    const int ChunkBuckets = 1 << ChunkBits;

    PositionsOfTerm?[][] _chunks = [new PositionsOfTerm?[ChunkBuckets]];
    int _count;

    int Buckets => _chunks.Length << ChunkBits;

    public PositionsOfTerm? Find(in Term term)
    {
        for (var list = BucketOf(term); list is not null; list = list.Next)
            if (list.Term == term) return list;
        return null;
    }

    public PositionsOfTerm FindOrAdd(in Term term)
    {
        if (Find(term) is { } known) return known;
        if (_count == Buckets) Grow();
        var list = new PositionsOfTerm(term, first);
        Put(list);
        _count++;
        return list;
    }

    public PositionsOfTerm[] All()
    {
        var all = new PositionsOfTerm[_count];
        var at = 0;
        foreach (var chunk in _chunks)
            foreach (var bucket in chunk)
                for (var list = bucket; list is not null; list = list.Next) all[at++] = list;
        return all;
    }

    void Grow()
    {
        var old = _chunks;
        var chunks = new PositionsOfTerm?[old.Length * 2][];
        for (var i = 0; i < chunks.Length; i++) chunks[i] = new PositionsOfTerm?[ChunkBuckets];
        _chunks = chunks;
        foreach (var chunk in old)
        {
            foreach (var bucket in chunk)
            {
                for (var list = bucket; list is not null;)
                {
                    var next = list.Next;
                    Put(list);
                    list = next;
                }
            }
        }
    }

    void Put(PositionsOfTerm list)
    {
        ref var bucket = ref BucketOf(list.Term);
        list.Next = bucket;
        bucket = list;
    }

    ref PositionsOfTerm? BucketOf(in Term term)
    {
        var bucket = term.GetHashCode() & (Buckets - 1);
        return ref _chunks[bucket >> ChunkBits][bucket & (ChunkBuckets - 1)];
    }
}
