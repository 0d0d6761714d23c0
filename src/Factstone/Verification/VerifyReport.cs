namespace Factstone;

/// <summary>Options of a verification.</summary>
public sealed record VerifyOptions
{
    /// <summary>Whether each index file is compared with the log: every list, location and time in it. This takes longer, and no more memory.</summary>
    public bool Deep { get; init; }
}

/// <summary>The state of a ledger.</summary>
public enum LedgerState
{
    /// <summary>Closed by its last writer, or open for writing now, and nothing is wrong.</summary>
    Whole = 1,

    /// <summary>Its last writer did not close it, or a file without data of its own is missing or damaged. The next open for writing recovers it, and no acknowledged append is lost.</summary>
    NeedsRecovery = 2,

    /// <summary>Bytes that were durable are damaged or missing. Appends are refused until a repair.</summary>
    Damaged = 3,
}

/// <summary>The result of a check of every byte.</summary>
public sealed record VerifyReport
{
    /// <summary>The state of the ledger.</summary>
    public required LedgerState State { get; init; }

    /// <summary>The number of facts that were read and are whole.</summary>
    public required long Facts { get; init; }

    /// <summary>The last position that was published as durable.</summary>
    public required Position Head { get; init; }

    /// <summary>The number of log files.</summary>
    public required int Segments { get; init; }

    /// <summary>Bytes of the log.</summary>
    public required long SegmentBytes { get; init; }

    /// <summary>The number of index files that were compared with the log; null without <see cref="VerifyOptions.Deep"/>. These are not counted: a damaged file, which is reported; a file for which the log is damaged; an incomplete file or one of another log, which the next open for writing rebuilds.</summary>
    public required int? RunsCompared { get; init; }

    /// <summary>Whether a process has the ledger open for writing. Then what follows <see cref="Head"/> is work in progress of that writer, and is not checked.</summary>
    public required bool IsOpenForWriting { get; init; }

    /// <summary>Whether the last writer closed the ledger; false while a writer is running.</summary>
    public required bool IsClosedCleanly { get; init; }

    /// <summary>Whether whole appends of facts or cells follow <see cref="Head"/>, which the next open for writing keeps. They may have been acknowledged, because after a power cut <c>HEAD</c> can be behind the log.</summary>
    public required bool HasRecoverableAppends { get; init; }

    /// <summary>The number of facts in these appends.</summary>
    public required long RecoverableFacts { get; init; }

    /// <summary>Bytes of an unfinished write after these appends, which a crash left. No append in them was acknowledged, and the next open for writing cuts them off.</summary>
    public required long TornTailBytes { get; init; }

    /// <summary>Missing or damaged files without data of their own: <c>MANIFEST</c>, <c>HEAD</c>, and index files. The next open for writing rebuilds them, or a read does.</summary>
    public required IReadOnlyList<Damage> Remade { get; init; }

    /// <summary>All damage, in the order in which it was found; empty for an undamaged ledger.</summary>
    public required IReadOnlyList<Damage> Damage { get; init; }
}

/// <summary>The progress of a check.</summary>
/// <param name="Facts">Facts checked.</param>
/// <param name="Head">Facts to check.</param>
public readonly record struct VerifyProgress(long Facts, long Head)
{
    /// <summary>Whether the index is being compared with the log, which is the last phase.</summary>
    public bool IsOfIndex { get; init; }
}
