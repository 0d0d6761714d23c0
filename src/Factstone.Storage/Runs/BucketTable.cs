using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>A run's table of fingerprints, one of streams and one of all other terms. See docs/format.md, "Fingerprints".</summary>
/// <param name="Shape">How its buckets are laid out.</param>
/// <param name="At">Where it is in the run.</param>
/// <param name="Count">How many buckets it has.</param>
/// <param name="FirstBuckets">How many of them are where a search may begin; those behind take what the last of them cannot hold.</param>
internal readonly record struct BucketTable(BucketShape Shape, long At, long Count, long FirstBuckets)
{
    /// <summary>The bucket where a term's search begins.</summary>
    public static long BucketOf(ulong hash, long firstBuckets) => (long)Math.BigMul(hash, (ulong)firstBuckets, out _);

    /// <summary>The same here.</summary>
    public long BucketOf(in TermKey key) => BucketOf(key.Hash, FirstBuckets);

    public long BucketAt(long bucket) => At + (bucket * RunFormat.BucketBytes);
}

/// <summary>How a bucket is laid out.</summary>
/// <param name="SlotBytes">Bytes of a slot: fingerprint (u16), offset of the dictionary block / <see cref="RunFormat.TermBlockMultiple"/> (u32); of a stream also where its last fact is.</param>
/// <param name="Slots">Slots of a bucket.</param>
/// <param name="TermsPerBucket">Terms to a bucket, so that few buckets overflow.</param>
internal readonly record struct BucketShape(int SlotBytes, int Slots, int TermsPerBucket)
{
    const int BlockAt = sizeof(ushort);
    const int SegmentAt = BlockAt + sizeof(uint);
    const int FileOffsetAt = SegmentAt + sizeof(ushort);

    /// <summary>A slot can say so many segments, and for any other one number more.</summary>
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

    /// <summary>Where the dictionary block is that a slot is of.</summary>
    public static long BlockOf(ReadOnlySpan<byte> slot) => (long)BinaryPrimitives.ReadUInt32LittleEndian(slot[BlockAt..]) * RunFormat.TermBlockMultiple;

    /// <summary>Where the last fact of the stream is: the number of a segment of the run, from 0, and the offset there.</summary>
    public static (int Segment, long FileOffset) FactOf(ReadOnlySpan<byte> slot) => (BinaryPrimitives.ReadUInt16LittleEndian(slot[SegmentAt..]), BinaryPrimitives.ReadUInt32LittleEndian(slot[FileOffsetAt..]));
}

/// <summary>What a slot says of a term.</summary>
/// <param name="Hash">Of its bytes.</param>
/// <param name="Block">Where its dictionary block is / <see cref="RunFormat.TermBlockMultiple"/>.</param>
/// <param name="Segment">Of a stream: the segment of its last fact, by its number in the run; 65,535 where that is more.</param>
/// <param name="FileOffset">Of a stream: where its last fact is there.</param>
internal readonly record struct TermLocation(ulong Hash, uint Block, ushort Segment = 0, uint FileOffset = 0);
