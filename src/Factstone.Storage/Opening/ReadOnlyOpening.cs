namespace Factstone.Storage;

/// <summary>Reads a ledger up to its published end, with or without an active writer. It changes nothing.</summary>
internal sealed class ReadOnlyOpening : ILedgerOpening, IDisposable
{
    /// <summary>A writer that opens, rolls or recovers replaces files during a read. A moment later the files are consistent, so the read is tried again.</summary>
    const int Attempts = 200;

    const int OpeningsOfRunsMax = 5;

    readonly IFileSystem _files;
    readonly LedgerLayout _layout;
    readonly StorageOptions _options;
    readonly PublishedFiles _published;
    readonly List<Damage> _damage;
    readonly SegmentSet _segments;
    readonly LogWalk _log;
    long _adoptAt;
    long _adoptBytesAt;
    bool _isAlone;

    /// <summary>The sequence of a slot that the open did not use because the log has left its place; 0 for none. A writer replaces it.</summary>
    long _obsoleteHead;

    public ReadOnlyOpening(IFileSystem files, LedgerLayout layout, StorageOptions options, FactIndex index, List<Damage> damage, BackupContent? backup)
    {
        _files = files;
        _layout = layout;
        _options = options;
        _damage = damage;
        Index = index;
        var pool = new FilePool(files, options);
        Runs = new RunDirectory(files, layout, options, pool);
        _published = new PublishedFiles(files, layout, backup, Runs);
        _segments = new SegmentSet(files, layout, options, Directory, index, damage, pool) { IsReplaced = _published.IsReplaced };
        _log = new LogWalk(files, layout, options, _segments, Directory, index, damage);
        (_adoptAt, _adoptBytesAt) = (2L * options.MemoryFactsMax, 2L * options.MemoryBytesMax);
    }

    public FactIndex Index { get; }

    public SegmentDirectory Directory { get; } = new();

    public RunDirectory Runs { get; }

    public Manifest Manifest { get; private set; } = null!;

    Manifest ILedgerOpening.NewestManifest => Manifest;

    /// <summary>The facts that repairs have recorded as permanently lost.</summary>
    public LostFacts Lost { get; private set; } = LostFacts.None;

    public OpeningReport Report { get; private set; } = new();

    /// <summary>The published end that was read last; null when there is none.</summary>
    public HeadSlot? Published { get; private set; }

    /// <summary>The published end as a location in the log, and the next position there.</summary>
    public (LogLocation Location, Position Next)? PublishedEnd =>
        Published is { } slot ? (new LogLocation(slot.SegmentBase, slot.SegmentGeneration, slot.FileOffset), slot.Position.Next()) : null;

    /// <summary>Whether it is a backup. A backup is complete and does not change.</summary>
    public bool IsBackup => _published.IsBackup;

