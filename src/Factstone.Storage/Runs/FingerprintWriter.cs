namespace Factstone.Storage;

/// <summary>Writes the buckets of fingerprints, with which one read finds a term or shows that it is absent. See docs/format.md, "Fingerprints".</summary>
/// <remarks>
/// The table is built in parts that fit in memory. If it has more than one part, the terms are first partitioned by
/// part. So each term is read once whatever the number of parts, and memory does not grow with the number of terms.
/// </remarks>
/// <param name="output">The run.</param>
/// <param name="shape">The layout of the buckets.</param>
/// <param name="terms">The number of terms.</param>
/// <param name="bytesMax">The maximal number of bytes of the table in memory at a time.</param>
internal sealed class FingerprintWriter(RunOutput output, BucketShape shape, long terms, int bytesMax)
{
    const int TermsPerStep = 100_000;

    readonly long _firstBuckets = shape.FirstBuckets(terms);
    readonly int _bucketsPerPart = (int)Math.Min(shape.FirstBuckets(terms), bytesMax / RunFormat.BucketBytes);
    List<byte[]> _carried = [];
    byte[] _buffer = [];

    /// <summary>The table; set when all is written.</summary>
    public BucketTable Table { get; private set; }

    /// <summary>The number of parts of the table, without the overflow of the last one.</summary>
    public long Parts => (_firstBuckets + _bucketsPerPart - 1) / _bucketsPerPart;

    /// <summary>Writes the table, some terms at a step, because a table of very many terms takes minutes.</summary>
    public IEnumerable<int> Write(IEnumerable<TermLocation> terms)
    {
        var at = output.FileOffset;
        var bytes = _bucketsPerPart * RunFormat.BucketBytes;
        if (Parts == 1)
        {
            _buffer = new byte[bytes];
            foreach (var step in PutAll(terms)) yield return step;
            output.Write(_buffer);
        }
        else
        {
            // Each partition needs a chunk of memory. So for a very large table, one partition contains several parts.
            var scratch = output.Scratch;
            var chunks = Math.Max(1, bytes / scratch.ChunkBytes);
            var partsPerPartition = (Parts + chunks - 1) / chunks;
            _buffer = new byte[Math.Max(bytes, chunks * scratch.ChunkBytes)];
            var partitions = new FingerprintPartitions(scratch, shape, _buffer, partsPerPartition * _bucketsPerPart);
            foreach (var step in Distribute(terms, partitions)) yield return step;
            for (var part = 0L; part < Parts; part++)
            {
                foreach (var step in WritePart(part * _bucketsPerPart, partitions)) yield return step;
                if ((part + 1) % partsPerPartition == 0) partitions.Free(part * _bucketsPerPart);
            }
        }

        var buckets = _firstBuckets;
        for (; _carried.Count > 0; buckets++)
        {
            PutCarried(_buffer.AsSpan(0, RunFormat.BucketBytes));
            output.Write(_buffer.AsSpan(0, RunFormat.BucketBytes));
        }

        Table = new BucketTable(shape, at, buckets, _firstBuckets);
    }

    IEnumerable<int> PutAll(IEnumerable<TermLocation> terms)
    {
        var slot = new byte[shape.SlotBytes];
        var done = 0;
        foreach (var term in terms)
        {
            shape.Write(slot, term);
            Put(_buffer, (int)BucketTable.BucketOf(term.Hash, _firstBuckets), slot);
            if (++done % TermsPerStep == 0) yield return 0;
        }
    }

    IEnumerable<int> Distribute(IEnumerable<TermLocation> terms, FingerprintPartitions partitions)
    {
        output.Scratch.MakeRoom(output.FileOffset + (_firstBuckets * RunFormat.BucketBytes)); // before there is much to be moved
        var done = 0;
        foreach (var term in terms)
        {
            partitions.Add(BucketTable.BucketOf(term.Hash, _firstBuckets), term);
            if (++done % TermsPerStep == 0) yield return 0;
        }

        partitions.Complete();
    }

    IEnumerable<int> WritePart(long first, FingerprintPartitions partitions)
    {
        var count = (int)Math.Min(_bucketsPerPart, _firstBuckets - first);
        var length = count * RunFormat.BucketBytes;
        PutCarried(_buffer.AsSpan(0, length));
        var done = 0;
        foreach (var chunk in partitions.Read(first))
        {
            done += PutChunk(chunk.Span, first, _buffer.AsSpan(0, length), partitions);
            if (done < TermsPerStep) continue;
            done = 0;
            yield return 0;
        }

        output.Write(_buffer.AsSpan(0, length));
    }

    /// <returns>The number of slots in the chunk, those of other parts included.</returns>
    int PutChunk(ReadOnlySpan<byte> chunk, long first, Span<byte> buckets, FingerprintPartitions partitions)
    {
        var slots = 0;
        for (; chunk.Length > 0; slots++)
        {
            var bucket = partitions.Next(ref chunk, first, out var slot) - first;
            if (bucket >= 0 && bucket < buckets.Length / RunFormat.BucketBytes) Put(buckets, (int)bucket, slot);
        }

        return slots;
    }

    /// <summary>Begins a part with the slots that overflowed from the part before it.</summary>
    void PutCarried(Span<byte> buckets)
    {
        buckets.Clear();
        var carried = _carried;
        _carried = [];
        foreach (var slot in carried) Put(buckets, 0, slot);
    }

    void Put(Span<byte> buckets, int bucket, ReadOnlySpan<byte> slot)
    {
        for (var at = bucket * RunFormat.BucketBytes; at < buckets.Length; at += RunFormat.BucketBytes)
        {
            var slots = buckets.Slice(at, RunFormat.BucketBytes);
            var taken = slots[RunFormat.BucketCountAt];
            if (taken < shape.Slots)
            {
                slot.CopyTo(slots[(taken * shape.SlotBytes)..]);
                slots[RunFormat.BucketCountAt]++;
                return;
            }

            slots[RunFormat.BucketOverflowsAt] = 1;
        }

        _carried.Add(slot.ToArray());
    }
}
