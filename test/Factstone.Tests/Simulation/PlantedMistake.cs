using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>A deliberate mistake, and the checks that must find it.</summary>
/// <param name="Name">Its name in the test.</param>
/// <param name="Defect">The mistake in the engine, or none if the file system makes it.</param>
/// <param name="NoticedBy">Parts of the messages of the checks that may find it. A failure with another message does not count.</param>
internal sealed record PlantedMistake(string Name, Defect Defect, params string[] NoticedBy)
{
    const string HeadWentBack = "after the open";
    const string FactsAreLost = "was acknowledged, and";
    const string AppendsAreLost = "acknowledged appends are lost";
    const string FalseDamage = "damage where there is none";
    const string ConditionPassed = "although not";
    const string OtherFact = ": expected";
    const string OtherReceipt = "the receipt says";
    const string Run = "a run is not what the log says";
    const string Aged = "Of a ledger that was";
    const string Mapped = "a mapped read of";

    public static readonly PlantedMistake None = new(nameof(None), Defect.None);

    public static readonly PlantedMistake[] All =
    [
        Of(Defect.HeadBeforeSync, HeadWentBack, FalseDamage, "and durable"),
        Of(Defect.AnswerBeforeSync, HeadWentBack, FactsAreLost, AppendsAreLost),
        Of(Defect.DecideWithoutGroup, ConditionPassed),
        Of(Defect.IgnoreSincePrepare, ConditionPassed),
        Of(Defect.NoConditions, ConditionPassed),
        Of(Defect.TrustLastGroup, HeadWentBack, FactsAreLost, FalseDamage),
        Of(Defect.SameSegmentAfterCrash, HeadWentBack, FactsAreLost, FalseDamage),
        Of(Defect.HeaderIsEnough, OtherFact),
        Of(Defect.DamageAsTornTail, "and nobody says why"),
        Of(Defect.ForgetAppendIds, "was found at", "is not known", "is forgotten", "was committed twice"),
        Of(Defect.ReadBeyondHead, "a reader saw"),
        Of(Defect.KeepRefusedVersions, OtherReceipt, OtherFact),
        Of(Defect.RecordedByIsExclusive, "recorded by"),
        Of(Defect.RunOverUndurable, FalseDamage, HeadWentBack, FactsAreLost, OtherFact, "is there, and was not committed"),
        Of(Defect.MergeDropsList, Run, "the count of", "facts expected", "at another version", "instead of"),
        Of(Defect.StaleStreamHead, OtherReceipt, ConditionPassed, OtherFact),
        Of(Defect.UncheckedBlocks, "after ledger/index/"),
        Of(Defect.RewriteWithoutCells, "cell "),
        Of(Defect.CellsPastDamage, "cell "),
        Of(Defect.ForgetDeletedCells, "cell "),
        Of(Defect.StaleCell, "the receipt says cell", "cell "),
        Of(Defect.GroupStartLate, FalseDamage, HeadWentBack, FactsAreLost),
        Of(Defect.ConflictBeforeSync, "it never was", "an append failed without a cause: The fact at position", "a conflict although it held", "a conflict brings more facts than match"),
        Of(Defect.QueryLooksTooFar, ConditionPassed, "a conflict although it held"),
        Of(Defect.SkipRowLosesRetraction, Run, "value expected", "the keys of"),
        Of(Defect.FollowerSkipsAtByteBound, "a follower of"),
        Of(Defect.HeadBeforeIndex, "beside others", "a read ended without an answer", "facts expected"),
        Of(Defect.PrepareUntilLate, OtherReceipt, ConditionPassed, OtherFact, "was committed twice"),
        Of(Defect.MapBeyondDurable, Mapped),
        Of(Defect.MergeKeepsOldCell, "cell "),
        Of(Defect.UnlinkUnlisted, Aged),
        Of(Defect.CountOnRefused, "a decider of"),
        OfFiles("NoSync", static files => MistakenFiles.WithoutSync(files, IsSegment), HeadWentBack, FactsAreLost, AppendsAreLost, FalseDamage),
        OfFiles("NoDirectorySync", static files => MistakenFiles.WithoutDirectorySync(files, static path => path.EndsWith("/segments", StringComparison.Ordinal)), HeadWentBack, FactsAreLost, FalseDamage),
        OfFiles("RetryFailedSync", static files => MistakenFiles.RetryingSync(files, IsSegment), HeadWentBack, FactsAreLost, FalseDamage, AppendsAreLost),
        OfFiles("LeaveHalfWritten", static files => MistakenFiles.KeepingRefused(files, IsSegment), "is there, and was not committed") with { SeedsMax = 6_000 },
        OfFiles("ManifestNotSynced", static files => MistakenFiles.WithoutSync(files, static path => path.EndsWith("MANIFEST.new", StringComparison.Ordinal)), "the manifest had to be made again"),
    ];

    /// <summary>
    /// In the simulation, such a run makes the open throw an unexpected exception,
    /// which does not count. <c>OldCopyTests</c> shows the wrong answer.
    /// </summary>
    public static readonly Defect[] FoundElsewhere = [Defect.BelieveRunBeyondLog];

    /// <summary>The number of seeds within which the mistake must be found.</summary>
    public int SeedsMax { get; init; } = 3_000;

    /// <summary>Wraps the file system with the mistake. Null if the file system stays as it is.</summary>
    public Func<IFileSystem, IFileSystem>? Files { get; init; }

    public bool IsNoticedBy(Exception failure) => failure is SimulationFailure && NoticedBy.Any(part => failure.Message.Contains(part, StringComparison.Ordinal));

    static bool IsSegment(string path) => path.Contains("/segments/", StringComparison.Ordinal);

    static PlantedMistake OfFiles(string name, Func<IFileSystem, IFileSystem> files, params string[] noticedBy) => new(name, Defect.None, noticedBy) { Files = files };

    static PlantedMistake Of(Defect defect, params string[] noticedBy) => new(defect.ToString(), defect, noticedBy);
}
