namespace Factstone.Storage;

/// <summary>Opens the segments of a ledger and reads them into an index, telling damage from what is well.</summary>
internal sealed class SegmentSet(IFileSystem files, LedgerLayout layout, StorageOptions options, SegmentDirectory directory, IFrameVisitor visitor, List<Damage> damage) : IDisposable
{
    readonly FileWindow _window = new(64 * 1_024, 1_024 * 1_024);
    readonly List<Segment> _open = [];
    long _bytesRead;

    /// <summary>Bytes of the log that there are to read, for the progress report.</summary>
    public long BytesInAll { get; set; }

    public IReadOnlyList<Segment> Open => _open;

    /// <summary>Opens a segment; null, and damage, when its file is gone.</summary>
    public Segment? OpenSegment(SegmentHeader header, FileOpening opening, Position until)
    {
        var path = layout.Segment(header.BasePosition, header.Generation);
        if (!files.FileExists(path))
        {
            var last = new Position(until.Value - 1);
            damage.Add(last < header.BasePosition
                ? new Damage(path, 0, Position.None, Position.None, "The file is missing.")
                : new Damage(path, 0, header.BasePosition, last, "The file is missing."));
            return null;
        }

        var segment = new Segment(files.Open(path, opening), header, header.LedgerId.Tag);
        if (options.MapsFiles) segment.Map(options.SegmentSizeBytes);
        _open.Add(segment);
        directory.Add(segment);
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        var read = segment.File.Read(bytes, 0);
        var onDisk = SegmentHeader.Read(bytes[..read], out var newerFormat);
        if (newerFormat != 0) throw new LedgerFormatException(path, newerFormat, LedgerLayout.Format);
        if (onDisk != header)
        {
            options.Took?.Invoke(RecoveryBranch.SegmentHeaderDamaged);
            damage.Add(new Damage(path, 0, Position.None, Position.None, "The header of the segment is damaged; the manifest has what it said."));
        }

        return segment;
    }

    public FrameReader Reader(Segment segment) => new(segment, _window, options.Defect);

    /// <summary>Reads a stretch of which all was durable.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="from">Where the stretch begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="next">The position of its first fact.</param>
    /// <param name="until">The position after its last fact, where that is known.</param>
    public void ReadDurable(Segment segment, long from, long end, Position next, Position? until)
    {
        // What was read ahead of the head, when it was zeros, may have been written since.
        _window.Forget();
        var reader = Reader(segment);
        var walk = SegmentWalk.Run(reader, from, end, next, visitor);
        if (walk.FileOffset < end || (until is { } expected && walk.Next != expected))
        {
            // Where nobody says how many facts there should be, whatever is found behind the damage counts.
            var last = until ?? new Position(Position.MaxValue);
            ReadDamaged(reader, walk, end, last, isKnown: until is not null);
        }

        Progress(end - from);
    }

    /// <summary>Reads the part of the log that runs are of, up to where they end.</summary>
    /// <param name="manifest">The segments; those that are missing are passed over.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="next">The position that comes next there.</param>
    /// <param name="isDamaged">Called with each segment that damage was found in.</param>
    public void ReadKnown(Manifest manifest, in LogPlace end, Position next, Action<SegmentHeader> isDamaged)
    {
        for (var i = 0; i < manifest.Segments.Count; i++)
        {
            var header = manifest.Segments[i];
            var isLast = end.IsIn(header);
            var before = damage.Count;
            if (directory.Find(header.BasePosition, header.Generation) is { } segment)
                ReadDurable(segment, SegmentHeader.Bytes, isLast ? end.FileOffset : manifest.EndOf(i)!.Value, header.BasePosition, isLast ? next : manifest.Segments[i + 1].BasePosition);
            if (damage.Count > before) isDamaged(header);
            if (isLast) return;
        }
    }

    /// <summary>Reads on behind a damaged place.</summary>
    public void ReadDamaged(FrameReader reader, WalkEnd walk, long end, Position until, bool isKnown)
    {
        if (!isKnown) until = EndOfLastFrame(reader, walk, end);
        new DamageWalk(reader, visitor, damage).Run(walk.FileOffset, end, walk.Next, until);
        visitor.AddHoles(new Position(until.Value - 1));
    }

    /// <summary>What lies behind the certain end of a damaged log is not shown: it may have been acknowledged, and so may hold a newer write of any cell.</summary>
    public void MissBehind(Segment segment, long durableEnd)
    {
        if (segment.Header.MayHaveCells && TornTail.Length(segment.File, durableEnd) >= CellFormat.FrameBytesMin) visitor.MissedCells();
    }

    public void Progress(long bytes)
    {
        _bytesRead += bytes;
        options.OpeningProgress?.Invoke(_bytesRead, BytesInAll);
    }

    /// <summary>Gives the open files to whoever reads from the index.</summary>
    public void Dispose() => _window.Dispose();

    public void CloseFiles()
    {
        foreach (var segment in _open) segment.Dispose();
    }

    static Position EndOfLastFrame(FrameReader reader, WalkEnd walk, long end)
    {
        var next = walk.Next;
        for (var at = walk.FileOffset; reader.TryFindHeader(at, end, out var header); at = header.FileOffset + FrameFormat.Alignment)
            if (header.BasePosition >= next) next = new Position(header.BasePosition.Value + header.FactCount);
        return next;
    }
}
