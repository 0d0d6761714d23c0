namespace Factstone;

/// <summary>What a check looks at.</summary>
public sealed record VerifyOptions
{
    /// <summary>Whether each file of the index is compared with the log: every list, place and time in it. Takes longer, and no more memory.</summary>
    public bool Deep { get; init; }
}

/// <summary>What a check of every byte found.</summary>
public sealed record VerifyReport
{
    /// <summary>Facts that were read and found whole.</summary>
    public required long Facts { get; init; }

    /// <summary>The last position that was published as durable.</summary>
    public required Position Head { get; init; }

    /// <summary>Files of the log.</summary>
    public required int Segments { get; init; }

    /// <summary>Bytes of the log.</summary>
    public required long SegmentBytes { get; init; }

    /// <summary>Files of the index that were compared with the log; null where that was not asked for. Not among them: one that is damaged, which is named; one of which the log is damaged; one that is not of this log or not whole, which the next open for writing makes again.</summary>
    public required int? RunsCompared { get; init; }

    /// <summary>Whether the last writer closed the ledger. Not so while one is running.</summary>
    public required bool IsClosedCleanly { get; init; }

    /// <summary>Bytes behind the published end: of a write in progress, or of one that a crash cut short. Not damage: nothing of it was acknowledged.</summary>
    public required long TornTailBytes { get; init; }

    /// <summary>All damage, in the order in which it was found; none for a ledger that is well.</summary>
    public required IReadOnlyList<Damage> Damage { get; init; }
}

/// <summary>How far a check has come.</summary>
/// <param name="Facts">Facts checked.</param>
/// <param name="Head">Facts to check.</param>
public readonly record struct VerifyProgress(long Facts, long Head)
{
    /// <summary>Whether the index is being compared with the log, which comes last.</summary>
    public bool IsOfIndex { get; init; }
}
