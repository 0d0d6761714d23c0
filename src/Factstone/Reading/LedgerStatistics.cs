namespace Factstone;

/// <summary>What a ledger holds.</summary>
public sealed record LedgerStatistics
{
    /// <summary>Facts, which is the position of the last one.</summary>
    public required long Facts { get; init; }

    /// <summary>Streams that have had a fact.</summary>
    public required long Streams { get; init; }

    /// <summary>Stores that have had a fact.</summary>
    public required long Stores { get; init; }

    /// <summary>Appends that had an id.</summary>
    public required long AppendIds { get; init; }

    /// <summary>Cells that have a value.</summary>
    public required long Cells { get; init; }

    /// <summary>Files of the log.</summary>
    public required int Segments { get; init; }

    /// <summary>Bytes of the log, without preallocated space.</summary>
    public required long SegmentBytes { get; init; }

    /// <summary>Files of the index. The newest facts are in none until the index is written, at the latest by a close.</summary>
    public required int Runs { get; init; }

    /// <summary>Bytes of the index.</summary>
    public required long RunBytes { get; init; }

    /// <summary>The last durable position.</summary>
    public required Position Head { get; init; }

    /// <summary>When it was recorded; null in an empty ledger.</summary>
    public required DateTimeOffset? RecordedAt { get; init; }
}
