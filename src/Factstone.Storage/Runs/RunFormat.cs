namespace Factstone.Storage;

/// <summary>Sizes that a run's writer and its readers share. See docs/format.md, "Run".</summary>
internal static class RunFormat
{
    /// <summary>Each block of a run has a checksum of its own, checked when it is first touched.</summary>
    public const int BlockBytes = 4_096;

    /// <summary>Where a fact is in its segment: an offset below 2^32.</summary>
    public const int LocationBytes = sizeof(uint);

    /// <summary>First position (u64), base position of the segment (u64), its generation (u32).</summary>
    public const int SegmentRowBytes = sizeof(ulong) + sizeof(ulong) + sizeof(uint);

    /// <summary>Time (i64), first position recorded then, × 2, + 1 if all up to the next row was recorded then (u64).</summary>
    public const int TimeRowBytes = sizeof(long) + sizeof(ulong);

    /// <summary>Of the batches, only one in so many facts has a row.</summary>
    public const int FactsPerTimeRow = 16;

    /// <summary>One in so many rows of times has its time in a table of its own, which is small enough to be near.</summary>
    public const int TimeRowsPerFence = 64;

    /// <summary>Terms of one dictionary block; the first is written in full, the others by what they do not share with the one before.</summary>
    public const int TermsPerBlock = 16;

    /// <summary>Dictionary blocks begin at a multiple of this, so that a slot can say where in 32 bits.</summary>
    public const int TermBlockMultiple = 16;

    /// <summary>Bytes of the dictionary block that follow (u32), number of the block (u32).</summary>
    public const int TermBlockHeadBytes = sizeof(uint) + sizeof(uint);

    /// <summary>A bucket of fingerprints is one line of the processor's cache.</summary>
    public const int BucketBytes = 64;

    /// <summary>Where a bucket says how many of its slots are taken, and, in the next byte, whether the next bucket has terms of this one.</summary>
    public const int BucketCountAt = 60;

    public const int BucketOverflowsAt = BucketCountAt + 1;

    public static long BlocksIn(long bytes) => (bytes + BlockBytes - 1) / BlockBytes;
}
