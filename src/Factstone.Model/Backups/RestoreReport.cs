namespace Factstone;

/// <summary>The result of a restore. The receipt, the newest fact of <c>$receipts/restore</c>, has the same content.</summary>
public sealed record RestoreReport
{
    /// <summary>The ledger that was restored.</summary>
    public required LedgerId LedgerId { get; init; }

    /// <summary>The epoch of the backup.</summary>
    public required long EpochBefore { get; init; }

    /// <summary>The epoch of the restored ledger.</summary>
    public required long Epoch { get; init; }

    /// <summary>The last position of the backup, up to which the restored ledger equals the original one. A cursor of an earlier epoch beyond it is refused with <see cref="LedgerForkedException"/>.</summary>
    public required Position LastCommonPosition { get; init; }

    /// <summary>When the last append in the backup was recorded; null without appends.</summary>
    public required DateTimeOffset? RecordedAt { get; init; }

    /// <summary>When the backup was made.</summary>
    public required DateTimeOffset BackedUpAt { get; init; }

    /// <summary>The position of the receipt, which is the last fact of the restored ledger.</summary>
    public required Position Receipt { get; init; }

    /// <summary>Number of log files.</summary>
    public required int Segments { get; init; }

    /// <summary>Bytes of the log.</summary>
    public required long SegmentBytes { get; init; }

    /// <summary>Number of index files. What they do not cover is read from the log by the next open.</summary>
    public required int Runs { get; init; }

    /// <summary>Bytes of the index.</summary>
    public required long RunBytes { get; init; }

    /// <summary>Number of blobs.</summary>
    public required long Blobs { get; init; }

    /// <summary>Bytes of the blobs.</summary>
    public required long BlobBytes { get; init; }
}
