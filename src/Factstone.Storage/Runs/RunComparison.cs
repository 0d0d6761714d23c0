namespace Factstone.Storage;

/// <summary>Compares the answers of a run with the log, one piece of the log at a time.</summary>
/// <remarks>
/// Each list of a piece must be in the run, with the same locations in the range of the piece. Anything else that the run
/// has shows in the sums over its whole dictionary. So memory is that of one piece, however many facts the run has.
/// </remarks>
internal sealed class RunComparison(Run run, Action<Position, string> differs)
{
    readonly Dictionary<TermKind, long> _locations = [];
    long _streams, _appendIds, _cells, _timeRow;
    TimeRow _passed;
    long _firstTime = long.MaxValue;
    long _lastTime = long.MinValue;

    public void Compare(MemoryPart piece)
    {
        if (_firstTime == long.MaxValue && !piece.IsEmpty) _firstTime = IsLost(piece, piece.First) ? run.Footer.FirstTime : piece.FirstTime;
        _lastTime = Math.Max(_lastTime, piece.LastTime);
        _streams += piece.Streams;
        _appendIds += piece.AppendIds;
        CompareLocations(piece);
        CompareTimes(piece);
        foreach (var stream in piece.AllStreams()) CompareList(piece, Term.Stream(stream.Name), stream);
        foreach (var locations in piece.AllTerms(piece.Last)) CompareList(piece, locations.Term, locations);
        CompareAppends(piece);
        CompareCells(piece);
    }

    /// <summary>To be called when all pieces have been compared.</summary>
    public void Finish()
    {
        var footer = run.Footer;
        if (footer.FirstTime != _firstTime) Differs(run.First, $"its first fact was recorded at {_firstTime} µs, and it says {footer.FirstTime}");
        if (footer.LastTime != _lastTime) Differs(run.Last, $"the last append before its end was recorded at {_lastTime} µs, and it says {footer.LastTime}");
        if (footer.Streams != _streams) Differs(Position.None, $"{_streams} streams begin in it, and it says {footer.Streams}");
        if (footer.AppendIds != _appendIds) Differs(Position.None, $"{_appendIds} append ids are in it, and it says {footer.AppendIds}");
        if (_timeRow < footer.TimeCount) Differs(run.TimeRow(_timeRow).First, "it has a time at which no append begins there");
        CompareFences();
        CompareSums();
    }

    void CompareSlot(ReadOnlySpan<byte> stream, in Location last)
    {
        var (slots, segment, fileOffset) = run.FindSlot(TermKey.Of(stream));
        if (slots == 0 || (slots == 1 && segment is not null && (fileOffset != last.FileOffset || segment != run.SegmentOf(last.Position))))
            Differs(last.Position, "the slot of the stream with this last fact has another location");
    }

    void CompareFences()
    {
        for (var i = 0L; i * RunFormat.TimeRowsPerFence < run.Footer.TimeCount; i++)
        {
            var row = run.TimeRow(i * RunFormat.TimeRowsPerFence);
            if (run.TimeFence(i) != row.Time) Differs(row.First, $"the row was recorded at {row.Time} µs, and its fence says {run.TimeFence(i)}");
        }
    }

    void CompareLocations(MemoryPart piece)
    {
        for (var position = piece.First; position <= piece.Last; position = position.Next())
        {
            var isThere = piece.TryFind(position, out var segment, out var fileOffset);
            var isFound = run.TryFind(position, out var found, out var foundOffset);
            if (isThere != isFound || (isThere && (found != segment || foundOffset != fileOffset)))
                Differs(position, isThere ? $"the fact is at offset {fileOffset} of {segment.Path}, and it has another location" : "the fact is lost, and it has a location");
        }
    }

    /// <summary>
    /// Not every append has a row, but every row belongs to an append, and the first row to the first append. The row of a
    /// lost fact has the time before it. A repair keeps the facts of an append that follow lost ones as a batch with the
    /// same time. A run may begin with this batch, and then the batch has a row.
    /// </summary>
    void CompareTimes(MemoryPart piece)
    {
        if (piece.IsEmpty) return;
        if (_timeRow == 0 && (run.Footer.TimeCount == 0 || run.TimeRow(0).First != run.First)) Differs(run.First, "its times do not begin with its first fact");
        var time = long.MinValue;
        foreach (var batch in piece.Times.Range(0, piece.Times.Count))
        {
            PassRows(piece, batch.First, time);
            time = batch.Time;
            if (_timeRow < run.Footer.TimeCount && run.TimeRow(_timeRow) is { } row && row.First == batch.First)
            {
                if (row.Time != batch.Time && !IsLost(piece, row.First)) Differs(row.First, $"the append was recorded at {batch.Time} µs, and it says {row.Time}");
                (_passed, _timeRow) = (row, _timeRow + 1);
            }
            else if (_passed.IsAll && _passed.Time != batch.Time && !IsLost(piece, batch.First))
            {
                Differs(batch.First, $"the append was recorded at {batch.Time} µs, and it says that all from position {_passed.First} on was recorded at {_passed.Time} µs");
                _passed = default;
            }
        }

        PassRows(piece, piece.Next, time);
    }

