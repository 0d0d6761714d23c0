namespace Factstone.Storage;

/// <summary>Decides which segment files form the log, from <c>MANIFEST</c>, <c>HEAD</c> and the existing files. It changes nothing.</summary>
/// <remarks>
/// The files can be of different ages: after a crash between two steps, or after some were overwritten by older copies.
/// Always true: a segment is classified as removable only if each complete append in it was found in the log as well.
/// No writer may be active meanwhile.
/// </remarks>
internal sealed class SegmentInventory
{
    readonly IFileSystem _files;
    readonly LedgerLayout _layout;
    readonly ManifestFile _manifests;
    readonly Defect _defect;
    readonly List<Damage> _damage = [];
    readonly List<UnlistedSegment> _unlisted = [];
    Position? _lastListed;

    SegmentInventory(IFileSystem files, LedgerLayout layout, Defect defect)
    {
        (_files, _layout, _defect) = (files, layout, defect);
        _manifests = new ManifestFile(files, layout);
    }

    /// <summary>The segments of the log; null when there are none.</summary>
    public Manifest? Manifest { get; private set; }

    /// <summary>Whether <c>MANIFEST</c> was missing, damaged or of another ledger, so that this one was built from the headers of the segments.</summary>
    public bool ManifestWasRebuilt { get; private set; }

    /// <summary>Whether <c>MANIFEST</c> was older than the log, so that segments were added that continue the log without a gap.</summary>
    public bool HasAdopted { get; private set; }

    /// <summary>Segment files that are not in <see cref="Manifest"/>.</summary>
    public IReadOnlyList<UnlistedSegment> Unlisted => _unlisted;

    /// <summary>The last known position in segments after a gap; none when there is no gap.</summary>
    public Position LastAfterGap => _unlisted.Where(static one => one.Kind == UnlistedKind.Later).Select(static one => one.Last).DefaultIfEmpty().Max();

    public bool HasGap => _unlisted.Exists(static one => one.Kind == UnlistedKind.Later);

    /// <summary>The damage that the inventory has found.</summary>
    public IReadOnlyList<Damage> Damage => _damage;

    /// <summary>Takes the inventory of the directory of segments.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="layout">The paths of the ledger.</param>
    /// <param name="head">The content of <c>HEAD</c>, of any ledger and epoch; null if it has none.</param>
    /// <param name="defect">A planted defect.</param>
    /// <exception cref="LedgerDamagedException">There are segments, but none identifies the ledger, or they do not agree.</exception>
    public static SegmentInventory Take(IFileSystem files, LedgerLayout layout, HeadSlot? head, Defect defect = Defect.None)
    {
        var inventory = new SegmentInventory(files, layout, defect);
        inventory.Run(head);
        return inventory;
    }

    void Run(HeadSlot? head)
    {
        Compare(head);
        NoteSetAside();
    }

    void Compare(HeadSlot? head)
    {
        var listed = _manifests.Read();
        var names = _files.List(_layout.Segments).Where(LedgerLayout.IsSegment).ToList();
        Manifest = listed;

        // The usual case: there are only listed segments, and only one file has to be opened.
        if (listed is not null && head?.LedgerId == listed.LedgerId && names.TrueForAll(listed.Segments.Select(static segment => segment.Name).ToHashSet().Contains) && IsOfLedger(listed)) return;

        var headers = _manifests.ReadHeaders();
        if (listed is null && headers.Count == 0) return;

        var ledgerId = LedgerIdOf(listed, head, headers) ?? throw DifferentLedgers(listed, head, headers);
        var own = headers.Where(one => one.Header?.Name == one.Name && one.Header.LedgerId == ledgerId).Select(static one => one.Header!).ToList();
        using var frames = new SegmentFrames(_files, _layout);
        if (listed is null || listed.LedgerId != ledgerId) Rebuild(headers, own);
        else Manifest = Extend(listed, own, head, frames);
        Classify(headers, own, frames);
        _damage.AddRange(_unlisted.Where(static one => one.IsDamage).Select(one => one.Damage(_layout)));
    }

    /// <summary>Whether the last listed segment, if it can be read, is of the same ledger as the manifest.</summary>
    bool IsOfLedger(Manifest listed)
    {
        var path = _layout.Segment(listed.Last.BasePosition, listed.Last.Generation);
        return !_files.FileExists(path) || _manifests.ReadHeader(path) is not { } header || header.LedgerId == listed.LedgerId;
    }

