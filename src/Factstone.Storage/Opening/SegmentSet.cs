namespace Factstone.Storage;

/// <summary>Opens the segments of a ledger, reads them into an index, and detects damage.</summary>
internal sealed class SegmentSet(IFileSystem files, LedgerLayout layout, StorageOptions options, SegmentDirectory directory, IFrameVisitor visitor, List<Damage> damage, FilePool? pool = null) : IDisposable
{
    readonly FileWindow _window = new(64 * 1_024, 1_024 * 1_024);
    readonly List<Segment> _open = [];
    readonly HashSet<string> _missing = new(StringComparer.Ordinal);
    long _bytesRead;
    long _bytesInAll;

    public IReadOnlyList<Segment> Open => _open;

    /// <summary>For a reader next to a writer: whether a segment is missing because the writer has replaced it.</summary>
    public Func<SegmentHeader, bool>? IsReplaced { get; init; }

    /// <summary>Opens the segment that is written to. If its file is missing, it reports damage and returns null.</summary>
    public Segment? OpenForWriting(SegmentHeader header, Position until)
    {
        var path = layout.Segment(header.BasePosition, header.Generation);
        if (!files.FileExists(path))
        {
            _missing.Add(header.Name);
            Found(Missing(header, until));
            return null;
        }

        var file = files.Open(path, FileOpening.Existing);
        var segment = Add(pool!.Pin(file), header);
        Check(file, header);
        return segment;
    }

    /// <summary>Adds a segment. Its file is opened, and its header checked, at the first read. If there is no such file, it reports damage, once, and returns null.</summary>
    /// <param name="header">The header, as in the manifest.</param>
    /// <param name="until">The position after its last fact, if known; otherwise its first position.</param>
    /// <param name="names">The existing files, if they have been listed.</param>
    public Segment? AddSegment(SegmentHeader header, Position until, IReadOnlySet<string>? names = null)
    {
        var path = layout.Segment(header.BasePosition, header.Generation);
        if (!(names?.Contains(header.Name) ?? files.FileExists(path)))
        {
            if (_missing.Add(header.Name)) Found(Missing(header, until));
            return null;
        }

        // A repair moves the files that it replaces to quarantine. A reader that was open before continues to read them there.
        var file = pool!.Add(path, IsReplaced is null ? null : $"{layout.Damaged}/{header.Name}");
        file.FirstOpened = opened => Check(opened, header);
        file.Gone = () => Gone(header, until);
        return Add(file, header);
    }

    Segment Add(PooledFile file, SegmentHeader header)
    {
        var segment = new Segment(pool!, file, header, options);
        _open.Add(segment);
        directory.Add(segment);
        return segment;
    }

    void Check(IStorageFile file, SegmentHeader header)
    {
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        var read = file.Read(bytes, 0);
        var onDisk = SegmentHeader.Read(bytes[..read], out var newerFormat);
        if (newerFormat != 0) throw new LedgerFormatException(file.Path, newerFormat, LedgerLayout.Format);
        if (onDisk == header) return;
        options.BranchTaken?.Invoke(RecoveryBranch.SegmentHeaderDamaged);
        Found(new Damage(file.Path, 0, Position.None, Position.None, "The header of the segment is damaged; the manifest has a copy of it."));
    }

    LedgerDamagedException? Gone(SegmentHeader header, Position until)
    {
        if (IsReplaced?.Invoke(header) == true) return null;
        var missing = Missing(header, until);
        Found(missing);
        return new LedgerDamagedException("The log cannot be read.", [missing]);
    }

    Damage Missing(SegmentHeader header, Position until)
    {
        var path = layout.Segment(header.BasePosition, header.Generation);
        var last = new Position(until.Value - 1);
        return last < header.BasePosition
            ? new Damage(path, 0, Position.None, Position.None, "The file is missing.")
            : new Damage(path, 0, header.BasePosition, last, "The file is missing.");
    }

    /// <summary>Reports damage: to the list during the open, and afterwards to the place where reads report it.</summary>
    void Found(Damage one)
    {
        if (directory.Report is { } report) report(one);
        else damage.Add(one);
    }

    public FrameReader Reader(Segment segment) => new(segment, _window, options.Defect);

    /// <summary>Reads a range of a segment that was durable as a whole.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="from">The offset at which the range begins.</param>
    /// <param name="end">The offset at which the range ends.</param>
    /// <param name="next">The position of its first fact.</param>
    /// <param name="until">The position after its last fact, if known.</param>
    public void ReadDurable(Segment segment, long from, long end, Position next, Position? until)
    {
        // The window may contain zeros from after the head, where frames have been written since.
        _window.Forget();
        var reader = Reader(segment);
        var walk = SegmentWalk.Run(reader, from, end, next, visitor);
        if (walk.FileOffset < end || (until is { } expected && walk.Next != expected))
        {
            // If the number of facts is unknown, every frame found after the damage counts.
            var last = until ?? new Position(Position.MaxValue);
            ReadDamaged(reader, walk, end, last, isKnown: until is not null);
        }

        Progress(end - from);
    }

    /// <summary>Reads the part of the log that the runs cover.</summary>
    /// <param name="manifest">The segments; missing ones are skipped.</param>
    /// <param name="end">The end of that part.</param>
    /// <param name="next">The next position at that end.</param>
    /// <param name="isDamaged">Called with each damaged segment.</param>
    public void ReadCovered(Manifest manifest, in LogLocation end, Position next, Action<SegmentHeader> isDamaged)
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

    /// <summary>Continues reading after a damaged place.</summary>
    public void ReadDamaged(FrameReader reader, WalkEnd walk, long end, Position until, bool isKnown)
    {
        if (!isKnown) until = EndOfLastFrame(reader, walk, end);
        new DamageWalk(reader, visitor, damage).Run(walk.FileOffset, end, walk.Next, until);
        visitor.AddHoles(new Position(until.Value - 1));
    }

    /// <summary>Marks cells as unknown if there is data after the certain end of a damaged log. That data is not visible, but it may have been acknowledged, and may contain a newer write of any cell.</summary>
    public void MarkCellsUnknownAfter(Segment segment, long durableEnd)
    {
        if (segment.Header.MayHaveCells && TornTail.Length(segment.File, durableEnd) >= CellFormat.FrameBytesMin) visitor.MarkCellsUnknown();
    }

    /// <summary>For the progress report: so many bytes of the log are still to be read, as far as is known.</summary>
    public void SetRemainingBytes(long bytes) => _bytesInAll = _bytesRead + bytes;

    public void Progress(long bytes)
    {
        _bytesRead += bytes;
        _bytesInAll = Math.Max(_bytesInAll, _bytesRead); // the log may reach beyond the end that was known
        options.OpeningProgress?.Invoke(_bytesRead, _bytesInAll);
    }

    /// <summary>Releases the read buffer. The segments stay open for the readers of the index.</summary>
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