    /// <summary>Opens the ledger.</summary>
    /// <param name="isAlone">Whether there is no writer. Then the open compares files of different ages, and examines what the last writer left after the published end. An active writer has done that already.</param>
    /// <param name="cancellationToken">Ends the wait for a writer that replaces files.</param>
    public void Run(bool isAlone, CancellationToken cancellationToken)
    {
        _published.Begin(cancellationToken);
        isAlone &= !IsBackup; // a backup has no writer
        _isAlone = isAlone;
        var inventory = isAlone ? SegmentInventory.Take(_files, _layout, HeadFile.ReadSlot(_files, _layout), _options.Defect) : null;
        var isRebuilt = inventory?.ManifestWasRebuilt ?? false;
        Manifest = inventory is null ? _published.ReadManifest(out isRebuilt) : inventory.Manifest ?? throw _published.NoSegments();
        _published.Follow(Manifest.LedgerId);
        Lost = LostFacts.Read(_files, _layout, Manifest.Segments, _damage);
        if (inventory is not null) _damage.AddRange(inventory.Damage);
        else if (isRebuilt) _damage.AddRange(_published.UnreadableHeaders());
        var slot = _published.ReadHead(out var isWhole);
        if (slot is { } foreign && foreign.LedgerId != Manifest.LedgerId) (slot, isWhole) = (null, false);
        if (slot?.Epoch < Manifest.Epoch && isAlone) (slot, isWhole) = (null, false); // it is from before a repair or a restore
        if (slot is { } left && isAlone && Manifest.HasLeft(left)) (slot, isWhole, _obsoleteHead) = (null, false, left.Sequence); // it is from before a recovery that moved the last group
        if (slot?.Epoch > Manifest.Epoch && isAlone) _damage.Add(LedgerOpening.LaterEpoch(_layout, slot.Value.Epoch, Manifest.Epoch));
        var unreadable = _damage.Count;
        StartIndex();
        if (isAlone && Runs.LastEpoch > Manifest.Epoch) _damage.Add(LedgerOpening.LaterEpoch(_layout, Runs.LastEpoch, Manifest.Epoch, "The index"));
        Report = Report with { ManifestWasRebuilt = isRebuilt, HeadWasRebuilt = !isWhole, WasClosedCleanly = slot?.IsClean ?? false };
        if (slot is { } published) ReadUpTo(published);
        else ReadToLastListed(isMoreMissing: false);

        // The place of the unreadable files in the log is unknown.
        if (unreadable > 0) Index.MarkCellsUnknown();
        _isAlone = false; // a writer may come at any time
        if (inventory is not null) PreviewRecovery(inventory, slot is { } own && own.Epoch == Manifest.Epoch ? own : null);
        Report = Report with { Facts = Index.Next.Value - 1, Damage = [.. _damage] };
    }

    /// <summary>Reads what was published since the last refresh; false when nothing was.</summary>
    /// <exception cref="LedgerForkedException">A repair has lost facts since: what was read is no longer what the ledger contains.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or closed, while it waited for a writer that replaces files.</exception>
    public bool Refresh(CancellationToken cancellationToken)
    {
        _published.Begin(cancellationToken);
        // Every read calls this first, so a damaged slot must not make each read wait.
        if (_published.ReadHead(out _, isPatient: false) is not { } slot || slot.Sequence == Published?.Sequence || slot.LedgerId != Manifest.LedgerId) return false;
        if (slot.Epoch < Manifest.Epoch || slot.Sequence == _obsoleteHead) return false; // from before a repair, a restore or a recovery
        if (slot.Epoch > Manifest.Epoch) RefuseFork();
        try
        {
            ReadUpTo(slot);
        }
        catch (LedgerIndexException)
        {
            // So much was appended since the last refresh that it is in runs.
            if (!TrySkip()) throw;
            return Refresh(cancellationToken);
        }

        return true;
    }

    /// <summary>Replaces memory parts by the runs that the writer has made of the same facts. If the runs cannot be read now, the memory parts stay until the next refresh that finds them full.</summary>
    public void TryAdoptRuns()
    {
        try
        {
            AdoptRuns();
        }
        catch (LedgerIOException)
        {
            // Nothing was adopted. What was read up to the published end does not change.
        }
    }

    /// <summary>Ends every wait for a writer. It may be called from any thread.</summary>
    public void StopWaiting() => _published.StopWaiting();

    public void Dispose() => _segments.Dispose();

    public void CloseFiles()
    {
        _published.Dispose();
        _segments.CloseFiles();
    }

    void PreviewRecovery(SegmentInventory inventory, HeadSlot? published)
    {
        var head = Published?.Position ?? new Position(Index.Next.Value - 1);
        var preview = RecoveryPreview.Run(
            Manifest,
            (header, until) => Directory.Find(header.BasePosition, header.Generation) ?? _segments.AddSegment(header, until),
            visitor => new SegmentSet(_files, _layout, _options with { OpeningProgress = null }, Directory, visitor, _damage),
            _log.Location, _log.Next, published, Runs.IndexedEnd, Index.LastTime, published?.ManifestGeneration > Manifest.Generation || inventory.HasGap, _damage, _options);
        if (preview.IsEndUnknown || inventory.HasGap)
        {
            Index.MarkCellsUnknown();
            Index.MarkEndUnknown(head);
        }

        Report = Report with
        {
            NeedsRecovery = _damage.Count == 0 && (!preview.IsClean || Report.ManifestWasRebuilt || Report.HeadWasRebuilt || inventory.HasAdopted),
            RecoverableFacts = Math.Max(0, preview.Next.Value - 1 - head.Value),
            HasRecoverableAppends = preview.Next > head.Next() || preview.LastTime > (Published?.RecordedAt ?? Index.LastTime),
            TornTailBytes = preview.TornBytes,
        };
    }

