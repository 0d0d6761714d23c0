namespace Factstone;

/// <summary>Mistakes that a test can switch on, in the pipeline and in the engine, to show that the tests find them.</summary>
internal enum Defect
{
    None = 0,

    /// <summary>The log answers without having synced.</summary>
    NoSync,

    /// <summary>The head is published before the sync.</summary>
    HeadBeforeSync,

    /// <summary>Appends are answered before the sync.</summary>
    AnswerBeforeSync,

    /// <summary>Conditions are decided without the appends of the same group.</summary>
    DecideWithoutGroup,

    /// <summary>Conditions by query are decided without what was committed since they were prepared.</summary>
    IgnoreSincePrepare,

    /// <summary>Conditions are not decided at all.</summary>
    NoConditions,

    /// <summary>A new segment's name is not made durable.</summary>
    NoDirectorySync,

    /// <summary>A failed sync is tried again and believed.</summary>
    RetryFailedSync,

    /// <summary>Whole frames of the last group are trusted after a crash.</summary>
    TrustLastGroup,

    /// <summary>The log goes on in the same segment after a crash.</summary>
    SameSegmentAfterCrash,

    /// <summary>A frame counts as whole by its header alone.</summary>
    HeaderIsEnough,

    /// <summary>Damage is cut off like a torn tail.</summary>
    DamageAsTornTail,

    /// <summary>Append ids are forgotten by a reopen.</summary>
    ForgetAppendIds,

    /// <summary>A read-only opener reads to the end of the log instead of the head.</summary>
    ReadBeyondHead,

    /// <summary>Versions that a refused group was given stay given.</summary>
    KeepRefusedVersions,

    /// <summary>A write that found the disk full leaves what it wrote.</summary>
    LeaveHalfWritten,

    /// <summary>"Recorded by" leaves out the batch of that very time.</summary>
    RecordedByIsExclusive,

    /// <summary>A run is written of positions that are not durable yet.</summary>
    RunOverUndurable,

    /// <summary>A merge leaves out the newest of the lists of a term.</summary>
    MergeDropsList,

    /// <summary>The writer takes a stream's head from runs although newer facts wait for one.</summary>
    StaleStreamHead,

    /// <summary>Blocks of runs are believed without their checksums.</summary>
    UncheckedBlocks,

    /// <summary>Frames that are written anew after a crash lose their cells.</summary>
    RewriteWithoutCells,

    /// <summary>A cell is answered although what is damaged may be a newer write of it.</summary>
    CellsPastDamage,

    /// <summary>A cell that was deleted begins again at version 1.</summary>
    ForgetDeletedCells,

    /// <summary>The writer takes a cell from runs although newer writes wait for one.</summary>
    StaleCell,

    /// <summary>The frames of a group behind the first say that it starts with the second.</summary>
    GroupStartLate,

    /// <summary>A conflict is answered before the group that it was decided in is durable.</summary>
    ConflictBeforeSync,

    /// <summary>A condition by query is looked up from one position behind where it should be.</summary>
    QueryLooksTooFar,

    /// <summary>A merge writes the rows that a long list is searched by without saying which facts are retractions.</summary>
    SkipRowLosesRetraction,

    /// <summary>A follower leaves out the fact that fills its buffer's bytes.</summary>
    FollowerSkipsAtByteBound,

    /// <summary>The head is published before the index knows the facts.</summary>
    HeadBeforeIndex,

    /// <summary>An append is prepared up to what is in memory after the look-ups instead of before them.</summary>
    PrepareUntilLate,

    /// <summary>Mapped bytes count as final before they are durable.</summary>
    MapBeyondDurable,

    /// <summary>A merge keeps the oldest write of a cell.</summary>
    MergeKeepsOldCell,

    /// <summary>A run is believed although the log that was found ends before it, or is another.</summary>
    BelieveRunBeyondLog,

    /// <summary>An open removes whatever segment no manifest lists.</summary>
    UnlinkUnlisted,
}
