namespace Factstone;

/// <summary>From where to where a restore has led. The same is in its receipt, the newest fact of <c>$receipts/restore</c>.</summary>
public sealed record RestoreReport
{
    /// <summary>Which ledger it is.</summary>
    public required LedgerId LedgerId { get; init; }

    /// <summary>The epoch of the backup.</summary>
    public required long EpochBefore { get; init; }

    /// <summary>The epoch of the restored ledger.</summary>
    public required long Epoch { get; init; }

    /// <summary>The position up to which the backup holds the ledger: what the restored ledger has in common with the one that was backed up. A cursor of an earlier epoch that lies beyond it gets <see cref="LedgerForkedException"/>.</summary>
    public required Position LastCommonPosition { get; init; }

    /// <summary>When the last append in the backup was recorded; null where there is none.</summary>
    public required DateTimeOffset? RecordedAt { get; init; }

    /// <summary>When the backup was made.</summary>
    public required DateTimeOffset BackedUpAt { get; init; }

    /// <summary>The position of the receipt, which is the last fact of the restored ledger.</summary>
    public required Position Receipt { get; init; }

    /// <summary>Files of the log.</summary>
    public required int Segments { get; init; }

    /// <summary>Bytes of the log.</summary>
    public required long SegmentBytes { get; init; }

    /// <summary>Files of the index. What they do not cover is read from the log by the next open.</summary>
    public required int Runs { get; init; }

    /// <summary>Bytes of the index.</summary>
    public required long RunBytes { get; init; }
}