    /// <summary>Starts after the valid runs whose segments all exist.</summary>
    void StartIndex()
    {
        var runs = OpenRuns();
        Index.WhenFull = _ => RefuseTooMuch();
        Index.Start(runs);
        if (runs.Count > 0)
        {
            var end = runs[^1].End;
            ReportMissingBefore(end);
            _log.StartAfter(Manifest, end);
        }

        if (_options.WalksAll) _log.CheckCovered(Manifest);
        _log.CheckFirst(Manifest);
    }

    /// <summary>Continues after runs that the writer has made since, if they contain everything that is published here and more than was read.</summary>
    bool TrySkip()
    {
        var active = Index.Active;
        if (active.HasUnknown || Published is not { } published) return false;
        var runs = OpenRuns();
        if (runs.Count == 0 || runs[^1].LastTime <= active.StartTime || runs[^1].LastTime < published.RecordedAt || runs[^1].Last < published.Position) return false;
        Index.Skip(runs);
        _log.StartAfter(Manifest, runs[^1].End);
        _options.BranchTaken?.Invoke(RecoveryBranch.RunsAdopted);
        return true;
    }

    /// <summary>A run that contains only cells is valid without their segments. The missing segments are reported as damage all the same.</summary>
    void ReportMissingBefore(in LogLocation end)
    {
        for (var i = 0; !end.IsIn(Manifest.Segments[i]); i++)
        {
            var header = Manifest.Segments[i];
            if (Directory.Find(header.BasePosition, header.Generation) is null && (_isAlone || !_published.IsReplaced(header))) _segments.AddSegment(header, Manifest.Segments[i + 1].BasePosition);
        }
    }

    void AdoptRuns()
    {
        var active = Index.Active;
        if (active.Items < _adoptAt && active.Bytes < _adoptBytesAt) return;
        (_adoptAt, _adoptBytesAt) = (active.Items + _options.MemoryFactsMax, active.Bytes + _options.MemoryBytesMax);
        var runs = OpenRuns();
        if (runs.Count == 0 || runs[^1].LastTime <= active.StartTime || runs[^1].LastTime > Index.LastTime || runs[^1].Last >= Index.Next || active.HasUnknown) return;
        var end = runs[^1].End;
        Index.Adopt(runs, location => !Manifest.IsBefore(location, end));
        (_adoptAt, _adoptBytesAt) = (2L * _options.MemoryFactsMax, 2L * _options.MemoryBytesMax);
        _options.BranchTaken?.Invoke(RecoveryBranch.RunsAdopted);
    }

    List<Run> OpenRuns()
    {
        Directory.Follow(Manifest);
        HashSet<string>? names = null;
        for (var i = 0; i < Manifest.Segments.Count; i++)
        {
            var header = Manifest.Segments[i];
            if (Directory.Find(header.BasePosition, header.Generation) is not null) continue;
            names ??= _files.List(_layout.Segments).ToHashSet(StringComparer.Ordinal);
            var until = i + 1 < Manifest.Segments.Count ? Manifest.Segments[i + 1].BasePosition : header.BasePosition;
            var segment = names.Contains(header.Name) ? _segments.AddSegment(header, until, names) : null;
            if (Manifest.EndOf(i) is { } end) segment?.RaiseFoundEnd(end);
        }

        var runs = OpenWhole();
        for (var i = 0; i < runs.Count; i++)
            if (runs[i].HasMissingSegment) return runs.GetRange(0, i);
        return runs;
    }

    /// <summary>Opens all runs. If a writer merges runs meanwhile, it opens them again, because they then have other names.</summary>
    List<Run> OpenWhole()
    {
        for (var attempt = 1; ; attempt++)
        {
            var names = _files.List(_layout.Index);
            var runs = Runs.Open(Manifest, Directory);
            if (attempt == OpeningsOfRunsMax || !names.Except(_files.List(_layout.Index), StringComparer.Ordinal).Any()) return runs;
            foreach (var run in runs) run.Dispose();
        }
    }

