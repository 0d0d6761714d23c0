namespace Factstone;

/// <summary>The size of a ledger.</summary>
public sealed record LedgerStatistics
{
    /// <summary>The number of facts, which is the position of the last one.</summary>
    public required long Facts { get; init; }

    /// <summary>The number of streams that have had a fact.</summary>
    public required long Streams { get; init; }

    /// <summary>The number of stores that have had a fact.</summary>
    public required long Stores { get; init; }

    /// <summary>The number of appends that had an id.</summary>
    public required long AppendIds { get; init; }

    /// <summary>The number of cells that have a value.</summary>
    public required long Cells { get; init; }

    /// <summary>The number of log files.</summary>
    public required int Segments { get; init; }

    /// <summary>Bytes of the log, without preallocated space.</summary>
    public required long SegmentBytes { get; init; }

    /// <summary>The number of index files. The newest facts are in none of them until a run is written, at the latest by a close.</summary>
    public required int Runs { get; init; }

    /// <summary>Bytes of the index.</summary>
    public required long RunBytes { get; init; }

    /// <summary>Whether there are more than 64 files of the index. Then each append does a part of their merging, and takes longer, until there are fewer.</summary>
    public required bool IsAppendingSlowed { get; init; }

    /// <summary>Facts, cells or append ids in large files of the index that are damaged: they are being rebuilt from the log, which answers in their place meanwhile, slower. 0 where there are none.</summary>
    public required long IndexRebuildTotal { get; init; }

    /// <summary>How many of <see cref="IndexRebuildTotal"/> have been rebuilt so far. A read-only ledger rebuilds none.</summary>
    public required long IndexRebuildDone { get; init; }

    /// <summary>Whether the disk has too little free space for files of the index: less than 1/32 of it, or 32 MiB where that is less. The log may use this space. Appends go on, and the newest facts stay in memory.</summary>
    public required bool IsIndexShortOfSpace { get; init; }

    /// <summary>The last durable position.</summary>
    public required Position Head { get; init; }

    /// <summary>When the fact at the head was recorded; null in an empty ledger.</summary>
    public required DateTimeOffset? RecordedAt { get; init; }
}