    /// <summary>The ledger id of most files, if it is also the id of most segments; null if there is no majority.</summary>
    static LedgerId? LedgerIdOf(Manifest? listed, HeadSlot? head, IReadOnlyList<(string Name, SegmentHeader? Header)> headers)
    {
        var ofSegments = headers.Where(static one => one.Header is not null).Select(static one => one.Header!.LedgerId).ToList();
        var all = ofSegments.ToList();
        if (listed is not null) all.Add(listed.LedgerId);
        if (head is { } slot) all.Add(slot.LedgerId);
        if (all.Count == 0) return default(LedgerId);
        if (MostOf(all) is not { } most) return null;
        return ofSegments.Count == 0 || MostOf(ofSegments) == most ? most : null;
    }

    static LedgerId? MostOf(List<LedgerId> ids)
    {
        var groups = ids.GroupBy(static id => id).Select(static group => (Id: group.Key, Count: group.Count())).OrderByDescending(static group => group.Count).ToList();
        return groups.Count == 1 || groups[0].Count > groups[1].Count ? groups[0].Id : null;
    }

    LedgerDamagedException DifferentLedgers(Manifest? listed, HeadSlot? head, IReadOnlyList<(string Name, SegmentHeader? Header)> headers)
    {
        var files = headers.Where(static one => one.Header is not null).Select(one => (Path: $"{_layout.Segments}/{one.Name}", Id: one.Header!.LedgerId)).ToList();
        if (listed is not null) files.Add((_layout.Manifest, listed.LedgerId));
        if (head is { } slot) files.Add((_layout.Head, slot.LedgerId));
        return new LedgerDamagedException(
            $"The ledger in '{_layout.Root}' cannot be opened: its files belong to different ledgers, and it is not clear which one it is. Put the right files back, or move the files of the other ledger away.",
            [.. files.Select(static file => new Damage(file.Path, 0, Position.None, Position.None, $"The file belongs to ledger {file.Id}."))]);
    }

    void Rebuild(IReadOnlyList<(string Name, SegmentHeader? Header)> headers, List<SegmentHeader> own)
    {
        ManifestWasRebuilt = true;
        _damage.AddRange(_manifests.Unreadable(headers));
        Manifest = ManifestFile.Rebuild([.. own.Select(static header => (header.Name, (SegmentHeader?)header))]) ?? throw new LedgerDamagedException(
            $"The ledger in '{_layout.Root}' cannot be opened: its manifest is missing or damaged, and no segment identifies the ledger.",
            [.. _manifests.Unreadable(headers)]);
    }

    /// <summary>The listed segments, and those that continue them. <c>MANIFEST</c> is older than the log if it was replaced by an old copy.</summary>
    Manifest Extend(Manifest listed, List<SegmentHeader> own, HeadSlot? head, SegmentFrames frames)
    {
        if (_defect == Defect.UnlinkUnlisted) return listed;
        if (LongestContinuation(listed, own) is not { } newest) return listed;

        // A repair takes effect when the manifest is replaced. Then HEAD names the newer manifest, or the files that the
        // repair replaced are missing.
        var added = newest.Segments.Where(header => listed.Segments.All(one => one.Name != header.Name)).ToList();
        var isRepair = newest.Epoch > listed.Epoch || added.Exists(static header => header.FirstGeneration > 0);
        var isDone = head?.ManifestGeneration > listed.Generation || AreReplacedGone(listed, newest);
        if (isRepair ? !isDone || !Keeps(listed, newest, added, frames) : !Continues(listed, newest, added, frames, head)) return listed;
        HasAdopted = true;
        return newest with { Generation = Math.Max(newest.Generation, listed.Generation + 1) };
    }

    /// <summary>The listed segments and all consecutive segments after them; null when there is none. There may be more segments after a gap.</summary>
    static Manifest? LongestContinuation(Manifest listed, List<SegmentHeader> own)
    {
        var all = own.UnionBy(listed.Segments, static header => header.Name).ToList();
        foreach (var sequence in own.Select(static header => header.Sequence).Where(sequence => sequence > listed.Last.Sequence).Distinct().OrderDescending())
        {
            var upTo = all.Where(header => header.Sequence <= sequence).Select(static header => (header.Name, (SegmentHeader?)header)).ToList();
            if (ManifestFile.Rebuild(upTo) is { } newest && newest.Last.Sequence > listed.Last.Sequence && Covers(newest, listed)) return newest;
        }

        return null;
    }

