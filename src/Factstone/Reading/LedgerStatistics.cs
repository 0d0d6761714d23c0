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

    /// <summary>The last durable position.</summary>
    public required Position Head { get; init; }

    /// <summary>When the fact at the head was recorded; null in an empty ledger.</summary>
    public required DateTimeOffset? RecordedAt { get; init; }
}
