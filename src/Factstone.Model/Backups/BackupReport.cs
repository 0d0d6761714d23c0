namespace Factstone;

/// <summary>The content of a backup.</summary>
public sealed record BackupReport
{
    /// <summary>The ledger that was backed up.</summary>
    public required LedgerId LedgerId { get; init; }

    /// <summary>The epoch of the ledger.</summary>
    public required long Epoch { get; init; }

    /// <summary>The last position in the backup; 0 for a backup without facts.</summary>
    public required Position Position { get; init; }

    /// <summary>When the last append in it was recorded; null without appends.</summary>
    public required DateTimeOffset? RecordedAt { get; init; }

    /// <summary>Number of log files.</summary>
    public required int Segments { get; init; }

    /// <summary>Bytes of the log.</summary>
    public required long SegmentBytes { get; init; }

    /// <summary>Number of index files. What they do not cover is read from the log when the backup is opened.</summary>
    public required int Runs { get; init; }

    /// <summary>Bytes of the index.</summary>
    public required long RunBytes { get; init; }

    /// <summary>Number of blobs.</summary>
    public required long Blobs { get; init; }

    /// <summary>Bytes of the blobs.</summary>
    public required long BlobBytes { get; init; }
}

/// <summary>The progress of a backup or a restore.</summary>
/// <param name="BytesCopied">Bytes copied and checked.</param>
/// <param name="Bytes">Bytes to copy.</param>
public readonly record struct BackupProgress(long BytesCopied, long Bytes);
