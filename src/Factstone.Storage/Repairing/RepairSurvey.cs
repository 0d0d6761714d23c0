namespace Factstone.Storage;

/// <summary>Reads the whole log and decides what the repair does with each segment. Changes nothing.</summary>
internal sealed class RepairSurvey(IFileSystem files, LedgerLayout layout, StorageOptions options, Action<long, long>? progress, CancellationToken cancellationToken) : IDisposable
{
    readonly ManifestFile _manifests = new(files, layout);
    readonly FileWindow _window = new(64 * 1_024, 1_024 * 1_024);
    readonly FileWindow _second = new(64 * 1_024, 1_024 * 1_024);
    readonly List<Damage> _damage = [];
    readonly List<string> _unreadable = [];
    IndexedEnd? _indexedEnd;
    long _bytesRead;
    long _bytes;

    public Manifest Manifest { get; private set; } = null!;

    /// <summary>Whether the manifest had to be rebuilt, so that a file that is not listed may still belong to the log.</summary>
    public bool ManifestWasRebuilt { get; private set; }

    /// <summary>The highest known generation of a manifest. The log continues with a higher sequence, which a rebuilt manifest takes as its generation.</summary>
    public long LastGeneration { get; private set; }

    public RepairScan Scan { get; } = new();

    public IReadOnlyList<Damage> Damage => _damage;

    public List<SegmentPlan> Segments { get; private set; } = [];

    /// <summary>Segments whose header is unreadable and cannot be reconstructed.</summary>
    public IReadOnlyList<string> Unreadable => _unreadable;

    /// <summary>Whether something is missing that only HEAD or the index shows.</summary>
    public bool IsLastMissing { get; private set; }

    /// <summary>The last known epoch of the ledger.</summary>
    public long LastEpoch { get; private set; }

    /// <summary>Segments with content that is not in the log and does not continue it.</summary>
    public IReadOnlyList<string> Foreign { get; private set; } = [];

    /// <summary>Segments that need not be kept: their whole content is in the log.</summary>
    public IReadOnlyList<UnlistedSegment> Removable { get; private set; } = [];

    /// <summary>Whether an open has set segments aside that no repair has recorded yet.</summary>
    public bool HasSetAside { get; private set; }

    /// <summary>The position after the last one that exists or is lost.</summary>
    public Position Next { get; private set; }

    /// <summary>The end of the live part of the last segment, if that stays unchanged.</summary>
    public long TailEnd { get; private set; }

    /// <summary>The last RecordedAt before the carried frames.</summary>
    public long TimeBeforeCarried { get; private set; }

    /// <summary>Frames after the live part of the last segment, which are written again as after any crash.</summary>
    public List<byte[]> Carried { get; } = [];

    public List<FrameHeader> CarriedHeaders { get; } = [];

    /// <summary>The number of torn bytes after these frames.</summary>
    public long TornBytes { get; private set; }

    public long TornFrom { get; private set; }

    public void Run(HeadSlot? head)
    {
        ReadManifest(head);
        if (head is { } foreign && foreign.LedgerId != Manifest.LedgerId) head = null;
        LastGeneration = Math.Max(Manifest.Generation, head?.ManifestGeneration ?? 0);
        LastEpoch = Math.Max(Manifest.Epoch, head?.Epoch ?? 0);
        var runs = new RunDirectory(files, layout, options, new FilePool(files, options));
        _indexedEnd = runs.FindIndexedEnd(Manifest);
        if (runs.LastEpoch > Manifest.Epoch) _damage.Add(LedgerOpening.LaterEpoch(layout, runs.LastEpoch, Manifest.Epoch, "The index"));
        LastEpoch = Math.Max(LastEpoch, runs.LastEpoch);
        if (head?.ManifestGeneration > Manifest.Generation)
        {
            // Each manifest is durable before the head that names it.
            IsLastMissing = true;
            _damage.Add(new Damage(layout.Segments, 0, Position.None, Position.None, "HEAD names a newer MANIFEST: the newest segments are missing."));
        }

        if (head is { } found && found.Epoch != Manifest.Epoch)
        {
            if (found.Epoch > Manifest.Epoch) _damage.Add(LedgerOpening.LaterEpoch(layout, found.Epoch, Manifest.Epoch));
            head = null;
        }

        _bytes = Segments.Where(segment => segment.Source is not null).Sum(segment => segment.End ?? 0);
        for (var i = 0; i < Segments.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var segment = Segments[i];
            if (segment.Until is { } until)
            {
                ReadSealed(segment, until);
                Next = until;
            }
            else ReadLast(segment, head);
        }

        if (head is { } published) Scan.Passed(published.RecordedAt);
        if (_indexedEnd is { } indexedEnd) Scan.Passed(indexedEnd.LastTime);
    }

