namespace Factstone.Storage;

/// <summary>What the engine can be told; sizes in bytes.</summary>
internal sealed record StorageOptions
{
    public const long SegmentSizeBytesMin = 64 * 1_024;
    public const long SegmentSizeBytesMax = 1_024 * 1_024 * 1_024;

    /// <summary>When a segment ends and the next begins. A single append that is larger has a segment of its own.</summary>
    public long SegmentSizeBytes { get; init; } = 128 * 1_024 * 1_024;

    /// <summary>Space zeroed ahead of the tail at a time: in a new ledger, and at most; 0 for none.</summary>
    public int PreallocationBytesMin { get; init; } = 1_024 * 1_024;

    public int PreallocationBytesMax { get; init; } = 16 * 1_024 * 1_024;

    /// <summary>The newest facts are in memory; beyond so many, or so many bytes, they become a run. Without space for that, appends go on to <see cref="IndexPacing.PartsWithoutSpaceMax"/> times as much; after an I/O error, to twice as much.</summary>
    public int MemoryFactsMax { get; init; } = 16_384;

    public long MemoryBytesMax { get; init; } = 8 * 1_024 * 1_024;

    /// <summary>A run of the index with more bytes is not merged any more: eight of this size stay below the 64 GiB that a run can have.</summary>
    public long MergedRunBytesMax { get; init; } = 7L * 1_024 * 1_024 * 1_024;

    /// <summary>The same with more facts: eight of them, if all were of one stream, stay below the 4 GiB that a list can have, at a little more than five bytes each.</summary>
    public long MergedRunFactsMax { get; init; } = 64L * 1_024 * 1_024;

    /// <summary>Free space that index files leave to the log, in bytes; less on a file system of less than 16 times as much. 0 for none.</summary>
    public long IndexReserveBytesMax { get; init; } = 64 * 1_024 * 1_024;

    /// <summary>When nothing has been appended for so long, runs are merged further than they have to be.</summary>
    public TimeSpan IdleBeforeMerging { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether files are mapped for reading, where the file system can. A device error under a mapping ends the process.</summary>
    public bool MapsFiles { get; init; } = true;

    /// <summary>Files of the log and the index that are kept open at a time, beside the segment that is written; fewer where the process may not open so many.</summary>
    public int OpenFilesMax { get; init; } = 64;

    /// <summary>Segments that are mapped at a time.</summary>
    public int MappedFilesMax { get; init; } = 512;

    /// <summary>Whether an open walks all of the log, also where runs say what is there.</summary>
    public bool WalksAll { get; init; }

    /// <summary>A damaged run of at most so many facts, cells or append ids is rebuilt at once, by the reader that finds the damage. A larger one is rebuilt by the index worker, and the log answers meanwhile.</summary>
    public long RebuiltAtOnceMax { get; init; } = 65_536;

    /// <summary>How many facts a read-only open takes into memory where there are no runs.</summary>
    public long ReadOnlyFactsMax { get; init; } = 2_000_000;

    public TimeSpan LockWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Called when the lock has been waited for one second, with who holds it.</summary>
    public Action<string>? LockWaiting { get; init; }

    /// <summary>Called now and then while the log is read: bytes read, bytes in all.</summary>
    public Action<long, long>? OpeningProgress { get; init; }

    /// <summary>Called with what whoever runs the ledger should hear of; on any thread.</summary>
    public Action<LedgerNotice>? Notice { get; init; }

    /// <summary>Nonces and ledger ids come from here too.</summary>
    public SaltSource Salts { get; init; } = SaltSource.System;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IScheduler Scheduler { get; init; } = ThreadScheduler.Instance;

    /// <summary>Where the branches of recovery are counted; null for nowhere.</summary>
    public Action<RecoveryBranch>? BranchTaken { get; init; }

    /// <summary>Called where another thread may be at work in production; null in production. Where it is set one thread runs everything, and whoever would wait for a worker does its work.</summary>
    public Action<InterleavingPoint>? Interleave { get; init; }

    /// <summary>A mistake made on purpose, so that a test can show that it would be found.</summary>
    public Defect Defect { get; init; }

    /// <summary>Gives a notice to whoever wants it.</summary>
    public void Tell(LedgerNotice notice)
    {
        try
        {
            Notice?.Invoke(notice);
        }
        catch (Exception failure) when (failure is not MachineStoppedException)
        {
            // Code of the caller's, on a thread of ours: what it makes of a notice is no reason to stop.
        }
    }
}
