namespace Factstone.Storage;

/// <summary>Turns what is complete in memory into runs, and several runs into one. Production gives it a thread, a simulation calls its steps.</summary>
/// <remarks>
/// Always true: a run is written of durable positions only, and takes the place of what it was made of only when it is
/// whole. Nothing depends on it: what is not written is in memory, or in the log. An unforeseen exception stops it for as
/// long as the ledger is open, whoever called it; then every call returns at once. Threads: one step at a time, whoever
/// calls it.
/// </remarks>
internal sealed class IndexBuilder(FactIndex index, RunDirectory directory, SegmentDirectory segments, Func<Manifest> manifest, StorageOptions options, WorkerFailures failures) : IDisposable
{
    readonly Lock _building = new();
    readonly MergePlan _plan = new(index, directory.Space, options);
    RunMerge? _merge;
    IStorageFile? _mergeFile;
    bool _isClosed;
    bool _isIdleMerge;
    DamagedRunRebuild? _rebuild;
    DateTimeOffset _rebuildAfter;
    bool _isRebuilding;
    bool _isRebuildNext;
    int _runsRefused;

    /// <summary>Makes the files of runs.</summary>
    public RunFiles Files { get; } = new(directory, segments, manifest, options);

    /// <summary>Why the last run could not be written; null when it could.</summary>
    public FactstoneException? Failure { get; private set; }

    /// <summary>Why it has stopped for good; null when it has not.</summary>
    public WorkerFailure? Stopped => failures.Of(WorkerFailure.Index);

    /// <summary>After how long it should step again although nothing has been added; null where nothing waits for that.</summary>
    public TimeSpan? RetryAfter => Failure is not null && Stopped is null ? MergePlan.RetryPause : null;

    /// <summary>Replaces a damaged run; set once the ledger is open.</summary>
    public Action<Run>? Rebuild { get; set; }

    /// <summary>Begins the rebuild of a large damaged run, behind a part that ends at a time.</summary>
    public Func<DamagedRun, long, DamagedRunRebuild>? BeginRebuild { get; set; }

    /// <summary>Wakes the index worker.</summary>
    public Action? Wake { get; set; }

    /// <summary>Writes one run, or a piece of a merged one; false when there is nothing to do, or nothing can be done now.</summary>
    public bool Step() => Guarded(() => Try(
        () => BuildOldest() || ((_isRebuildNext = !_isRebuildNext) ? RebuildSome() || Merge() : Merge() || RebuildSome()),
        failure =>
        {
            Failure = failure;
            options.BranchTaken?.Invoke(RecoveryBranch.RunNotWritten);
        }));

    /// <summary>Whether runs may be merged beyond what <see cref="Step"/> does; not while that has something to merge, and cannot.</summary>
    public bool HasIdleWork
    {
        get
        {
            lock (_building) return !_isClosed && (_merge is not null ? _isIdleMerge : index.CountRuns().Runs != _runsRefused && _plan.Next(RunPlan.Next).Count == 0 && _plan.Next(RunPlan.NextWhenIdle).Count > 0);
        }
    }

    /// <summary>Merges a piece of what is to be one run beyond <see cref="Step"/>, while nobody appends; false when there is nothing to do, or nothing can be done now.</summary>
    public bool IdleStep() => Guarded(() => Try(
        () => (_merge is not null ? _isIdleMerge : BeginMerge(_plan.Next(RunPlan.NextWhenIdle), isIdleMerge: true)) && MergeOn(),
        _ => _runsRefused = index.CountRuns().Runs)); // it is tried again when there is another run

    /// <summary>Writes all that is complete in memory, for an open that reads much of the log, and for a close.</summary>
    /// <exception cref="FactstoneException">The disk refused.</exception>
    public void BuildAll() => Guarded(() =>
    {
        lock (_building)
        {
            while (BuildOldest()) { }
        }

        return false;
    });

    /// <summary>Gives up what is half-written.</summary>
    public void Dispose()
    {
        lock (_building)
        {
            _isClosed = true;
            AbandonRebuild();
            TryAbandonMerge();
        }
    }

    /// <summary>Keeps the builder from its work while parts are put in the place of others.</summary>
    public Lock.Scope Pause()
    {
        var scope = _building.EnterScope();
        TryAbandonMerge(); // nobody would leave the scope if this threw
        return scope;
    }

    /// <summary>Writes a part in memory as a run, for whoever makes runs again; null where the builder has stopped.</summary>
    /// <exception cref="FactstoneException">The disk refused, or does not give back what was written.</exception>
    public Run? TryWrite(MemoryPart part)
    {
        Run? run = null;
        Guarded(() => (run = Write(part)) is not null);
        return run;
    }

    Run Write(MemoryPart part)
    {
        var run = Files.Write(part);
        Failure = null;
        return run;
    }

    /// <summary>Does some work, unless the builder has stopped. What nobody has foreseen stops it, and neither the process nor the writer that helps.</summary>
    bool Guarded(Func<bool> work)
    {
        if (Stopped is not null) return false;
        try
        {
            return work();
        }
        catch (Exception unforeseen) when (unforeseen is not (FactstoneException or MachineStoppedException))
        {
            failures.Add(WorkerFailure.Index, unforeseen);
            lock (_building)
            {
                AbandonRebuild();
                TryAbandonMerge();
            }

            return false;
        }
    }