    /// <summary>A damaged segment, opened to be read again.</summary>
    public FrameReader? Reader(SegmentPlan segment, out Segment? opened)
    {
        opened = segment.Source is { } path ? new Segment(files.Open(path, FileOpening.ReadOnly), segment.Header) : null;
        _window.Forget();
        return opened is null ? null : new FrameReader(opened, _window, options.Defect);
    }

    public void Dispose()
    {
        _window.Dispose();
        _second.Dispose();
    }

    void ReadManifest(HeadSlot? head)
    {
        var inventory = SegmentInventory.Take(files, layout, head);
        if (inventory.Manifest is not { } manifest)
            throw LostLedger.Find(files, layout, head, new RunDirectory(files, layout, options, new FilePool(files, options))) ?? (FactstoneException)new LedgerNotFoundException(layout.Root, "it has no manifest and no segments.");
        _damage.AddRange(inventory.Damage);
        Foreign = [.. inventory.Unlisted.Where(static one => one.Kind == UnlistedKind.Foreign).Select(static one => one.Name)];
        Removable = [.. inventory.Unlisted.Where(static one => !one.IsDamage)];
        HasSetAside = SetAsideSegments.Read(files, layout, manifest.Epoch).Count > 0;
        Manifest = manifest;
        if (!inventory.ManifestWasRebuilt && !inventory.HasGap)
        {
            Segments = new SegmentPlans(files, layout, Manifest).WithBeginning([]);
            return;
        }

        // If segments follow a gap, what is missing in between is lost, as without a manifest.
        ManifestWasRebuilt = true;
        var headers = _manifests.ReadHeaders();
        if (inventory.ManifestWasRebuilt) _unreadable.AddRange(headers.Where(one => one.Header is null).Select(one => one.Name));
        var whole = headers.Where(one => one.Header?.Name == one.Name && one.Header.LedgerId == manifest.LedgerId).Select(one => one.Header!).ToList();
        Manifest = ManifestFile.Rebuild([.. whole.Select(static header => (header.Name, (SegmentHeader?)header))])!;
        Segments = new SegmentPlans(files, layout, Manifest, _unreadable, head).WithBeginning(whole);
    }

    void ReadSealed(SegmentPlan plan, Position until)
    {
        var header = plan.Header;
        using var segment = Open(plan, out var isHeaderWhole);
        if (segment is null)
        {
            ReportMissing(plan, until, "The file is missing, or nothing in it can be read.");
            return;
        }

        var reader = new FrameReader(segment, _window, options.Defect);
        var end = plan.End ?? SegmentWalk.EndBefore(reader, segment.Length, until);
        var walk = SegmentWalk.Run(reader, SegmentHeader.Bytes, end, header.BasePosition, Scan);
        Read(end);
        var isWell = walk.FileOffset == end && walk.Next == until && isHeaderWhole && plan.End is not null;
        if (isWell) return;
        plan.Salvaged = Salvage(segment, reader, walk, end, until);
    }

    void ReadLast(SegmentPlan plan, HeadSlot? head)
    {
        var header = plan.Header;
        using var segment = Open(plan, out var isHeaderWhole);
        if (segment is null)
        {
            var last = LastOfMissing(header, head);
            Next = new Position(Math.Max(last.Value + 1, header.BasePosition.Value));
            ReportMissing(plan, Next, "The file is missing.");
            return;
        }

        var reader = new FrameReader(segment, _window, options.Defect);
        var end = Examine(reader, header, head);
        Read(segment.Length);
        if (!end.IsDamaged && isHeaderWhole)
        {
            ReadTail(segment, reader, end);
            return;
        }

        // The part that is known to be durable is not everything: a whole frame after it may have been acknowledged. If later segments are missing, it may also be obsolete.
        (var liveEnd, Next) = end.IsBeforeMissing ? (end.DurableEnd, end.DurableNext) : EndOfWholeFrames(reader, end, segment.Length);
        var walk = SegmentWalk.Run(reader, SegmentHeader.Bytes, end.IsBeforeMissing ? end.KeptEnd : end.Walk.FileOffset, header.BasePosition, Scan);
        plan.Salvaged = Salvage(segment, reader, walk, liveEnd, Next);
    }

    /// <summary>The last position that a missing last segment can have had. HEAD or the index says it if either names that segment or a later one; otherwise it is bounded by the size of a segment.</summary>
    Position LastOfMissing(SegmentHeader header, HeadSlot? head)
    {
        var known = Math.Max(head?.Position.Value ?? 0, _indexedEnd?.Last.Value ?? 0);
        return new Position(known >= header.BasePosition.Value ? known : header.BasePosition.Value - 1 + (StorageOptions.SegmentSizeBytesMax / SegmentPlans.FactBytesMin));
    }

