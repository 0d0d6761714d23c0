namespace Factstone;

/// <summary>What an open of a ledger found and did.</summary>
public sealed record OpeningReport
{
    /// <summary>Whether this open created the ledger.</summary>
    public bool WasCreated { get; init; }

    /// <summary>Whether the last writer closed the ledger.</summary>
    public bool WasClosedCleanly { get; init; }

    /// <summary>Bytes of an unfinished write that a crash left at the end of the log. They were cut off and are kept in <c>quarantine/</c>. This is not damage: no append in them was acknowledged.</summary>
    public long TornTailBytes { get; init; }

    /// <summary>Whole facts of the last write before a crash, which were written again.</summary>
    public long RewrittenFacts { get; init; }

    /// <summary>Whether the file <c>MANIFEST</c> was missing or damaged and was rebuilt from the segments.</summary>
    public bool ManifestWasRebuilt { get; init; }

    /// <summary>Whether the file <c>HEAD</c>, or one of its two slots, was missing or damaged.</summary>
    public bool HeadWasRebuilt { get; init; }

    /// <summary>Whether the disk was too full for the recovery. Reads continue, and the first append that finds space runs the recovery.</summary>
    public bool RecoveryIsPending { get; init; }

    /// <summary>Whether the last writer did not close the ledger, so that the next open for writing must recover it, and nothing is damaged. Reported by a read-only open while no process has the ledger open for writing.</summary>
    public bool NeedsRecovery { get; init; }

    /// <summary>Whether whole appends of facts or cells follow what is shown. They may have been acknowledged, because after a power cut <c>HEAD</c> can be behind the log. The next open for writing keeps all of them; if there is damage, a repair does.</summary>
    public bool HasRecoverableAppends { get; init; }

    /// <summary>The number of facts in these appends.</summary>
    public long RecoverableFacts { get; init; }

    /// <summary>Damage to bytes that were durable; while there is any, appends are refused.</summary>
    public IReadOnlyList<Damage> Damage { get; init; } = [];

    /// <summary>The number of facts in the log.</summary>
    public long Facts { get; init; }

    /// <summary>For an open for writing: how far the clock was behind the last recorded time; zero if it was not. See <see cref="LedgerNotice.ClockBehind"/>.</summary>
    public TimeSpan ClockLag { get; init; }

    /// <summary>How long the open took.</summary>
    public TimeSpan Duration { get; init; }
}