    /// <summary>Passes the rows within a batch, which must have its time.</summary>
    void PassRows(MemoryPart piece, Position before, long time)
    {
        while (_timeRow < run.Footer.TimeCount && run.TimeRow(_timeRow) is { } row && row.First < before)
        {
            if (row.First < piece.First || (row.Time != time && !IsLost(piece, row.First))) Differs(row.First, $"it says that an append was recorded at {row.Time} µs, and none begins there");
            (_passed, _timeRow) = (row, _timeRow + 1);
        }
    }

    static bool IsLost(MemoryPart piece, Position position) => piece[position].Stream is null;

    void CompareList(MemoryPart piece, in Term term, IStreamLocations expected)
    {
        _locations[term.Kind] = _locations.GetValueOrDefault(term.Kind) + expected.Count;
        var found = run.FindList(term.Kind, TermKey.Of(TermKey.Encode(term)));
        if (found is null)
        {
            Differs(expected[0].Position, $"{Named(term)} is missing from it");
            return;
        }

        var isStream = term.Kind == TermKind.Stream;
        var from = found.CountUntil(new Position(piece.First.Value - 1));
        var until = found.CountUntil(piece.Last);
        if (until - from != expected.Count)
        {
            Differs(expected[0].Position, $"{Named(term)} has {expected.Count} facts from position {piece.First} to {piece.Last}, and {until - from} in it");
            return;
        }

        for (var i = 0; i < expected.Count; i++)
        {
            var right = isStream ? expected[i].At(piece[expected[i].Position].FileOffset) : expected[i];
            var said = found[from + i];
            if (said.State == right.State && said.FileOffset == right.FileOffset) continue;
            Differs(right.Position, $"{Named(term)} has {Describe(right)}, and {Describe(said)} in it");
            return;
        }
    }

    void CompareAppends(MemoryPart piece)
    {
        foreach (var (id, append) in piece.AllAppends())
            if (run.FindAppend(id, TermKey.Of(TermKey.Encode(Term.AppendId(id)))) != append) Differs(append.Span.First, $"the append '{NameCheck.Shown(id)}' has another location in it, or is missing from it");
    }

    void CompareCells(MemoryPart piece)
    {
        foreach (var (name, entry) in piece.Cells.All())
        {
            var found = run.FindCell(name, TermKey.Of(TermKey.Encode(Term.Cell(name))));
            if (found is null || found.Version < entry.Version)
            {
                Differs(Position.None, $"the cell {name} has version {entry.Version}, and {found?.Version.Value ?? 0} in it");
                continue;
            }

            // A later piece may have a newer write of it.
            if (found.Version > entry.Version) continue;
            _cells++;
            if (found.IsDeleted != entry.IsDeleted || found.Location != entry.Location) Differs(Position.None, $"the cell {name} v{entry.Version} has another location or state in it");
        }
    }

    /// <summary>Finds what the run has and the log does not have.</summary>
    void CompareSums()
    {
        var sums = new Dictionary<TermKind, long>();
        var (streams, appendIds, cells) = (0L, 0L, 0L);
        var cursor = new TermCursor(run, []);
        while (cursor.MoveNext())
        {
            var kind = TermKey.Kind(cursor.Term);
            if (kind == TermKind.AppendId) appendIds++;
            else if (kind == TermKind.Cell) cells++;
            else
            {
                var head = PositionListHead.Read(cursor.Value, kind, run.First);
                sums[kind] = sums.GetValueOrDefault(kind) + head.Count;
                streams += head.Streams;
                if (kind == TermKind.Stream) CompareSlot(cursor.Term, head.Last);
            }
        }

        foreach (var kind in sums.Keys.Union(_locations.Keys))
            if (sums.GetValueOrDefault(kind) != _locations.GetValueOrDefault(kind)) Differs(Position.None, $"its lists of the kind {(int)kind} have {sums.GetValueOrDefault(kind)} facts, and those of the log {_locations.GetValueOrDefault(kind)}");
        if (streams != _streams) Differs(Position.None, $"{_streams} streams begin in it, and its stores say {streams}");
        if (appendIds != _appendIds) Differs(Position.None, $"it has {appendIds} append ids, and the log {_appendIds}");
        if (cells != _cells) Differs(Position.None, $"it has {cells} cells, of which {_cells} are as in the log");
        if (run.Footer.Cells != cells) Differs(Position.None, $"it has {cells} cells, and says {run.Footer.Cells}");
    }

    void Differs(Position position, string what) => differs(position, what);

    static string Named(in Term term) => term.Kind switch
    {
        TermKind.Stream => $"the stream {NameCheck.Shown(term.Name)}/{NameCheck.Shown(term.Key!)}",
        TermKind.Store => $"the store {NameCheck.Shown(term.Name)}",
        TermKind.Type => $"the type {NameCheck.Shown(term.Name)}",
        _ => $"the tag {NameCheck.Shown(term.Name)}",
    };

    static string Describe(in Location location) => $"{(location.Version == StreamVersion.None ? "" : $"version {location.Version} ")}at position {location.Position}{(location.FileOffset == 0 ? "" : $", offset {location.FileOffset}")}{(location.Retracts ? ", which retracts" : "")}";
}
