namespace Factstone.Storage;

/// <summary>Walks the part of the log that runs cover, and compares each run with it.</summary>
/// <remarks>
/// If a run differs although its checksums hold, that is a defect of this code, not damage of a disk. Either is reported,
/// and nothing is changed. If the log is damaged in the range of a run, the run is not compared, because its correct
/// content is unknown.
/// </remarks>
internal sealed class RunVerification : IFrameVisitor
{
    /// <summary>The maximal number of differences of one run that are reported; the rest are counted.</summary>
    const int DifferencesMax = 10;

    readonly IReadOnlyList<Run> _runs;
    readonly Manifest _manifest;
    readonly Action<Position> _progress;
    readonly List<Damage> _damage = [];
    readonly List<Damage> _damagedBlocks = [];

    /// <summary>Damage of the log. It is reported elsewhere.</summary>
    readonly List<Damage> _damageOfLog = [];

    readonly PartBuilder _builder;
    RunComparison? _comparison;
    int _number;
    int _differences;
    int _compared;
    int _damageBefore;
    int _damageAtFrame;
    long _lastTime;
    bool _isUnknown;

    RunVerification(IReadOnlyList<Run> runs, Manifest manifest, StorageOptions options, Action<Position> progress)
    {
        (_runs, _manifest, _progress) = (runs, manifest, progress);
        _builder = new PartBuilder(options, new MemoryPart(runs[0].First));
        Begin();
    }

    Run Current => _runs[_number];

    bool IsDone => _number == _runs.Count;

    /// <summary>Whether the correct content of the current run is unknown.</summary>
    bool IsUnknown => _isUnknown || _damageOfLog.Count > _damageBefore;

    /// <summary>Compares runs that follow one another from position 1 on.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="layout">The paths of the ledger.</param>
    /// <param name="options">The options, which limit the size of a piece.</param>
    /// <param name="manifest">The manifest, which lists the segments.</param>
    /// <param name="segments">The segments that are open.</param>
    /// <param name="runs">The runs.</param>
    /// <param name="published">The known end of the log, and the position of the next fact; null if it is not known.</param>
    /// <param name="progress">Called after each piece with its last position. It may throw to end the verification.</param>
    /// <returns>The number of runs that were compared, their differences from the log, and their damaged blocks.</returns>
    public static (int Compared, IReadOnlyList<Damage> Damage, IReadOnlyList<Damage> DamagedBlocks) Run(IFileSystem files, LedgerLayout layout, StorageOptions options, Manifest manifest, SegmentDirectory segments, IReadOnlyList<Run> runs, (LogLocation Location, Position Next)? published, Action<Position> progress)
    {
        if (runs.Count == 0) return (0, [], []);
        var verification = new RunVerification(runs, manifest, options, progress);

        // Runs may have been written after the end was read. Then the end of the last run is all that is known.
        (LogLocation Location, Position Next) end = published is { } known && known.Next > runs[^1].Last && known.Location.IsIn(manifest.Last) ? known : (runs[^1].Footer.End, runs[^1].Last.Next());
        using var walk = new SegmentSet(files, layout, options, segments, verification, verification._damageOfLog);
        for (var i = 0; i < manifest.Segments.Count && !verification.IsDone; i++)
        {
            var header = manifest.Segments[i];
            if (manifest.EndOf(i) is null && !end.Location.IsIn(header)) break;
            var next = manifest.EndOf(i) is null ? end.Next : manifest.Segments[i + 1].BasePosition;
            if (segments.Find(header.BasePosition, header.Generation) is { } segment) walk.ReadDurable(segment, SegmentHeader.Bytes, manifest.EndOf(i) ?? end.Location.FileOffset, header.BasePosition, next);
            else verification.AddHoles(new Position(next.Value - 1));
        }

        while (!verification.IsDone) verification.End();
        return (verification._compared, verification._damage, verification._damagedBlocks);
    }

    public void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        while (!IsDone && !_manifest.IsBefore(segment.LocationOf(header.FileOffset), Current.Footer.End)) End();
        if (IsDone) return;
        if (_builder.IsFull) Compare();
        _builder.AddFrame(segment, header, appendId);
        if (header.FactCount == 0) _lastTime = Math.Max(_lastTime, header.Time);
        _damageAtFrame = _damageOfLog.Count;
    }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (IsDone || IsUnknown || header.Position < _builder.Next) return;
        if (header.Position > Current.Last) Differs(header.Position, $"the fact is before its end, at offset {Current.Footer.End.FileOffset}, and is missing from it");
        else _builder.AddFact(segment, fileOffset, header);
        _lastTime = header.RecordedAt;
    }

    public void Lost(Segment segment, Position first, Position last)
    {
        if (IsDone || IsUnknown) return;
        if (last > Current.Last) Differs(last, $"the frame of the lost facts is before its end, at offset {Current.Footer.End.FileOffset}, and is missing from it");
        if (last > Current.Last) last = Current.Last;
        _builder.AddHoles(first > last ? last : new Position(first.Value - 1));
        while (_builder.Next <= last)
        {
            if (_builder.IsFull) Compare();
            _builder.AddLost(segment, _builder.Next, _lastTime);
        }
    }

    public void Cell(Segment segment, long fileOffset, in CellView cell)
    {
        if (!IsDone) _builder.AddCell(segment, fileOffset, cell);
    }

    /// <summary>Marks facts that a repair has found lost as unknown. A run that contains any of them is not compared.</summary>
    public void AddHoles(Position last)
    {
        while (!IsDone)
        {
            _isUnknown |= last >= _builder.Next;
            if (last <= Current.Last) return;
            End();
        }
    }

    public void MarkCellsUnknown() => _isUnknown = true;

    void Begin()
    {
        // Damage between two frames may be in the range of the run that ends there, or of the one that begins there.
        (_differences, _isUnknown, _damageBefore) = (0, false, _damageAtFrame);
        _comparison = new RunComparison(Current, Differs);
        _builder.Begin(new MemoryPart(Current.First));
        var damaged = 0;
        foreach (var block in Current.DamagedBlocks())
        {
            _isUnknown = true;
            if (++damaged <= DifferencesMax) _damagedBlocks.Add(new Damage(Current.Path, block * RunFormat.BlockBytes, Position.None, Position.None, $"Block {block} of an index file is damaged. The file is rebuilt from the log when that block is read."));
        }
    }

    void End()
    {
        if (!IsUnknown && _builder.Next <= Current.Last) Differs(_builder.Next, $"the log has this fact after its end, at offset {Current.Footer.End.FileOffset}");
        Compare();
        if (!IsUnknown)
        {
            Try(_comparison!.Finish);
            _compared++;
        }

        if (_differences > DifferencesMax) Add(Position.None, $"And {_differences - DifferencesMax:N0} more.");
        _number++;
        if (!IsDone) Begin();
    }

    void Compare()
    {
        var part = _builder.Part;
        _isUnknown |= part.HasHoles;
        if (!IsUnknown) Try(() => _comparison!.Compare(part));
        _progress(part.Last);
        _builder.Begin(new MemoryPart(part.Next, start: default, part.LastTime));
    }

    void Try(Action compare)
    {
        try
        {
            compare();
        }
        catch (Exception failure) when (failure is RunDamagedException or InvariantException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            Differs(Position.None, $"its content cannot be read: {failure.Message}");
            _isUnknown = true;
        }
    }

    void Differs(Position position, string what)
    {
        if (++_differences <= DifferencesMax) Add(position, $"A file of the index differs from the log: {what}.");
    }

    void Add(Position position, string what) => _damage.Add(new Damage(Current.Path, 0, position, position, what));
}
