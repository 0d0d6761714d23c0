namespace Factstone;

/// <summary>What a truncation has dropped, or would drop. The fact at <see cref="Position"/>, in <c>$receipts/truncate</c>, has the same content.</summary>
public sealed record TruncationReceipt
{
    /// <summary>The truncated stream.</summary>
    public required StreamName Stream { get; init; }

    /// <summary>The first version that this truncation has dropped: 1, or the one after an earlier truncation. After <see cref="Through"/> if everything was dropped before.</summary>
    public required StreamVersion FirstVersion { get; init; }

    /// <summary>The version through which the stream is dropped.</summary>
    public required StreamVersion Through { get; init; }

    /// <summary>The number of facts that this truncation has dropped. 0 if they were dropped before: then there is no new receipt.</summary>
    public required long Facts { get; init; }

    /// <summary>The position of the first fact that it has dropped; 0 if there is none.</summary>
    public required Position FirstPosition { get; init; }

    /// <summary>The position of the last fact that it has dropped; 0 if there is none.</summary>
    public required Position LastPosition { get; init; }

    /// <summary>Whether the whole stream was dropped, through its last version at that time.</summary>
    public required bool IsDelete { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>By whom; null if nobody was named.</summary>
    public string? By { get; init; }

    /// <summary>The last position of the ledger when the truncation was prepared.</summary>
    public required Position Head { get; init; }

    /// <summary>The position of the receipt. 0 for a dry run. If everything was dropped before, the position of the earlier receipt.</summary>
    public required Position Position { get; init; }

    /// <summary>The receipt of the append that wrote it, with <see cref="TruncateOptions.Facts"/> and <see cref="TruncateOptions.Cells"/>; null if nothing was written, and for a receipt that was read.</summary>
    public AppendReceipt? Append { get; init; }
}
