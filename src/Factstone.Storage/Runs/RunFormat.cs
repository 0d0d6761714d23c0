namespace Factstone.Storage;

/// <summary>Sizes that the writer and the readers of a run share. See docs/format.md, "Run".</summary>
internal static class RunFormat
{
    /// <summary>Each block of a run has its own checksum, which is checked when the block is first read.</summary>
    public const int BlockBytes = 4_096;

    /// <summary>The location of a fact in its segment: an offset below 2^32.</summary>
    public const int LocationBytes = sizeof(uint);

    /// <summary>First position (u64), base position of the segment (u64), its generation (u32).</summary>
    public const int SegmentRowBytes = sizeof(ulong) + sizeof(ulong) + sizeof(uint);

    /// <summary>Time (i64); first position recorded then × 2, + 1 if all facts up to the next row were recorded then (u64).</summary>
    public const int TimeRowBytes = sizeof(long) + sizeof(ulong);

    /// <summary>Batches that begin within this many facts share one row.</summary>
    public const int FactsPerTimeRow = 16;

    /// <summary>One in this many rows of times is a fence: its time is also in a separate table, which is small enough for the processor's cache.</summary>
    public const int TimeRowsPerFence = 64;

    /// <summary>The number of terms in a dictionary block. The first is written in full, the others without the prefix that they share with the one before.</summary>
    public const int TermsPerBlock = 16;

    /// <summary>Dictionary blocks begin at a multiple of this, so that a slot can store their offset in 32 bits.</summary>
    public const int TermBlockMultiple = 16;

    /// <summary>Size of the dictionary block that follows (u32), number of the block (u32).</summary>
    public const int TermBlockHeadBytes = sizeof(uint) + sizeof(uint);

    /// <summary>A bucket of fingerprints is one line of the processor's cache.</summary>
    public const int BucketBytes = 64;

    /// <summary>The offset in a bucket of the number of its used slots. The next byte says whether terms of this bucket overflow into the next one.</summary>
    public const int BucketCountAt = 60;

    public const int BucketOverflowsAt = BucketCountAt + 1;

    public static long BlocksIn(long bytes) => (bytes + BlockBytes - 1) / BlockBytes;
}
