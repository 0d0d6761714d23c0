using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Writes the buckets by which a term is found, or found absent, with one look. See docs/format.md, "Fingerprints".</summary>
/// <remarks>Goes over the terms once for each part of the table that fits in memory, so that memory does not grow with their number.</remarks>
/// <param name="output">The run.</param>
/// <param name="shape">How the buckets are laid out.</param>
/// <param name="terms">How many there are.</param>
/// <param name="bytesMax">How much of the table may be in memory at a time.</param>
internal sealed class FingerprintWriter(RunOutput output, BucketShape shape, long terms, int bytesMax)
{
    const int TermsPerStep = 100_000;

    /// <summary>The table of 400,000 streams. A buffer of several times that would stay until the next full collection, and the next ones with it.</summary>
    public const int BytesUsual = 8 * 1_024 * 1_024;

    readonly long _firstBuckets = shape.FirstBuckets(terms);
    readonly byte[] _buckets = new byte[Math.Min(shape.FirstBuckets(terms), bytesMax / RunFormat.BucketBytes) * RunFormat.BucketBytes];
    List<TermLocation> _carried = [];

    /// <summary>Set when all is written.</summary>
    public BucketTable Table { get; private set; }

    /// <summary>Writes the table, some terms at a step: of very many terms that takes minutes.</summary>
    public IEnumerable<int> Write(Func<IEnumerable<TermLocation>> terms)
    {
        var at = output.FileOffset;
        var bucket = 0L;
        while (bucket < _firstBuckets || _carried.Count > 0)
        {
            var count = (int)Math.Clamp(_firstBuckets - bucket, 1, _buckets.Length / RunFormat.BucketBytes);
            foreach (var step in WritePass(bucket, count, terms)) yield return step;
            bucket += count;
        }

        Table = new BucketTable(shape, at, bucket, _firstBuckets);
    }

    IEnumerable<int> WritePass(long first, int count, Func<IEnumerable<TermLocation>> terms)
    {
        var length = count * RunFormat.BucketBytes;
        _buckets.AsSpan(0, length).Clear();
        var carried = _carried;
        _carried = [];
        foreach (var term in carried) Put(_buckets.AsSpan(0, length), 0, term);
        if (first < _firstBuckets)
        {
            var done = 0;
            foreach (var term in terms())
            {
                var bucket = BucketTable.BucketOf(term.Hash, _firstBuckets) - first;
                if (bucket >= 0 && bucket < count) Put(_buckets.AsSpan(0, length), (int)bucket, term);
                if (++done % TermsPerStep == 0) yield return 0;
            }
        }

        output.Write(_buckets.AsSpan(0, length));
    }

    void Put(Span<byte> buckets, int bucket, TermLocation term)
    {
        for (var at = bucket * RunFormat.BucketBytes; at < buckets.Length; at += RunFormat.BucketBytes)
        {
            var slots = buckets.Slice(at, RunFormat.BucketBytes);
            var taken = slots[RunFormat.BucketCountAt];
            if (taken < shape.Slots)
            {
                shape.Write(slots[(taken * shape.SlotBytes)..], term);
                slots[RunFormat.BucketCountAt]++;
                return;
            }

            slots[RunFormat.BucketOverflowsAt] = 1;
        }

        _carried.Add(term);
    }
}
