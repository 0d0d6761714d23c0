using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>A table of fingerprints in a run. A run has one table for streams and one for all other terms. See docs/format.md, "Fingerprints".</summary>
/// <param name="Shape">The layout of its buckets.</param>
/// <param name="At">The offset of the table in the run.</param>
/// <param name="Count">The number of buckets.</param>
/// <param name="FirstBuckets">The number of buckets where a search may begin. The buckets after them hold the overflow of the last of them.</param>
internal readonly record struct BucketTable(BucketShape Shape, long At, long Count, long FirstBuckets)
{
    /// <summary>The bucket where the search for a term begins.</summary>
    public static long BucketOf(ulong hash, long firstBuckets) => (long)Math.BigMul(hash, (ulong)firstBuckets, out _);

    /// <summary>The bucket where the search for a term begins in this table.</summary>
    public long BucketOf(in TermKey key) => BucketOf(key.Hash, FirstBuckets);

    public long BucketAt(long bucket) => At + (bucket * RunFormat.BucketBytes);
}

/// <summary>The layout of a bucket.</summary>
/// <param name="SlotBytes">Bytes of a slot: fingerprint (u16), offset of the dictionary block / <see cref="RunFormat.TermBlockMultiple"/> (u32); for a stream also the location of its last fact.</param>
/// <param name="Slots">The number of slots in a bucket.</param>
/// <param name="TermsPerBucket">The average number of terms in a bucket, low enough that few buckets overflow.</param>
internal readonly record struct BucketShape(int SlotBytes, int Slots, int TermsPerBucket)
{
    const int BlockAt = sizeof(ushort);
    const int SegmentAt = BlockAt + sizeof(uint);
    const int FileOffsetAt = SegmentAt + sizeof(ushort);

    /// <summary>Segments below this number are stored in a slot as they are. Every other segment is stored as this number.</summary>
    public const int SegmentsMax = ushort.MaxValue;

    public static BucketShape OfStreams => new(FileOffsetAt + sizeof(uint), Slots: 5, TermsPerBucket: 3);

    public static BucketShape OfOthers => new(SegmentAt, Slots: 10, TermsPerBucket: 7);

    bool HasFacts => SlotBytes > SegmentAt;

    public static ushort Fingerprint(ulong hash) => (ushort)hash;

    public long FirstBuckets(long terms) => (terms / TermsPerBucket) + 1;

    public void Write(Span<byte> slot, in TermLocation term)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(slot, Fingerprint(term.Hash));
        BinaryPrimitives.WriteUInt32LittleEndian(slot[BlockAt..], term.Block);
        if (!HasFacts) return;
        BinaryPrimitives.WriteUInt16LittleEndian(slot[SegmentAt..], term.Segment);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[FileOffsetAt..], term.FileOffset);
    }

    /// <summary>The offset of the dictionary block of a slot.</summary>
    public static long BlockOf(ReadOnlySpan<byte> slot) => (long)BinaryPrimitives.ReadUInt32LittleEndian(slot[BlockAt..]) * RunFormat.TermBlockMultiple;

    /// <summary>The location of the last fact of the stream: the number of a segment of the run, from 0, and the offset in that segment.</summary>
    public static (int Segment, long FileOffset) FactOf(ReadOnlySpan<byte> slot) => (BinaryPrimitives.ReadUInt16LittleEndian(slot[SegmentAt..]), BinaryPrimitives.ReadUInt32LittleEndian(slot[FileOffsetAt..]));
}

/// <summary>The content of a slot for a term.</summary>
/// <param name="Hash">The hash of the term's bytes.</param>
/// <param name="Block">The offset of its dictionary block / <see cref="RunFormat.TermBlockMultiple"/>.</param>
/// <param name="Segment">For a stream: the number of the segment of its last fact in the run; 65,535 if the number is larger.</param>
/// <param name="FileOffset">For a stream: the offset of its last fact in that segment.</param>
internal readonly record struct TermLocation(ulong Hash, uint Block, ushort Segment = 0, uint FileOffset = 0);
