namespace Factstone.Storage;

/// <summary>Opens a ledger for writing: finds what the last writer left, and completes its work.</summary>
/// <remarks>Every step can be interrupted and repeated: acknowledged data is never only in a place that is about to change.</remarks>
internal sealed class LedgerOpening : ILedgerOpening, IDisposable
{
    readonly IFileSystem _files;
    readonly LedgerLayout _layout;
    readonly StorageOptions _options;
    readonly ManifestFile _manifests;
    readonly List<Damage> _damage = [];
    readonly FilePool _pool;
    readonly SegmentSet _segments;
    readonly LogWalk _log;
    readonly OpenedManifest _opened;
    bool _walksAll;

    public LedgerOpening(IFileSystem files, LedgerLayout layout, StorageOptions options)
    {
        _files = files;
        _layout = layout;
        _options = options;
        _manifests = new ManifestFile(files, layout);
        Index = new FactIndex(options);
        _pool = new FilePool(files, options);
        _segments = new SegmentSet(files, layout, options, Directory, Index, _damage, _pool);
        _log = new LogWalk(files, layout, options, _segments, Directory, Index, _damage);
        _opened = new OpenedManifest(files, layout, options, _manifests);
        Runs = new RunDirectory(files, layout, options, _pool);
        Failures = new WorkerFailures(files, layout, options);
        Builder = new IndexBuilder(Index, Runs, Directory, () => NewestManifest, options, Failures);
    }

    public FactIndex Index { get; }

    public SegmentDirectory Directory { get; } = new();

    public RunDirectory Runs { get; }

    public IndexBuilder Builder { get; }

    /// <summary>Workers that an unexpected exception has stopped.</summary>
    public WorkerFailures Failures { get; }

    public OpeningReport Report { get; private set; } = new();

    public Manifest Manifest { get; private set; } = null!;

    public Manifest NewestManifest => Chain?.Manifest ?? Manifest;

    /// <summary>The facts that repairs have recorded as permanently lost.</summary>
    public LostFacts Lost { get; private set; } = LostFacts.None;

    public HeadFile Head { get; private set; } = null!;

    /// <summary>The published end, if there was one.</summary>
    public HeadSlot? Published { get; private set; }

    /// <summary>Null when damage makes it unsafe to write.</summary>
    public SegmentChain? Chain { get; private set; }

    /// <summary>The part of the recovery that waits for free space on the disk; null when there is none.</summary>
    public TailRewrite? Pending { get; private set; }

    /// <summary>What an earlier writer has left, and nothing refers to.</summary>
    public OpeningLeftovers Leftovers { get; private set; } = null!;

    /// <summary>Whether some facts are not visible until that work is done.</summary>
    public bool HidesFacts { get; private set; }

    /// <summary>The offset at which the log continues.</summary>
    public long Tail { get; private set; }

    public long PreallocatedEnd { get; private set; }

    public long LastTime { get; private set; }

    public IReadOnlyList<Segment> OpenSegments => _segments.Open;

    public IReadOnlyList<Damage> Damage => _damage;

    public void Run()
    {
        // HEAD is opened only if it exists: a HEAD created before the manifest would look like the head of a lost ledger.
        var hasHead = _files.FileExists(_layout.Head);
        if (hasHead) OpenHead();
        var isHeadWhole = false;
        var slot = hasHead ? Head.Read(out isHeadWhole) : null;
        Manifest = _opened.Read(slot, Runs);
        _damage.AddRange(_opened.Damage);
        Report = Report with { ManifestWasRebuilt = _opened.WasRebuilt, WasCreated = _opened.WasCreated };
        Leftovers = new OpeningLeftovers(_files, _layout, _options, _opened.Inventory);
        Lost = LostFacts.Read(_files, _layout, Manifest.Segments, _damage);
        TakeHead(hasHead, isHeadWhole, slot);
        var unreadable = _damage.Count;
        Directory.Follow(Manifest);
        OpenAllSegments();
        StartIndex();
        if (_walksAll) _log.CheckCovered(Manifest);
        _log.SetRemainingBytes(Manifest.Segments, Published is { } published && published.IsIn(Manifest.Last) ? published.FileOffset : 0);
        _log.CheckFirst(Manifest);
        _ = _log.TryReadSealed(Manifest.Segments); // no other writer replaces segments now
        ReadLastSegment();

        // The place of the unreadable files in the log is unknown.
        if (unreadable > 0) Index.MarkCellsUnknown();
        if (_walksAll && _damage.Count == 0) Runs.Trust();
        if (_damage.Count == 0) Runs.RemoveRejected(keepsIndexedEnd: false);
        LastTime = Math.Max(Math.Max(Index.LastTime, Manifest.Last.BaseTime), Published?.RecordedAt ?? 0);
        Report = Report with { Damage = _damage, Facts = Index.Next.Value - 1, RecoveryIsPending = Pending is not null };
    }

