namespace Factstone;

/// <summary>Defects that a test can switch on, in the pipeline and in the engine, to show that the tests find them.</summary>
internal enum Defect
{
    None = 0,

    /// <summary>The head is published before the sync.</summary>
    HeadBeforeSync,

    /// <summary>Appends are acknowledged before the sync.</summary>
    AnswerBeforeSync,

    /// <summary>Conditions are decided without the appends of the same group.</summary>
    DecideWithoutGroup,

    /// <summary>Conditions by query are decided without the appends committed after they were prepared.</summary>
    IgnoreSincePrepare,

    /// <summary>Conditions are not decided at all.</summary>
    NoConditions,

    /// <summary>Complete frames of the last group are trusted after a crash.</summary>
    TrustLastGroup,

    /// <summary>The log continues in the same segment after a crash.</summary>
    SameSegmentAfterCrash,

    /// <summary>A frame is taken as complete from its header alone.</summary>
    HeaderIsEnough,

    /// <summary>Damage is cut off like a torn tail.</summary>
    DamageAsTornTail,

    /// <summary>A reopen loses append ids.</summary>
    ForgetAppendIds,

    /// <summary>A read-only opener reads to the end of the log instead of the head.</summary>
    ReadBeyondHead,

    /// <summary>The versions of a refused group are not taken back.</summary>
    KeepRefusedVersions,

    /// <summary>"Recorded by" leaves out the batch that was recorded at exactly that time.</summary>
    RecordedByIsExclusive,

    /// <summary>A run is written of positions that are not durable yet.</summary>
    RunOverUndurable,

    /// <summary>A merge leaves out the newest of the lists of a term.</summary>
    MergeDropsList,

    /// <summary>The writer takes a stream's head from runs although newer facts are in memory parts that are not runs yet.</summary>
    StaleStreamHead,

    /// <summary>Blocks of runs are used without checking their checksums.</summary>
    UncheckedBlocks,

    /// <summary>Frames that are written again after a crash lose their cells.</summary>
    RewriteWithoutCells,

    /// <summary>A cell is returned although damage may hide a newer write of it.</summary>
    CellsPastDamage,

    /// <summary>A cell that was deleted begins again at version 1.</summary>
    ForgetDeletedCells,

    /// <summary>The writer takes a cell from runs although newer writes are in memory parts that are not runs yet.</summary>
    StaleCell,

    /// <summary>The frames of a group after the first record that the group starts with the second.</summary>
    GroupStartLate,

    /// <summary>A conflict is reported before the group that it was decided in is durable.</summary>
    ConflictBeforeSync,

    /// <summary>The lookup of a condition by query begins one position too late.</summary>
    QueryLooksTooFar,

    /// <summary>A merge writes the skip rows of a long list without marking which facts are retractions.</summary>
    SkipRowLosesRetraction,

    /// <summary>A follower leaves out the fact that reaches the size limit of its buffer.</summary>
    FollowerSkipsAtByteBound,

    /// <summary>The head is published before the index contains the facts.</summary>
    HeadBeforeIndex,

    /// <summary>The snapshot of an append covers what is in memory after its lookups, instead of before them.</summary>
    PrepareUntilLate,

    /// <summary>Mapped bytes count as final before they are durable.</summary>
    MapBeyondDurable,

    /// <summary>A merge keeps the oldest write of a cell.</summary>
    MergeKeepsOldCell,

    /// <summary>A run is used although the log ends before it, or is a different log.</summary>
    BelieveRunBeyondLog,

    /// <summary>An open removes every unlisted segment.</summary>
    UnlinkUnlisted,

    /// <summary>An append is accepted although an append that it counts on was not.</summary>
    CountOnRefused,
}