    /// <summary>Whether the newer list contains every listed segment, or the segment with which a repair replaced it. The last listed segment may be missing if it had no live frame.</summary>
    static bool Covers(Manifest newest, Manifest listed)
    {
        var locations = newest.Segments.Select(static header => (header.BasePosition, header.LinkGeneration)).ToHashSet();
        return listed.Segments.SkipLast(1).All(header => locations.Contains((header.BasePosition, header.LinkGeneration)))
            && (locations.Contains((listed.Last.BasePosition, listed.Last.LinkGeneration)) || IsLastDropped(newest, listed));
    }

    static bool IsLastDropped(Manifest newest, Manifest listed) =>
        newest.Segments.Any(header => header.Sequence > listed.Last.Sequence && header.PreviousBase == listed.Last.PreviousBase && header.PreviousGeneration == listed.Last.PreviousGeneration);

    bool AreReplacedGone(Manifest listed, Manifest newest)
    {
        var names = newest.Segments.Select(static header => header.Name).ToHashSet();
        var locations = newest.Segments.Select(static header => (header.BasePosition, header.LinkGeneration)).ToHashSet();
        var replaced = listed.Segments.Where(header => !names.Contains(header.Name) && locations.Contains((header.BasePosition, header.LinkGeneration))).ToList();
        return replaced.Count > 0 && replaced.TrueForAll(header => !_files.FileExists(_layout.Segment(header.BasePosition, header.Generation)));
    }

    /// <summary>Whether the added segments contain every complete append of the listed segments that is not live in the newer list. A segment of another epoch may be of a copy that diverged.</summary>
    static bool Keeps(Manifest listed, Manifest newest, List<SegmentHeader> added, SegmentFrames frames)
    {
        var position = Position.None;
        var inAdded = added.SelectMany(header => frames.Digests(header, SegmentHeader.Bytes, ref position)).ToHashSet();
        foreach (var header in listed.Segments)
        {
            var index = newest.Segments.ToList().FindIndex(one => one.Name == header.Name);
            if (index >= 0 && header != listed.Last) continue;
            var end = newest.Segments.FirstOrDefault(one => one.PreviousBase == header.BasePosition && one.PreviousGeneration == header.LinkGeneration)?.PreviousEnd;
            var from = index < 0 ? SegmentHeader.Bytes : newest.EndOf(index) ?? SegmentHeader.Bytes;
            if (!frames.Digests(header, from, ref position, unlessLastFrom: end).IsSubsetOf(inAdded)) return false;
        }

        return true;
    }

    /// <summary>Whether the added segments continue at the recorded end of the last listed segment, and also contain every append after that end that may have been acknowledged.</summary>
    /// <remarks>
    /// The last group after that end may be missing in the added segments if the log has continued in them: the write of the group failed, and none of it was acknowledged.
    /// The log has continued in them if they contain appends that are not after that end, or if <c>HEAD</c> names one of them. An interrupted recovery leaves only copies of that group, and these may be incomplete.
    /// An earlier group was durable. It is missing only if this segment is of a copy that diverged.
    /// </remarks>
    static bool Continues(Manifest listed, Manifest newest, List<SegmentHeader> added, SegmentFrames frames, HeadSlot? head)
    {
        var first = added[0];
        var last = listed.Last;
        var isLastLive = first.PreviousBase == last.BasePosition && first.PreviousGeneration == last.LinkGeneration;
        if (isLastLive && frames.NextAt(last, first.PreviousEnd) != first.BasePosition) return false;
        if (!isLastLive && !IsLastDropped(newest, listed)) return false;

        var position = Position.None;
        var end = isLastLive ? first.PreviousEnd : SegmentHeader.Bytes;
        var behind = frames.Digests(last, end, ref position);
        var inAdded = added.SelectMany(header => frames.Digests(header, SegmentHeader.Bytes, ref position)).ToHashSet();
        if (behind.IsSubsetOf(inAdded)) return inAdded.Count > behind.Count || head?.ManifestGeneration > listed.Generation;
        return frames.Digests(last, end, ref position, unlessLastFrom: end).IsSubsetOf(inAdded) && (!inAdded.IsSubsetOf(behind) || (head is { } slot && added.Exists(slot.IsIn)));
    }

