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

    /// <summary>A run with more bytes is not merged: eight runs of this size stay below the 64 GiB that a run can have.</summary>
    public long MergedRunBytesMax { get; init; } = 7L * 1_024 * 1_024 * 1_024;

    /// <summary>The same for facts: eight such runs, if all facts were of one stream, stay below the 4 GiB that a list can have, at a little more than five bytes each.</summary>
    public long MergedRunFactsMax { get; init; } = 64L * 1_024 * 1_024;

    /// <summary>Free space that index files leave to the log, in bytes; less on a file system of less than 16 times as much. 0 for none.</summary>
    public long IndexReserveBytesMax { get; init; } = 64 * 1_024 * 1_024;

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

    /// <summary>Whether damage that is found leaves <c>index/suspicion</c>, so that the next open for writing reads all of the log.</summary>
    public bool MarksSuspicion { get; init; } = true;

    /// <summary>A damaged run of at most this many facts, cells or append ids is rebuilt at once, by the reader that finds the damage. A larger one is rebuilt by the index worker; until then, reads use the log.</summary>
    public long RebuiltAtOnceMax { get; init; } = 65_536;

    /// <summary>The number of facts that a read-only open keeps in memory if there are no runs.</summary>
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

    /// <summary>How facts become values; null if nothing is registered.</summary>
    public FactValues? Values { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IScheduler Scheduler { get; init; } = ThreadScheduler.Instance;

    /// <summary>Counts the branches of recovery; null for none.</summary>
    public Action<RecoveryBranch>? BranchTaken { get; init; }

    /// <summary>Called where another thread may run in production; null in production. If it is set, one thread runs everything, and a thread that would wait for a worker does its work.</summary>
    public Action<InterleavingPoint>? Interleave { get; init; }

    /// <summary>A planted defect, so that a test can show that it would be found.</summary>
    public Defect Defect { get; init; }

    /// <summary>Passes on a notice, if a callback is set.</summary>
    public void Notify(LedgerNotice notice)
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
