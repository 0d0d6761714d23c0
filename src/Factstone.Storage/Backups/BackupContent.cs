namespace Factstone.Storage;

/// <summary>The content of the file <c>BACKUP</c>: the segments of the backup, and the end of the last one.</summary>
internal sealed record BackupContent
{
    /// <summary>The segments, the last of which is cut at the end.</summary>
    public required Manifest Manifest { get; init; }

    /// <summary>The published end up to which the ledger was copied.</summary>
    public required HeadSlot End { get; init; }

    /// <summary>When the backup was made, in microseconds.</summary>
    public required long MadeAt { get; init; }

    public PinnedLog Log => new(Manifest, End);
}
