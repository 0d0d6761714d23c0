namespace Factstone.Storage;

/// <summary>A ledger that was opened for writing, with its workers. The log continues, or will continue when there is free space to complete the work of the last writer.</summary>
/// <remarks>Threads: the writer calls <see cref="Begin"/> and what it returns. Two workers preallocate space and build runs.</remarks>
internal sealed class WriterStorage : LockedStorage
{
    readonly HeadPublisher _publisher;
    readonly WriterGuard _guard;
    readonly Preallocation _space;
    readonly IWorker _zeroing;
    readonly IWorker _indexing;
    readonly IndexPacing _pacing;
    readonly SegmentLog _log;
    readonly AppendSession _session;
    bool _isContinued;
    volatile bool _hidesFacts;

    public WriterStorage(LockedDirectory directory, LedgerLayout layout, StorageOptions options, LedgerOpening opening, SegmentChain chain)
        : base(directory, layout, options, opening)
    {
        _hidesFacts = opening.HidesFacts;
        _publisher = new HeadPublisher(opening.Head, chain, CurrentHead);
        opening.Builder.Rebuild = Rebuild.Rebuild;
        opening.Builder.BeginRebuild = Rebuild.Begin;
        _pacing = new IndexPacing(Index, opening.Builder, layout);
        var merging = new IdleMerging(Index, opening.Builder, options);
        var pace = new MergePace(Index, options.Time, () => opening.Builder.MergeBytes);
        bool BuildOrMerge() => opening.Builder.Step() || merging.Step();
        bool BuildOrMergeOrPause() => pace.Step(BuildOrMerge);
        _indexing = options.Scheduler.Start("factstone index", () => opening.Failures.Step(WorkerFailure.Index, BuildOrMergeOrPause));
        merging.StepLater = _indexing.WakeLater;
        if (_indexing.WakesLater) pace.StepLater = _indexing.WakeLater;
        opening.Builder.Wake = _indexing.Wake;
        _indexing.Wake(); // its first step may have come before StepLater was set
        _space = new Preallocation(Files, layout, options);
        _zeroing = options.Scheduler.Start("factstone zeroing", () => opening.Failures.Step(WorkerFailure.Preallocation, _space.Step));
        _guard = new WriterGuard(directory, opening.Head, Id, Epoch);
        _log = new SegmentLog(Index, chain, _space, _zeroing, _guard, options);
        _session = new AppendSession(Index, opening.Lost, Facts, Queries, Truncations, _log, _publisher, pace, options, WriteRun);
    }

    public override bool MayHoldMore => _hidesFacts || _log.HasUnknown;

    protected override long Tail => _isContinued ? _log.Tail : 0;

    public override IAppendSession Begin()
    {
        if (Damage.Count > 0) throw Refused(Damage);
        if (!_isContinued)
        {
            LedgerOpening.Resume();
            ContinueLog();
            Opening = LedgerOpening.Report with { Duration = Opening.Duration, ClockLag = Opening.ClockLag };
            PublishOpening();
        }

        if (LedgerOpening.Leftovers.HasUnlistedSegments) LedgerOpening.Leftovers.RemoveUnlistedSegments();
        if (_pacing.BeforeGroup(_log.Location)) _indexing.Wake();
        _session.Begin();
        return _session;
    }

    public static LedgerDamagedException Refused(IReadOnlyList<Damage> damage) => new("Nothing was appended: the ledger is damaged.", damage);

    protected override void Start()
    {
        if (LedgerOpening.Pending is not null) return;
        ContinueLog();
        PublishOpening();
    }

    protected override void CloseLog()
    {
        var isUnchanged = !_log.HasWritten && LedgerOpening.Report.WasClosedCleanly;
        if (!_isContinued || _log.HasFailed || Damage.Count > 0 || _guard.WhyLost() is not null) return;
        try
        {
            if (!isUnchanged) _log.Close();
            WriteLastRun();
            if (isUnchanged) return;
            _publisher.PublishDurably(Head, _log.Tail, isClean: true);
            Options.BranchTaken?.Invoke(RecoveryBranch.ClosedCleanly);
        }
        catch (FactstoneException)
        {
            // No acknowledged append depends on a clean close: the next open finds no closing frame and does a recovery.
        }
    }

    protected override void StopWorkers()
    {
        _indexing.Stop();
        _zeroing.Stop();
        _space.Dispose();
    }

    void ContinueLog()
    {
        _log.Continue(LedgerOpening.Tail, LedgerOpening.LastTime, LedgerOpening.PreallocatedEnd);
        _isContinued = true;
    }

    /// <summary>Publishes where the log continues. After a clean open, <c>HEAD</c> already contains this.</summary>
    void PublishOpening()
    {
        var head = new StorageHead(new Position(Index.Next.Value - 1), LedgerOpening.LastTime);
        CurrentHead.Set(head);
        _hidesFacts = false;
        if (!LedgerOpening.Report.WasClosedCleanly || LedgerOpening.Report.HeadWasRebuilt)
            _publisher.PublishDurably(head, LedgerOpening.Tail, isClean: LedgerOpening.Report.WasClosedCleanly);
        LedgerOpening.TryRemoveLeftovers();
    }

    /// <summary>Writes the last memory part as a run, so that the next open reads no log. If the run cannot be written, that open reads the last facts from the log.</summary>
    void WriteLastRun()
    {
        if (!Index.Active.HasAny) return;
        _indexing.Stop();
        WriteRun(_log.Location);
    }

    void WriteRun(LogLocation end)
    {
        Index.Freeze(end);
        try
        {
            LedgerOpening.Builder.BuildAll();
        }
        catch (FactstoneException)
        {
            Options.BranchTaken?.Invoke(RecoveryBranch.RunNotWritten);
        }
    }
}
