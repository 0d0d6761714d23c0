namespace Factstone;

/// <summary>What a check looks at.</summary>
public sealed record VerifyOptions
{
    /// <summary>Whether each file of the index is compared with the log: every list, place and time in it. Takes longer, and no more memory.</summary>
    public bool Deep { get; init; }
}

/// <summary>In what state a ledger is.</summary>
public enum LedgerState
{
    /// <summary>Closed by its last writer, or open for writing now, and nothing is wrong.</summary>
    Whole = 1,

    /// <summary>Its last writer did not close it, or a file that says nothing of its own is missing or damaged. The next open for writing finishes that, and nothing that was acknowledged is lost.</summary>
    NeedsRecovery = 2,

    /// <summary>Bytes that were durable are damaged or missing. Appends are refused until a repair.</summary>
    Damaged = 3,
}

/// <summary>What a check of every byte found.</summary>
public sealed record VerifyReport
{
    /// <summary>In what state the ledger is.</summary>
    public required LedgerState State { get; init; }

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

    /// <summary>Whether somebody has the ledger open for writing. Then what lies behind <see cref="Head"/> is the work of that writer, and is not looked at.</summary>
    public required bool IsOpenForWriting { get; init; }

    /// <summary>Whether the last writer closed the ledger. Not so while one is running.</summary>
    public required bool IsClosedCleanly { get; init; }

    /// <summary>Whether there are whole appends behind <see cref="Head"/>, of facts or of cells, which the next open for writing keeps. They may have been acknowledged: after a power cut <c>HEAD</c> can be behind the log.</summary>
    public required bool HasRecoverableAppends { get; init; }

    /// <summary>How many facts they have.</summary>
    public required long RecoverableFacts { get; init; }

    /// <summary>Bytes behind these, of a write that a crash cut short: nothing of it was acknowledged, and the next open for writing cuts it off.</summary>
    public required long TornTailBytes { get; init; }

    /// <summary>Files that are missing or damaged and say nothing of their own: <c>MANIFEST</c>, <c>HEAD</c>, and files of the index. They are made again by the next open for writing, or when they are read.</summary>
    public required IReadOnlyList<Damage> Remade { get; init; }

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