    LogEnd Examine(FrameReader reader, SegmentHeader header, HeadSlot? head)
    {
        var end = TailExamination.Run(reader, SegmentHeader.Bytes, header.BasePosition, head, _indexedEnd, header.BaseTime, IsLastMissing || LastEpoch > Manifest.Epoch, options with { BranchTaken = null });
        if (end.IsShortened)
        {
            _damage.Add(_indexedEnd!.Value.Damage(end.Walk.Next));
            IsLastMissing = true;
        }

        if (!end.IsClean) return end;

        // An open trusts a clean end without reading what comes before it.
        var walk = SegmentWalk.Run(reader, SegmentHeader.Bytes, end.Walk.FileOffset, header.BasePosition, NullVisitor.Instance);
        return walk.FileOffset == end.Walk.FileOffset && walk.Next == end.Walk.Next
            ? end
            : end with { Walk = walk, IsClean = false, IsDamaged = true, DurableEnd = end.Walk.FileOffset, DurableNext = end.Walk.Next };
    }

    static (long FileOffset, Position Next) EndOfWholeFrames(FrameReader reader, LogEnd end, long length)
    {
        var last = end.IsDamaged && end.DurableEnd > end.Walk.FileOffset ? end.DurableEnd : end.Walk.FileOffset;
        var next = end.IsDamaged && end.DurableNext > end.Walk.Next ? end.DurableNext : end.Walk.Next;
        for (var at = end.Walk.FileOffset; reader.TryFindHeader(at, length, out var header); at = header.FileOffset + FrameFormat.Alignment)
        {
            var behind = new Position(header.BasePosition.Value + header.FactCount);
            if (behind < next || !reader.IsWhole(header)) continue;
            (last, next) = (Math.Max(last, header.End), behind);
        }

        return (last, next);
    }

    /// <summary>The last segment is undamaged: the frames that a recovery would write again go into the next one, with the receipt.</summary>
    void ReadTail(Segment segment, FrameReader reader, LogEnd end)
    {
        TailEnd = end.IsClean ? end.Walk.FileOffset : end.UntrustedFrom;
        SegmentWalk.Run(reader, SegmentHeader.Bytes, TailEnd, segment.Header.BasePosition, Scan);
        TimeBeforeCarried = Math.Max(Scan.LastTime, segment.Header.BaseTime);
        for (var at = TailEnd; at < end.Walk.FileOffset;)
        {
            var isFrame = reader.TryReadHeader(at, out var header);
            Invariant.Holds(isFrame);
            if (header.Kind == FrameKind.Batch)
            {
                CarriedHeaders.Add(header);
                Carried.Add(reader.Bytes(header).ToArray());
            }

            at = header.End;
        }

        SegmentWalk.Run(reader, TailEnd, end.Walk.FileOffset, CarriedHeaders.Count > 0 ? CarriedHeaders[0].BasePosition : end.Walk.Next, Scan);
        Next = end.Walk.Next;
        TornFrom = end.Walk.FileOffset;
        TornBytes = end.IsClean ? 0 : TornTail.Length(segment.File, end.Walk.FileOffset);
    }

    Segment? Open(SegmentPlan plan, out bool isHeaderWhole)
    {
        isHeaderWhole = false;
        if (plan.Source is not { } path) return null;
        var segment = new Segment(files.Open(path, FileOpening.ReadOnly), plan.Header);
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        var read = segment.Read(bytes, 0);
        var onDisk = SegmentHeader.Read(bytes[..read], out var newerFormat);
        if (newerFormat != 0)
        {
            segment.Dispose();
            throw new LedgerFormatException(path, newerFormat, LedgerLayout.Format);
        }

        isHeaderWhole = onDisk == plan.Header;
        if (!isHeaderWhole) _damage.Add(new Damage(path, 0, Position.None, Position.None, "The header of the segment is damaged; the manifest has a copy of it."));
        _window.Forget();
        _second.Forget();
        return segment;
    }

    SalvagedSegment Salvage(Segment segment, FrameReader reader, WalkEnd walk, long end, Position until)
    {
        var salvage = new SegmentSalvage(new FrameReader(segment, _second, options.Defect), Scan, until);
        salvage.Begin(SegmentHeader.Bytes, walk.FileOffset, segment.Header.BasePosition, walk.Next);
        if (walk.FileOffset < end || walk.Next < until) new DamageWalk(reader, salvage, _damage).Run(walk.FileOffset, end, walk.Next, until);
        return salvage.Finish(segment.Header.BaseTime);
    }

    void ReportMissing(SegmentPlan plan, Position until, string what)
    {
        var first = plan.Header.BasePosition;
        var hasFacts = until > first;
        _damage.Add(new Damage(layout.Segment(first, plan.Header.Generation), 0, hasFacts ? first : Position.None, hasFacts ? new Position(until.Value - 1) : Position.None, what));
        plan.Salvaged = SegmentSalvage.Nothing(first, until, Scan);
    }

    void Read(long bytes)
    {
        _bytesRead += bytes;
        _bytes = Math.Max(_bytes, _bytesRead);
        progress?.Invoke(_bytesRead, _bytes);
    }
}
