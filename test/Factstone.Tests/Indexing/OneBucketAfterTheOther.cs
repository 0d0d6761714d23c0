using Factstone.Storage;

namespace Factstone.Tests.Indexing;

/// <summary>
/// The first algorithm for the fingerprint table of format version 4: it visits all terms once for each part of the table. A faster
/// algorithm must produce the same bytes.
/// </summary>
internal static class OneBucketAfterTheOther
{
    public static byte[] Table(BucketShape shape, IReadOnlyList<TermLocation> terms, int bytesMax)
    {
        var table = new MemoryStream();
        var firstBuckets = shape.FirstBuckets(terms.Count);
        var carried = new List<TermLocation>();
        for (var first = 0L; first < firstBuckets || carried.Count > 0;)
        {
            var count = (int)Math.Clamp(firstBuckets - first, 1, Math.Min(firstBuckets, bytesMax / RunFormat.BucketBytes));
            var part = new byte[count * RunFormat.BucketBytes];
            var before = carried;
            carried = [];
            foreach (var term in before) Put(shape, part, 0, term, carried);
            foreach (var term in first < firstBuckets ? terms : [])
            {
                var bucket = BucketTable.BucketOf(term.Hash, firstBuckets) - first;
                if (bucket >= 0 && bucket < count) Put(shape, part, (int)bucket, term, carried);
            }

            table.Write(part);
            first += count;
        }

        return table.ToArray();
    }

    static void Put(BucketShape shape, Span<byte> buckets, int bucket, TermLocation term, List<TermLocation> carried)
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

        carried.Add(term);
    }
}
