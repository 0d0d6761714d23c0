namespace Factstone;

/// <summary>What a backup holds.</summary>
public sealed record BackupReport
{
    /// <summary>Of which ledger it is.</summary>
    public required LedgerId LedgerId { get; init; }

    /// <summary>The epoch of the ledger.</summary>
    public required long Epoch { get; init; }

    /// <summary>It holds the ledger up to this position, included; 0 for one without facts.</summary>
    public required Position Position { get; init; }

    /// <summary>When the last append in it was recorded; null where there is none.</summary>
    public required DateTimeOffset? RecordedAt { get; init; }

    /// <summary>Files of the log.</summary>
    public required int Segments { get; init; }

    /// <summary>Bytes of the log.</summary>
    public required long SegmentBytes { get; init; }

    /// <summary>Files of the index. What they do not cover is read from the log by whoever opens the backup.</summary>
    public required int Runs { get; init; }

    /// <summary>Bytes of the index.</summary>
    public required long RunBytes { get; init; }
}

/// <summary>How far a backup or a restore has come.</summary>
/// <param name="BytesCopied">Bytes copied and checked.</param>
/// <param name="Bytes">Bytes to copy.</param>
public readonly record struct BackupProgress(long BytesCopied, long Bytes);