    /// <summary>Completes the work that waited for free space.</summary>
    public void Resume()
    {
        if (Pending is not { } rewrite) return;
        Rewrite(rewrite);
        Pending = null;
        LastTime = Math.Max(LastTime, Index.LastTime);
        _options.BranchTaken?.Invoke(RecoveryBranch.RecoveryResumed);
    }

    /// <summary>Removes files that nothing refers to any more, as far as possible. Call it only after the head is published.</summary>
    public void TryRemoveLeftovers() => Leftovers.TryRemove(Chain, Published, trims: !Report.WasClosedCleanly && !Report.WasCreated);

    public void Dispose() => _segments.Dispose();

    public void CloseFiles()
    {
        Head?.Dispose();
        _segments.CloseFiles();
        Chain?.CloseFiles();
    }

    void OpenHead() => Head = new HeadFile(_files.OpenSharedPage(_layout.Head, writable: true));

    void TakeHead(bool existed, bool isWhole, HeadSlot? slot)
    {
        if (!existed)
        {
            // The name of HEAD is durable before anything is acknowledged: without HEAD, a torn tail cannot be distinguished from damage.
            OpenHead();
            _files.SyncDirectory(_layout.Root);
        }

        Head.ContinueAfter(slot?.Sequence ?? 0);
        var isForeign = slot is { } other && other.LedgerId != Manifest.LedgerId;
        if (!existed || !isWhole || isForeign)
        {
            if (!Report.WasCreated) _options.BranchTaken?.Invoke(slot is null ? RecoveryBranch.HeadMissing : RecoveryBranch.HeadSlotDamaged);
            Report = Report with { HeadWasRebuilt = !Report.WasCreated };
        }

        if (slot is not { } found || isForeign) return;
        if (found.Epoch == Manifest.Epoch) Published = found;
        else if (found.Epoch > Manifest.Epoch) _damage.Add(LaterEpoch(_layout, found.Epoch, Manifest.Epoch));
    }

    /// <summary>The first segments and the manifest of an epoch are durable before HEAD names the epoch.</summary>
    public static Damage LaterEpoch(LedgerLayout layout, long found, long listed, string what = "HEAD") =>
        new(layout.Segments, 0, Position.None, Position.None, $"{what} has epoch {found}, and the listed segments have epoch {listed}: the newest segments, or the newest MANIFEST, are missing.");

    /// <summary>Opens the last segment and registers the others, so that a lookup by location finds them.</summary>
    void OpenAllSegments()
    {
        var names = Manifest.Segments.Count > 1 ? _files.List(_layout.Segments).ToHashSet(StringComparer.Ordinal) : null;
        for (var i = 0; i < Manifest.Segments.Count; i++)
        {
            var isLast = i + 1 == Manifest.Segments.Count;
            var header = Manifest.Segments[i];
            var before = _damage.Count;
            var segment = isLast
                ? _segments.OpenForWriting(header, Published?.Position.Next() ?? header.BasePosition)
                : _segments.AddSegment(header, Manifest.Segments[i + 1].BasePosition, names);
            if (!isLast) segment?.RaiseFoundEnd(Manifest.EndOf(i)!.Value);
            if (_damage.Count > before && !isLast) _options.BranchTaken?.Invoke(RecoveryBranch.DamageInSealedSegment);
        }
    }

