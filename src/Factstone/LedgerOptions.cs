namespace Factstone;

/// <summary>Options of an open, which checks them once.</summary>
public sealed partial record LedgerOptions
{
    /// <summary>The size at which a log file ends and the next begins: 64 KiB to 1 GiB, 128 MiB by default.</summary>
    public long SegmentSizeBytes { get; init; } = 128 * 1_024 * 1_024;

    /// <summary>How long an open waits for another writer to close the ledger; zero means not at all.</summary>
    public TimeSpan LockWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Called once, after a second of waiting for the lock, with the holder of the lock, as text for people. On the thread that waits; by default nothing is called. Factstone itself writes nothing to the console.</summary>
    public Action<string>? LockWaiting { get; init; }

    /// <summary>Called while the open reads the log: bytes read so far, and bytes to read in all. An open does not read what the index has, so there may be no call. After a crash the second number can grow.</summary>
    public Action<long, long>? OpeningProgress { get; init; }

    /// <summary>Called with information for the operator that makes no call fail: a stopped worker, or a clock that is behind. On any thread; by default there is no notice.</summary>
    public Action<LedgerNotice>? Notice { get; init; }

    /// <summary>Whether files are mapped for reading, if the system can: 3 to 4 times as fast for single facts. A device error under a mapping ends the process; turn this off if that must not happen.</summary>
    public bool MappedReads { get; init; } = true;

    /// <summary>The CLR types of payloads, for <see cref="Fact.Value"/> and for appends of values; null for none.</summary>
    public FactTypes? Types { get; init; }

    /// <summary>Stores of records whose facts have a <see cref="Fact.Value"/> of the store's type, on every read path; none by default. Each store once.</summary>
    /// <remarks><c>ledger.Records(store)</c> needs no entry here. A fact with a type gets its value from <see cref="Types"/>.</remarks>
    public IReadOnlyList<RecordStore> Records { get; init; } = [];

    /// <summary>Projections that an append folds before it is answered, so that a read after it sees it. None by default; each name once.</summary>
    /// <remarks>A process that opens the ledger without them appends all the same; the next one with them folds what it appended. The open waits for that.</remarks>
    public IReadOnlyList<Projection> InlineProjections { get; init; } = [];

    /// <summary>Projections that are folded in the background, a little later than the appends. None by default; each name once, here or in <see cref="InlineProjections"/>.</summary>
    public IReadOnlyList<Projection> AsyncProjections { get; init; } = [];

    /// <summary>The source of the time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal IScheduler Scheduler { get; init; } = ThreadScheduler.Instance;

    internal SaltSource Salts { get; init; } = SaltSource.System;

    internal int PreallocationBytesMin { get; init; } = 1_024 * 1_024;

    internal int PreallocationBytesMax { get; init; } = 16 * 1_024 * 1_024;

    internal int MemoryFactsMax { get; init; } = 16_384;

    internal long MemoryBytesMax { get; init; } = 8 * 1_024 * 1_024;

    internal long MergedRunBytesMax { get; init; } = 7L * 1_024 * 1_024 * 1_024;

    internal long MergedRunFactsMax { get; init; } = 64L * 1_024 * 1_024;

    internal long IndexReserveBytesMax { get; init; } = 64 * 1_024 * 1_024;

    internal long RebuiltAtOnceMax { get; init; } = 65_536;

    internal TimeSpan IdleBeforeMerging { get; init; } = TimeSpan.FromSeconds(1);

    internal long ReadOnlyFactsMax { get; init; } = 2_000_000;

    /// <summary>Bytes of facts that a follower reads ahead.</summary>
    internal long FollowerBytesMax { get; init; } = 8 * 1_024 * 1_024;

    internal int OpenFilesMax { get; init; } = 64;

    internal int MappedFilesMax { get; init; } = 512;

    internal Action<InterleavingPoint>? Interleave { get; init; }

    internal ProjectionLimits ProjectionLimits { get; init; } = new();

    internal Defect Defect { get; init; }
}