    void Classify(IReadOnlyList<(string Name, SegmentHeader? Header)> headers, List<SegmentHeader> own, SegmentFrames frames)
    {
        var listed = Manifest!.Segments.Select(static segment => segment.Name).ToHashSet();
        foreach (var (name, header) in headers)
        {
            if (listed.Contains(name)) continue;
            if (header is not null && own.Contains(header)) _unlisted.Add(OfOwn(header, frames));
            else if (_defect == Defect.UnlinkUnlisted || IsEmpty(name)) _unlisted.Add(new UnlistedSegment(name, UnlistedKind.Repeats, Position.None, Position.None));
            else if (Quarantine.IsReplaced(name, Manifest)) _unlisted.Add(new UnlistedSegment(name, UnlistedKind.Replaced, Position.None, Position.None));
            else if (header is not null || !ManifestWasRebuilt) _unlisted.Add(new UnlistedSegment(name, UnlistedKind.Foreign, Position.None, Position.None));
        }
    }

    UnlistedSegment OfOwn(SegmentHeader header, SegmentFrames frames)
    {
        var last = Position.None;
        var kind = _defect == Defect.UnlinkUnlisted ? UnlistedKind.Repeats
            : Quarantine.IsReplaced(header.Name, Manifest!) ? UnlistedKind.Replaced
            : IsOfUnfinishedRepair(header) || IsInLog(header, frames, ref last) ? UnlistedKind.Repeats
            : IsDropped(header) ? UnlistedKind.Replaced
            : header.Sequence > Manifest!.Last.Sequence && header.BasePosition > LastListed(frames) ? UnlistedKind.Later
            : ManifestWasRebuilt && !Manifest.IsComplete && header.Sequence < Manifest.Segments[0].Sequence ? UnlistedKind.Earlier
            : UnlistedKind.Foreign;
        return new UnlistedSegment(header.Name, kind, header.BasePosition, last);
    }

    /// <summary>The last complete position in the listed segments, without the last group, whose write may have failed. A segment that begins at or before it, and is not in the log, is of a log that diverged.</summary>
    Position LastListed(SegmentFrames frames)
    {
        if (_lastListed is { } known) return known;
        var last = new Position(Manifest!.Last.BasePosition.Value - 1);
        frames.Digests(Manifest.Last, SegmentHeader.Bytes, ref last, unlessLastFrom: SegmentHeader.Bytes);
        _lastListed = last;
        return last;
    }

    /// <summary>Whether an interrupted repair has written the segment from a file that still exists and is still listed.</summary>
    bool IsOfUnfinishedRepair(SegmentHeader header) =>
        header.FirstGeneration > 0 && Manifest!.Segments.Any(one => one.BasePosition == header.BasePosition && one.LinkGeneration == header.LinkGeneration
            && one.Generation < header.Generation && _files.FileExists(_layout.Segment(one.BasePosition, one.Generation)));

    /// <summary>Whether a recovery has started the segment again. The torn tail in the old file was never acknowledged. It may be complete after a power loss, but is ignored all the same.</summary>
    bool IsDropped(SegmentHeader header) =>
        Manifest!.Segments.Any(one => one.BasePosition == header.BasePosition && one.Generation > header.Generation && one.Sequence > header.Sequence && one.FirstGeneration == 0
            && one.PreviousBase == header.PreviousBase && one.PreviousGeneration == header.PreviousGeneration);

    bool IsInLog(SegmentHeader header, SegmentFrames frames, ref Position last)
    {
        var missing = frames.Digests(header, SegmentHeader.Bytes, ref last, withReceipts: false);
        var segments = Manifest!.Segments;
        for (var i = segments.Count - 1; i >= 0 && missing.Count > 0; i--)
        {
            var position = Position.None;
            missing.ExceptWith(frames.Digests(segments[i], SegmentHeader.Bytes, ref position));
            if (segments[i].BasePosition < header.BasePosition) break; // what lies before cannot be in it
        }

        return missing.Count == 0;
    }

    bool IsEmpty(string name)
    {
        using var file = _files.Open($"{_layout.Segments}/{name}", FileOpening.ReadOnly);
        return file.Length < SegmentHeader.Bytes || (TornTail.Length(file, 0) == 0 && file.Length <= FrameFormat.FrameBytesMax);
    }

    /// <summary>Reports segments that an open has moved to quarantine. They count as damage until a repair has recorded them.</summary>
    void NoteSetAside()
    {
        foreach (var name in Manifest is null ? [] : SetAsideSegments.Read(_files, _layout, Manifest.Epoch))
            _damage.Add(new Damage($"{_layout.Damaged}/{name}", 0, Position.None, Position.None, "An open has set this segment aside: MANIFEST did not list it, and its content is not in the log. Run 'factstone repair' to record that and to allow appends again."));
    }
}