    /// <summary>Starts the index from the valid runs. The log after them is read.</summary>
    void StartIndex()
    {
        _walksAll = _options.WalksAll || Runs.IsSuspicious;
        var runs = Runs.Open(Manifest, Directory);
        if (Runs.LastEpoch > Manifest.Epoch) _damage.Add(LaterEpoch(_layout, Runs.LastEpoch, Manifest.Epoch, "The index"));
        else Runs.RemoveRejected(keepsIndexedEnd: true);
        Index.Start(runs);
        if (runs.Count > 0) _log.StartAfter(Manifest, runs[^1].Footer.End);
        Index.WhenFull = BuildRun;
    }

    /// <summary>Writes runs during an open that reads much of the log, so that memory stays small.</summary>
    void BuildRun(LogLocation end)
    {
        // Nothing after damage becomes a run, because the next open has to find the damage again.
        if (_damage.Count > 0 || Index.Active.HasUnknown) return;
        Index.Freeze(end);
        _options.BranchTaken?.Invoke(RecoveryBranch.IndexRebuilt);
        while (Builder.Step()) { }
        if (Builder.Stopped is { } stopped && Index.UnwrittenItems > _options.ReadOnlyFactsMax) throw LedgerIndexException.OfOpening(_layout.Root, stopped, _options.ReadOnlyFactsMax);
        Index.ForgetOldMemory();
    }

    void ReadLastSegment()
    {
        if (!_log.TryEnter(Manifest.Last, Manifest.Last.BasePosition, out _))
        {
            ReportMissingLast(Manifest.Last);
            return;
        }

        var segment = _log.Current!;
        if (Report.WasCreated)
        {
            // This open has just created the segment, so it is empty and no other writer has used it.
            ContinueAt(segment, SegmentHeader.Bytes);
            return;
        }

        // Each manifest is durable before the head that names it.
        var isLastMissing = Published?.ManifestGeneration > Manifest.Generation;
        if (isLastMissing) _damage.Add(new Damage(_layout.Segments, 0, Position.None, Position.None, "HEAD names a newer MANIFEST: the newest segments are missing."));

        var reader = _segments.Reader(segment);
        var (from, next) = (_log.FileOffset, _log.Next);
        var end = TailExamination.Run(reader, from, next, Published, Runs.IndexedEnd, Math.Max(Index.LastTime, Manifest.Last.BaseTime), isLastMissing || _opened.Inventory.HasGap, _options);
        if (end.IsShortened) _damage.Add(Runs.IndexedEnd!.Value.Damage(end.Walk.Next));
        if (end.IsDamaged || _damage.Count > 0) ReadDamagedEnd(reader, from, next, end);
        else if (end.IsClean) ReadCleanEnd(segment, end);
        else Recover(segment, end);
        if (isLastMissing || end.IsShortened) Index.MarkCellsUnknown();
        if (isLastMissing && Published is not { IsClean: true }) MarkEndUnknown(Published?.Position);
        MarkUnknownAfterGap();
    }

    /// <summary>Handles a missing last segment. Its positions cannot be read, as far as their number is known; if it is not known, the end of the log is unknown, too.</summary>
    void ReportMissingLast(SegmentHeader header)
    {
        Index.AddHoles(Later(Published?.Position, Runs.IndexedEnd?.Last));
        MarkUnknownAfterGap();
        if (Published is { IsClean: true } slot && slot.IsIn(header)) return;
        _options.BranchTaken?.Invoke(RecoveryBranch.EndIsUnknown);
        Index.MarkEndUnknown(new Position(Index.Next.Value - 1));
    }

    static Position Later(Position? one, Position? other) => new(Math.Max(one?.Value ?? 0, other?.Value ?? 0));

    /// <summary>Unlisted segments after a gap contain positions that cannot be read before a repair.</summary>
    void MarkUnknownAfterGap()
    {
        if (!_opened.Inventory.HasGap) return;
        Index.MarkCellsUnknown();
        MarkEndUnknown(Later(Published?.Position, _opened.Inventory.LastAfterGap));
    }

