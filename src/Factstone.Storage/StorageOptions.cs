namespace Factstone.Storage;

/// <summary>Options of the engine; sizes in bytes.</summary>
internal sealed record StorageOptions
{
    public const long SegmentSizeBytesMin = 64 * 1_024;
    public const long SegmentSizeBytesMax = 1_024 * 1_024 * 1_024;

    /// <summary>The size at which a segment ends and the next begins. A single larger append has a segment of its own.</summary>
    public long SegmentSizeBytes { get; init; } = 128 * 1_024 * 1_024;

    /// <summary>The size of one step of preallocation: at first in a new ledger, and at most; 0 for none.</summary>
    public int PreallocationBytesMin { get; init; } = 1_024 * 1_024;

    public int PreallocationBytesMax { get; init; } = 16 * 1_024 * 1_024;

    /// <summary>The newest facts are in memory. Beyond this number, or this many bytes, they become a run. If the run cannot be written, appends continue up to twice the bound.</summary>
    public int MemoryFactsMax { get; init; } = 16_384;

    public long MemoryBytesMax { get; init; } = 8 * 1_024 * 1_024;

    /// <summary>A run with more bytes is not merged any more: eight runs of this size stay below the 64 GiB that a run can have.</summary>
    public long MergedRunBytesMax { get; init; } = 7L * 1_024 * 1_024 * 1_024;

    /// <summary>The same for facts: eight such runs, if all facts were of one stream, stay below the 4 GiB that a list can have, at a little more than five bytes each.</summary>
    public long MergedRunFactsMax { get; init; } = 64L * 1_024 * 1_024;

    /// <summary>When nothing has been appended for this time, runs are merged further than necessary.</summary>
    public TimeSpan IdleBeforeMerging { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether files are mapped for reading, where the file system can. A device error under a mapping ends the process.</summary>
    public bool MapsFiles { get; init; } = true;

    /// <summary>Log and index files that are kept open at a time, besides the segment that is written; fewer if the process may not open so many.</summary>
    public int OpenFilesMax { get; init; } = 64;

    /// <summary>Segments that are mapped at a time.</summary>
    public int MappedFilesMax { get; init; } = 512;

    /// <summary>Whether an open walks the whole log, including the part that runs cover.</summary>
    public bool WalksAll { get; init; }

    /// <summary>How many facts a read-only open takes into memory if there are no runs.</summary>
    public long ReadOnlyFactsMax { get; init; } = 2_000_000;

    public TimeSpan LockWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Called with the holder of the lock, after one second of waiting for it.</summary>
    public Action<string>? LockWaiting { get; init; }

    /// <summary>Called repeatedly while the log is read: bytes read, bytes in all.</summary>
    public Action<long, long>? OpeningProgress { get; init; }

    /// <summary>Called with information for the operator of the ledger; on any thread.</summary>
    public Action<LedgerNotice>? Notice { get; init; }

    /// <summary>The source of salts, and also of nonces and ledger ids.</summary>
    public SaltSource Salts { get; init; } = SaltSource.System;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IScheduler Scheduler { get; init; } = ThreadScheduler.Instance;

    /// <summary>Counts the branches of recovery; null for none.</summary>
    public Action<RecoveryBranch>? BranchTaken { get; init; }

    /// <summary>Called where another thread may run in production; null in production. If it is set, one thread runs everything, and a thread that would wait for a worker does its work.</summary>
    public Action<InterleavingPoint>? Interleave { get; init; }

    /// <summary>A planted mistake, so that a test can show that it would be found.</summary>
    public Defect Defect { get; init; }

    /// <summary>Passes on a notice, if a callback is set.</summary>
    public void Tell(LedgerNotice notice)
    {
        try
        {
            Notice?.Invoke(notice);
        }
        catch (Exception failure) when (failure is not MachineStoppedException)
        {
            // The callback's code runs on an internal thread. An exception in it must not stop that thread.
        }
    }
}

/// <summary>Mistakes that the tests plant, to show that they find them. None is ever made unless a test asks.</summary>
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
