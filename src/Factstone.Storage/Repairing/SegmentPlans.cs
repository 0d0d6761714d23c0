namespace Factstone.Storage;

/// <summary>Lists what a repair decides on: the segments of the log, and in their places those that are missing.</summary>
internal sealed class SegmentPlans
{
    /// <summary>The size of the smallest possible fact: lengths, the fields that are never absent, checksums and salt. So a file contains at most its bytes divided by this.</summary>
    public const int FactBytesMin = 5 + 12 + FactFormat.ChecksumBytes + FactHash.SaltBytes;

    const int ChunkBytes = 256 * 1_024;

    readonly IFileSystem _files;
    readonly LedgerLayout _layout;
    readonly Manifest _manifest;
    readonly List<SegmentPlan> _plans;

    /// <summary>The segments of a manifest that was found.</summary>
    public SegmentPlans(IFileSystem files, LedgerLayout layout, Manifest manifest)
    {
        (_files, _layout, _manifest) = (files, layout, manifest);
        _plans = Plans(manifest.Segments, until: null);
    }

    /// <summary>The segments of a manifest that was rebuilt, and what may have come after them.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="layout">The paths of the ledger.</param>
    /// <param name="manifest">Rebuilt from the headers of the segments.</param>
    /// <param name="unreadable">Names of segments whose header is unreadable.</param>
    /// <param name="head">What <c>HEAD</c> says; null where it says nothing.</param>
    public SegmentPlans(IFileSystem files, LedgerLayout layout, Manifest manifest, IReadOnlyList<string> unreadable, HeadSlot? head)
    {
        (_files, _layout, _manifest) = (files, layout, manifest);
        _plans = WithLostEnd(unreadable, head);
    }

    List<SegmentPlan> Plans(IReadOnlyList<SegmentHeader> segments, Position? until) =>
        [.. segments.Select((header, i) => new SegmentPlan(header)
        {
            Source = PathOf(header),
            End = Manifest.EndOf(segments, i),
            Until = i + 1 < segments.Count ? segments[i + 1].BasePosition : until,
        })];

    string? PathOf(SegmentHeader header)
    {
        var path = _layout.Segment(header.BasePosition, header.Generation);
        return _files.FileExists(path) ? path : null;
    }

    /// <summary>Without a manifest, a file after the last segment with an unreadable header may be what was written last: everything that it can have contained is lost.</summary>
    List<SegmentPlan> WithLostEnd(IReadOnlyList<string> unreadable, HeadSlot? head)
    {
        var segments = _manifest.Segments;
        var last = segments[^1];
        var lost = new List<(Position First, int Generation, Position Last)>();
        foreach (var name in unreadable)
        {
            if (!LedgerLayout.TryReadSegmentName(name, out var first, out var generation) || first < last.BasePosition || generation == 0) continue;
            if (first == last.BasePosition && generation < last.Generation) continue;
            lost.Add((first, generation, LastPossible(name, first, generation, head is { } slot && slot.LedgerId == _manifest.LedgerId ? head : null)));
        }

        if (lost.Count == 0) return Plans(segments, until: null);

        var begin = lost.Min(one => one.First);
        var plans = Plans(segments, begin);
        plans.Add(new SegmentPlan(last with
        {
            Sequence = last.Sequence + 1,
            BasePosition = begin,
            Generation = lost.Where(one => one.First == begin).Max(one => one.Generation),
            PreviousBase = last.BasePosition,
            PreviousGeneration = last.LinkGeneration,
            FirstGeneration = 0,
            LiveEnd = 0,
            LastLost = 0,
        })
        { Until = lost.Max(one => one.Last).Next() });
        return plans;
    }

    /// <summary>The last position that can have been assigned in an unreadable file. HEAD says it if the writer closed the ledger there; otherwise it is bounded by the size of the file.</summary>
    Position LastPossible(string name, Position first, int generation, HeadSlot? head)
    {
        var path = $"{_layout.Segments}/{name}";
        using (var file = _files.Open(path, FileOpening.ReadOnly))
            if (head is { IsClean: true } end && end.SegmentBase == first && end.SegmentGeneration == generation && end.FileOffset == file.Length) return end.Position;
        return new Position(Math.Max(first.Value - 1 + (WrittenBytes(path) / FactBytesMin), head?.Position.Value ?? 0));
    }

    /// <summary>Without a manifest the list ends at a missing segment that the next one names. Existing segments before it are found; the rest is lost.</summary>
    /// <param name="whole">The headers of all segments that are readable.</param>
    public List<SegmentPlan> WithBeginning(List<SegmentHeader> whole)
    {
        for (var first = _plans[0].Header; first.PreviousGeneration > 0; first = _plans[0].Header)
        {
            var earlier = whole.Where(header => header.Sequence < first.Sequence && header.BasePosition <= first.PreviousBase && header.RepairEpoch <= _manifest.Epoch)
                .MaxBy(header => (header.Sequence, header.Generation));
            var missing = first with
            {
                Sequence = Math.Max(first.Sequence - 1, 1),
                BasePosition = first.PreviousBase,
                Generation = first.PreviousGeneration,
                FirstGeneration = 0,
                LiveEnd = 0,
                LastLost = 0,
                PreviousBase = earlier?.BasePosition ?? Position.None,
                PreviousGeneration = earlier?.LinkGeneration ?? 0,
            };
            _plans.Insert(0, new SegmentPlan(missing) { Until = first.BasePosition });
            if (earlier is null) break;
            _plans.InsertRange(0, Plans(ManifestFile.Chain(earlier, whole, _manifest.Epoch), first.PreviousBase));
        }

        if (_plans[0].Header.BasePosition == new Position(1)) return _plans;

        var second = _plans[0].Header;
        var before = second with { Sequence = Math.Max(second.Sequence - 1, 1), BasePosition = new Position(1), Generation = 1, FirstGeneration = 0, LiveEnd = 0, LastLost = 0, PreviousBase = Position.None, PreviousGeneration = 0, PreviousEnd = 0 };
        _plans[0].Header = second with { PreviousBase = before.BasePosition, PreviousGeneration = before.Generation };
        _plans.Insert(0, new SegmentPlan(before) { Until = second.BasePosition });
        return _plans;
    }

    long WrittenBytes(string path)
    {
        using var file = _files.Open(path, FileOpening.ReadOnly);
        var buffer = new byte[ChunkBytes];
        for (var at = file.Length; at > 0;)
        {
            var from = Math.Max(at - ChunkBytes, 0);
            var read = file.Read(buffer.AsSpan(0, (int)(at - from)), from);
            var last = buffer.AsSpan(0, read).LastIndexOfAnyExcept((byte)0);
            if (last >= 0) return from + last + 1;
            at = from;
        }

        return 0;
    }
}