    /// <summary>Marks the end as unknown: the log has reached at least this position, but its readable part ends earlier.</summary>
    void MarkEndUnknown(Position? known)
    {
        Index.AddHoles(Later(known, Runs.IndexedEnd?.Last));
        Index.MarkEndUnknown(new Position(Index.Next.Value - 1));
    }

    void ReadDamagedEnd(FrameReader reader, long from, Position next, LogEnd end)
    {
        // There is no writer, so nothing more can be made durable: what is visible ends where the log was certainly durable.
        var durableEnd = end.IsDamaged ? end.DurableEnd : end.IsClean ? end.Walk.FileOffset : Math.Max(end.UntrustedFrom, PublishedEnd(reader.Segment));
        var walk = SegmentWalk.Run(reader, from, Math.Min(durableEnd, end.Walk.FileOffset), next, Index);
        if (end.IsDamaged) _segments.ReadDamaged(reader, walk, durableEnd, end.DurableNext, isKnown: true);
        _segments.MarkCellsUnknownAfter(reader.Segment, durableEnd);

        if (durableEnd < end.Walk.FileOffset && !end.IsDamaged) Report = Report with { HasRecoverableAppends = true, RecoverableFacts = Math.Max(0, end.Walk.Next.Value - Index.Next.Value) };
    }

    long PublishedEnd(Segment segment) => Published is { } slot && slot.IsIn(segment.Header) ? slot.FileOffset : 0;

    void ReadCleanEnd(Segment segment, LogEnd end)
    {
        _log.ReadTo(end.Walk.FileOffset, end.Walk.Next);
        if (_damage.Count > 0) return;
        _options.BranchTaken?.Invoke(RecoveryBranch.CleanOpen);
        Report = Report with { WasClosedCleanly = true };
        ContinueAt(segment, end.Walk.FileOffset);
    }

    /// <summary>Continues the log at the end of this segment.</summary>
    void ContinueAt(Segment segment, long tail)
    {
        Chain = new SegmentChain(_files, _layout, _options, _manifests, Directory, _pool) { Manifest = Manifest, Current = segment };
        Tail = tail;
        PreallocatedEnd = tail;
    }

    void Recover(Segment segment, LogEnd end)
    {
        _log.ReadTo(end.UntrustedFrom, until: null);

        // The frames from here on may not be durable in this segment, so no run contains them before the first append.
        Index.WhenFull = null;
        Chain = new SegmentChain(_files, _layout, _options, _manifests, Directory, _pool) { Manifest = Manifest, Current = segment };
        if (_options.Defect is Defect.TrustLastGroup or Defect.SameSegmentAfterCrash)
        {
            SegmentWalk.Run(_segments.Reader(segment), end.UntrustedFrom, end.Walk.FileOffset, Index.Next, Index);
            Tail = end.Walk.FileOffset;
            PreallocatedEnd = segment.File.Length;
            return;
        }

        var rewrite = new TailRewrite(_files, _layout, _options, Chain, Index, end);
        try
        {
            Rewrite(rewrite);
        }
        catch (LedgerFullException)
        {
            // Reads continue with what was published. The first append that finds free space completes the recovery.
            _options.BranchTaken?.Invoke(RecoveryBranch.RecoveryDelayedByFullDisk);
            SegmentWalk.Run(_segments.Reader(segment), end.UntrustedFrom, Math.Min(end.Walk.FileOffset, PublishedEnd(segment)), Index.Next, Index);
            Pending = rewrite;
            HidesFacts = end.Walk.Next > Index.Next;
        }
    }

    void Rewrite(TailRewrite rewrite)
    {
        rewrite.Run();
        Tail = rewrite.Tail;
        PreallocatedEnd = Chain!.PreallocatedEnd;
        Report = Report with { TornTailBytes = rewrite.TornBytes, RewrittenFacts = rewrite.Facts, Facts = Index.Next.Value - 1, RecoveryIsPending = false };
    }
}