    bool Try(Func<bool> work, Action<FactstoneException> isRefused)
    {
        Run damaged;
        lock (_building)
        {
            if (_isClosed) return false;
            try
            {
                return work();
            }
            catch (FactstoneException failure)
            {
                if (!_isRebuilding) _plan.Failed();
                if (_isRebuilding) AbandonRebuild();
                else AbandonMerge();
                isRefused(failure);
                return false;
            }
            catch (RunDamagedException found)
            {
                damaged = found.Run;
            }
            catch (Exception undecodable) when (undecodable is ArgumentException or IndexOutOfRangeException or InvariantException)
            {
                // A block that was whole when it was checked may not be any more.
                if (_isRebuilding || _merge?.Runs.FirstOrDefault(static run => run.IsDamagedNow()) is not { } found) throw;
                damaged = found;
            }

            if (_isRebuilding) AbandonRebuild();
            else AbandonMerge();
        }

        return TryRebuild(damaged);
    }

    /// <summary>A damaged run blocks every merge that includes it, so it is rebuilt at once. Called outside the lock, because a rebuild takes it.</summary>
    bool TryRebuild(Run damaged)
    {
        try
        {
            Rebuild?.Invoke(damaged);
            return Rebuild is not null;
        }
        catch (FactstoneException failure)
        {
            Failure = failure;
            return false;
        }
    }

    bool BuildOldest()
    {
        MemoryPart? oldest = null;
        foreach (var part in index.Parts)
        {
            if (part is not MemoryPart memory) continue;
            if (memory == index.Active || memory.HasUnknown) return false; // what lies behind a hole waits in memory with it
            oldest = memory;
            break;
        }

        if (oldest is null) return false;
        directory.Space.RequireForRun(oldest.Bytes);
        index.Replace([oldest], [Write(oldest)]);
        return true;
    }

    /// <summary>Rebuilds a piece of a large damaged run; false when there is none, or it has to wait.</summary>
    bool RebuildSome()
    {
        if (_rebuild is not null && !index.Holds(_rebuild.Part)) AbandonRebuild();
        _rebuild ??= NextRebuild();
        if (_rebuild is not { } rebuild) return false;
        _isRebuilding = true;
        if (rebuild.Step())
        {
            _isRebuilding = false;
            return true;
        }

        if (index.Replace([rebuild.Part], rebuild.Result)) rebuild.Done();
        AbandonRebuild();
        _rebuildAfter = default;
        directory.TryDelete(rebuild.Part.Run.Path);
        options.BranchTaken?.Invoke(RecoveryBranch.RunRebuilt);
        return true;
    }

    DamagedRunRebuild? NextRebuild()
    {
        if (options.Time.GetUtcNow() < _rebuildAfter) return null;
        var before = long.MinValue;
        foreach (var part in index.Parts)
        {
            if (part is DamagedRun damaged) return BeginRebuild?.Invoke(damaged, before);
            before = part.LastTime;
        }

        return null;
    }

    /// <summary>What was rebuilt so far is removed, and the rebuild begins again later.</summary>
    void AbandonRebuild()
    {
        _isRebuilding = false;
        _rebuild?.Dispose();
        _rebuild = null;
        _rebuildAfter = options.Time.GetUtcNow() + MergePlan.RetryPause;
    }

    bool Merge()
    {
        // An idle merge yields to one that is due, and is abandoned where the two share runs.
        if (_merge is not null && _isIdleMerge)
        {
            if (_plan.Next(RunPlan.Next).Count == 0) return false;
            AbandonMerge();
        }

        return (_merge is not null || BeginMerge(_plan.Next(RunPlan.Next), isIdleMerge: false)) && MergeOn();
    }

    bool MergeOn()
    {
        directory.Space.RequireForMerge();
        if (_merge!.Step()) return true;

        var (runs, path) = (_merge.Runs, _mergeFile!.Path);
        EndMerge();
        Run merged;
        try
        {
            merged = Files.Reopen(path, runs[0].First, runs[^1].Last);
        }
        catch (Exception failure) when (failure is not MachineStoppedException)
        {
            directory.TryDelete(path);
            throw;
        }

        // Others may have replaced one of them because it was damaged.
        if (!index.Replace([.. runs], [merged]))
        {
            merged.Close();
            directory.TryDelete(merged.Path);
            return true;
        }

        options.BranchTaken?.Invoke(_isIdleMerge ? RecoveryBranch.RunsMergedWhenIdle : RecoveryBranch.RunsMerged);
        foreach (var run in runs) directory.TryDelete(run.Path);
        return true;
    }

    bool BeginMerge(List<Run> runs, bool isIdleMerge)
    {
        if (runs.Count == 0) return false;
        foreach (var run in runs) run.CheckAnew(); // what became damaged since would be whole in the new run
        _isIdleMerge = isIdleMerge;
        _plan.Begin(runs);
        _mergeFile = directory.Create(directory.NewPath(runs[0].First, runs[^1].Last));
        _merge = new RunMerge(runs, _mergeFile, options.Defect);
        return true;
    }

    void EndMerge()
    {
        var (merge, file) = (_merge, _mergeFile);
        (_merge, _mergeFile) = (null, null);
        _plan.End();
        merge?.Dispose();
        file?.Dispose();
    }

    void AbandonMerge()
    {
        if (_mergeFile?.Path is not { } path) return;
        EndMerge();
        directory.TryDelete(path);
    }

    void TryAbandonMerge()
    {
        try
        {
            AbandonMerge();
        }
        catch (Exception failure) when (failure is not MachineStoppedException)
        {
            // The file takes space, and the next open finds it of no use.
        }
    }
}
