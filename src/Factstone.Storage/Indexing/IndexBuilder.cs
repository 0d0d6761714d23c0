namespace Factstone.Storage;

/// <summary>Writes complete memory parts as runs, and merges several runs into one. Production gives it a thread; a simulation calls its steps.</summary>
/// <remarks>
/// Always true: a run contains durable positions only, and replaces its sources only when it is complete. Nothing
/// depends on the builder: what it has not written is in memory or in the log. An unexpected exception stops the
/// builder until the ledger is closed, no matter which thread called it; then every call returns at once. Threads:
/// any, one step at a time.
/// </remarks>
internal sealed class IndexBuilder(FactIndex index, RunDirectory directory, SegmentDirectory segments, Func<Manifest> manifest, StorageOptions options, WorkerFailures failures) : IDisposable
{
    readonly Lock _building = new();
    readonly MergePlan _plan = new(index, directory.Space, options);
    RunMergeFile? _merge;
    bool _isClosed;
    bool _isIdleMerge;
    DamagedRunRebuild? _rebuild;
    DateTimeOffset _rebuildAfter;
    bool _isRebuilding;
    bool _isRebuildNext;
    int _runsRefused;

    /// <summary>Creates the files of runs.</summary>
    public RunFiles Files { get; } = new(directory, segments, manifest, options);

    /// <summary>Why the last run could not be written; null when it could.</summary>
    public FactstoneException? Failure { get; private set; }

    /// <summary>Why the builder has stopped until the ledger is closed; null when it has not.</summary>
    public WorkerFailure? Stopped => failures.Of(WorkerFailure.Index);

    /// <summary>The time after which it should step again even if nothing has been added; null when no step is waiting.</summary>
    public TimeSpan? RetryAfter => Failure is not null && Stopped is null ? MergePlan.RetryPause : null;

    /// <summary>Replaces a damaged run; set once the ledger is open.</summary>
    public Action<Run>? Rebuild { get; set; }

    /// <summary>Begins the rebuild of a large damaged run. The second argument is the last time of the part before it.</summary>
    public Func<DamagedRun, long, DamagedRunRebuild>? BeginRebuild { get; set; }

    /// <summary>Wakes the index worker.</summary>
    public Action? Wake { get; set; }

    /// <summary>Writes one run, or one piece of a merged run; false when there is nothing to do, or nothing can be done now.</summary>
    public bool Step() => Guarded(() => Try(
        () => BuildOldest() || ((_isRebuildNext = !_isRebuildNext) ? RebuildSome() || Merge() : Merge() || RebuildSome()),
        failure =>
        {
            Failure = failure;
            options.BranchTaken?.Invoke(RecoveryBranch.RunNotWritten);
        }));

    /// <summary>The size of the runs that are being merged; 0 for none. Read by the index worker.</summary>
    public long MergeBytes => _plan.MergeBytes;

    /// <summary>Whether runs may be merged beyond what <see cref="Step"/> merges. False while a regular merge is due but cannot be done now.</summary>
    public bool HasIdleWork
    {
        get
        {
            lock (_building) return !_isClosed && (_merge is not null ? _isIdleMerge : index.CountRuns().Runs != _runsRefused && _plan.Next(RunPlan.Next).Count == 0 && _plan.Next(RunPlan.NextWhenIdle).Count > 0);
        }
    }

    /// <summary>When the ledger is idle, does one piece of a merge beyond what <see cref="Step"/> merges; false when there is nothing to do, or nothing can be done now.</summary>
    public bool IdleStep() => Guarded(() => Try(
        () => (_merge is not null ? _isIdleMerge : BeginMerge(_plan.Next(RunPlan.NextWhenIdle), isIdleMerge: true)) && StepMerge(),
        _ => _runsRefused = index.CountRuns().Runs)); // it is tried again when there is another run

    /// <summary>Writes every complete memory part. For an open that reads much of the log, and for a close.</summary>
    /// <exception cref="FactstoneException">A write failed.</exception>
    public void BuildAll() => Guarded(() =>
    {
        lock (_building)
        {
            while (BuildOldest()) { }
        }

        return false;
    });

    /// <summary>Abandons unfinished runs.</summary>
    public void Dispose()
    {
        lock (_building)
        {
            _isClosed = true;
            AbandonRebuild();
            TryEndMerge();
        }
    }

    /// <summary>Pauses the builder while parts are replaced.</summary>
    public Lock.Scope Pause()
    {
        var scope = _building.EnterScope();
        TryEndMerge(); // if this threw, the scope would never be left
        return scope;
    }

    /// <summary>Writes a memory part as a run, for a rebuild; null when the builder has stopped.</summary>
    /// <exception cref="FactstoneException">A write failed, or reading the run back does not return what was written.</exception>
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

    /// <summary>Does some work, unless the builder has stopped. An unexpected exception stops the builder, but not the process, and not a writer that helps.</summary>
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
                TryEndMerge();
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
                else EndMerge();
                isRefused(failure);
                return false;
            }
            catch (RunDamagedException found)
            {
                damaged = found.Run;
            }
            catch (Exception undecodable) when (undecodable is ArgumentException or IndexOutOfRangeException or InvariantException)
            {
                // A block may become damaged after it was checked.
                if (_isRebuilding || _merge?.Runs.FirstOrDefault(static run => run.IsDamagedNow()) is not { } found) throw;
                damaged = found;
            }

            if (_isRebuilding) AbandonRebuild();
            else EndMerge();
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
            if (memory == index.Active || memory.HasUnknown) return false; // what follows a hole waits in memory with it
            oldest = memory;
            break;
        }

        if (oldest is null) return false;
        directory.Space.RequireForRun(oldest.Bytes);
        index.Replace([oldest], [Write(oldest)]);
        return true;
    }

    /// <summary>Rebuilds one piece of a large damaged run; false when there is none, or it has to wait.</summary>
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

    /// <summary>Removes what was rebuilt so far. The rebuild begins again later.</summary>
    void AbandonRebuild()
    {
        _isRebuilding = false;
        _rebuild?.Dispose();
        _rebuild = null;
        _rebuildAfter = options.Time.GetUtcNow() + MergePlan.RetryPause;
    }

    bool Merge()
    {
        // An idle merge is abandoned when a regular merge is due, because the two may share runs.
        if (_merge is not null && _isIdleMerge)
        {
            if (_plan.Next(RunPlan.Next).Count == 0) return false;
            EndMerge();
        }

        return (_merge is not null || BeginMerge(_plan.Next(RunPlan.Next), isIdleMerge: false)) && StepMerge();
    }

    bool StepMerge()
    {
        directory.Space.RequireForMerge();
        if (_merge!.Step() is not { } merged) return true;
        var runs = _merge.Runs;
        EndMerge();

        // Another thread may have replaced one of these runs because it was damaged.
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
        foreach (var run in runs) run.ForgetChecks(); // what became damaged since would be whole in the new run
        _isIdleMerge = isIdleMerge;
        _plan.Begin(runs);
        _merge = Files.Merge(runs);
        return true;
    }

    /// <summary>Ends the merge; if it is not done, its file is removed.</summary>
    void EndMerge()
    {
        var merge = _merge;
        _merge = null;
        _plan.End();
        merge?.Dispose();
    }

    void TryEndMerge()
    {
        try
        {
            EndMerge();
        }
        catch (Exception failure) when (failure is not MachineStoppedException)
        {
            // The file takes space until the next open removes it as unusable.
        }
    }
}