    /// <summary>Everything that is not in a run is in memory, so its amount is limited.</summary>
    void RefuseTooMuch()
    {
        if (Index.Active.Items > _options.ReadOnlyFactsMax)
            throw new LedgerIndexException(_layout.Root, $"more than {_options.ReadOnlyFactsMax:N0} facts, cells and append ids are not in its index");
    }

    void RefuseFork()
    {
        var now = _published.ReadManifest(out _);
        if (now.Epoch != Manifest.Epoch) throw LedgerForkedException.ByEpoch(Manifest.Epoch, now.Epoch, now.LastCommonWith(Manifest.Epoch), Published?.Position ?? Position.None);
    }

    void ReadUpTo(HeadSlot slot)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (TryReadUpTo(slot)) break;
            if (_isAlone || attempt == Attempts) // there is no writer that could create it
            {
                if (_isAlone) ReadToLastListed(isMoreMissing: true);
                var path = _layout.Segment(slot.SegmentBase, slot.SegmentGeneration);
                var first = Index.Next <= slot.Position ? Index.Next : Position.None;
                _damage.Add(new Damage(path, 0, first, first == Position.None ? first : slot.Position, "The segment that HEAD names, or one before it, is missing."));
                Index.AddHoles(slot.Position);
                Index.MarkCellsUnknown();
                break;
            }

            // The writer may have made progress between two reads.
            _published.WaitForWriter();
            Manifest = _published.ReadManifest(out _);
            if (_published.ReadHead(out _) is { } newer && newer.LedgerId == slot.LedgerId) slot = newer;
        }

        Published = slot;
        _options.BranchTaken?.Invoke(RecoveryBranch.ReadOnlyRefresh);
    }

    /// <summary>Reads to the published end; false when files are missing that a writer may have replaced.</summary>
    bool TryReadUpTo(HeadSlot slot)
    {
        var header = _log.Current is { } current && slot.IsIn(current.Header) ? current.Header : null;
        if (header is null)
        {
            // Next to a writer, the manifest may be older or newer than the head. The segment that the head names is found by its file name.
            if (!_isAlone && slot.ManifestGeneration > Manifest.Generation) Manifest = _published.ReadManifest(out _);
            header = Manifest.Segments.FirstOrDefault(slot.IsIn) ?? (_isAlone ? null : _published.HeaderOf(slot));
            if (header is null) return false;

            var chain = Manifest.Segments.Where(segment => segment.Sequence < header.Sequence).Append(header).ToList();
            _log.SetRemainingBytes(chain, slot.FileOffset);
            if (!_log.TryReadSealed(chain)) return false;
        }

        var until = slot.Position.Next();
        if (!_log.TryEnter(header, until, out var isReplaced) && isReplaced) return false;
        if (_log.Current?.Header.Name != header.Name) return Index.Next >= until; // HEAD may be older than the runs, or of another copy
        if (_options.Defect == Defect.ReadBeyondHead) _log.ReadTo(_log.Current!.File.Length, until: null);
        else _log.ReadTo(slot.FileOffset, until);
        return Index.Next >= until;
    }

    /// <summary>Reads the listed segments when no published end is in one of them. What is certainly durable then ends where the last group begins.</summary>
    void ReadToLastListed(bool isMoreMissing)
    {
        if (!_log.TryReadSealed(Manifest.Segments) || !_log.TryEnter(Manifest.Last, Manifest.Last.BasePosition, out _)) return;
        var last = _log.Current!;
        var end = TailExamination.Run(_segments.Reader(last), _log.FileOffset, _log.Next, null, indexedEnd: null, timeBefore: 0, isMoreMissing, _options);
        _log.ReadTo(end.IsDamaged ? end.DurableEnd : end.UntrustedFrom, end.IsDamaged ? end.DurableNext : null);
        if (_damage.Count > 0) _segments.MarkCellsUnknownAfter(last, _log.FileOffset);
    }
}
