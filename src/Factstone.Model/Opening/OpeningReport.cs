namespace Factstone;

/// <summary>What was found and done when a ledger was opened.</summary>
public sealed record OpeningReport
{
    /// <summary>Whether the ledger was made by this open.</summary>
    public bool WasCreated { get; init; }

    /// <summary>Whether the last writer closed it.</summary>
    public bool WasClosedCleanly { get; init; }

    /// <summary>Bytes of an unfinished write that a crash left at the end of the log and that were cut off; kept in <c>quarantine/</c>. Not damage: nothing of it was acknowledged.</summary>
    public long TornTailBytes { get; init; }

    /// <summary>Facts of the last write before a crash that were whole and have been written anew.</summary>
    public long RewrittenFacts { get; init; }

    /// <summary>Whether the file <c>MANIFEST</c> was missing or damaged and was made again from the segments.</summary>
    public bool ManifestWasRebuilt { get; init; }

    /// <summary>Whether the file <c>HEAD</c>, or one of its two slots, was missing or damaged.</summary>
    public bool HeadWasRebuilt { get; init; }

    /// <summary>Whether the disk was too full to finish the last writer's work: reads go on, and the first append that finds room finishes it.</summary>
    public bool RecoveryIsPending { get; init; }

    /// <summary>Whether the last writer did not close the ledger, so that the next open for writing has work to finish, and nothing is damaged. Said by a read-only open while nobody has the ledger open for writing.</summary>
    public bool NeedsRecovery { get; init; }

    /// <summary>Whether there are whole appends behind what is shown, of facts or of cells. They may have been acknowledged: after a power cut <c>HEAD</c> can be behind the log. The next open for writing keeps all of them; where there is damage, a repair does.</summary>
    public bool HasRecoverableAppends { get; init; }

    /// <summary>How many facts they have.</summary>
    public long RecoverableFacts { get; init; }

    /// <summary>Damage to bytes that were durable; while there is any, appends are refused.</summary>
    public IReadOnlyList<Damage> Damage { get; init; } = [];

    /// <summary>Facts found in the log.</summary>
    public long Facts { get; init; }

    /// <summary>For an open for writing: how far the clock was behind the last recorded time; zero when it was not. See <see cref="LedgerNotice.ClockBehind"/>.</summary>
    public TimeSpan ClockLag { get; init; }

    /// <summary>How long the open took.</summary>
    public TimeSpan Duration { get; init; }
}
