namespace Factstone.Storage;

/// <summary>Receives what a walk past damage finds in a segment, and plans what replaces it: everything that is whole, and frames of lost facts for the rest.</summary>
/// <param name="reader">Reads the damaged file. Not the reader of the walk, whose bytes must not change meanwhile.</param>
/// <param name="scan">Receives every fact, too.</param>
/// <param name="until">The position after the segment's last one.</param>
internal sealed class SegmentSalvage(FrameReader reader, RepairScan scan, Position until) : IFrameVisitor
{
    /// <summary>Frames of lost facts stay small: what is known of more facts goes into another frame.</summary>
    const int KnownBytesMax = 1_024 * 1_024;

    readonly List<SegmentPiece> _pieces = [];
    readonly List<DamagedFrame> _frames = [];
    readonly List<PositionRange> _withoutFrame = [];
    readonly List<(Position Position, byte[] Header)> _known = [];
    readonly List<long> _facts = [];
    readonly List<CellLocation> _cells = [];
    readonly List<LostCell> _lostCells = [];
    bool _hasUnknownCells;
    long _wholeEnd;
    long _cellsBytes;
    long _lastCell;
    DamagedFrame? _frame;
    DamagedFrame? _factsFrame;
    Position _wholeUntil;
    Position _next;
    Position _firstLost;
    Position _firstFact;
    long _factsTime;
    long _factsBytes;
    int _knownBytes;

    /// <summary>Begins after whole frames.</summary>
    public void Begin(long from, long to, Position first, Position next)
    {
        _next = next;
        _wholeEnd = to;
        if (to > from) _pieces.Add(new SegmentPiece.WholeFrames(from, to, first, next));
    }

    public void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        scan.Frame(segment, header, appendId);
        EndCells();
        _frame = null;
        if (header.FactCount > 0 && header.BasePosition >= until) return;

        var next = new Position(header.BasePosition.Value + header.FactCount);
        if (next <= until && reader.IsWhole(header))
        {
            if (header.Kind == FrameKind.Lost) next = LostFormat.Last(reader.Bytes(header), header).Next();
            AddWhole(header, next);
        }
        else if (header.FactCount > 0 || header.CellCount > 0)
        {
            _frame = new DamagedFrame(new PositionRange(header.BasePosition, new Position(next.Value - 1)), appendId);
            _frames.Add(_frame);
        }
    }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        scan.Fact(segment, fileOffset, header);
        if (header.Position < _wholeUntil) return;

        var frame = _frame is { } current && current.Positions.First <= header.Position && header.Position <= current.Positions.Last ? current : null;
        if (frame is not null) frame.RecordedAt = header.RecordedAt;
        if (IsWhole(fileOffset, out var bytes)) AddFact(fileOffset, bytes, header, frame);
        else AddKnownLost(header);
    }

    public void Cell(Segment segment, long fileOffset, in CellView cell)
    {
        scan.Cell(segment, fileOffset, cell);
        if (fileOffset < _wholeEnd || fileOffset <= _lastCell) return; // the walk reports cells again after others that it has missed
        _lastCell = fileOffset;

        // Cells that the walk found outside of a whole frame come after the facts there.
        if (_cellsBytes > FrameFormat.FrameBytesMax / 4) EndCells();
        var extent = cell.Extent;
        var bytes = reader.BytesAt(fileOffset, extent.Length, reader.Segment.Length);
        var isLost = CellFormat.TryRead(bytes, reader.Segment.Seed, out _) != CellStatus.Whole;
        if (isLost) _lostCells.Add(new LostCell(cell.Name, cell.Head.Version));
        _cells.Add(new CellLocation(fileOffset, isLost, cell.Head.RecordedAt, extent.Length));
        _cellsBytes += extent.Length;
    }

    public void MarkCellsUnknown() => _hasUnknownCells = true;

    public void AddHoles(Position last) { }

    public void Lost(Segment segment, Position first, Position last) => scan.Lost(segment, first, last);

    /// <summary>What is written, up to the end of the segment.</summary>
    /// <param name="timeBefore">The last RecordedAt before the segment.</param>
    public SalvagedSegment Finish(long timeBefore)
    {
        EndCells();
        MarkLostUntil(until);
        EndLost();
        EndFacts();
        foreach (var lost in _pieces.OfType<SegmentPiece.Lost>()) scan.Lost(lost.Frame);
        NameAppends(timeBefore);
        return new SalvagedSegment
        {
            Pieces = _pieces,
            Lost = [.. _pieces.OfType<SegmentPiece.Lost>().Select(piece => piece.Frame)],
            IncompleteAppends = [.. _frames.Where(frame => frame.FactsLeft > 0 && frame.FactsLeft < frame.Positions.Count).Select(frame => new IncompleteAppend(frame.AppendId, frame.Positions))],
            UnknownAppendIds = [.. WithoutFrame()],
            LostCells = _lostCells,
            HasUnknownCells = _hasUnknownCells,
        };
    }

    /// <summary>The result for a segment without readable content.</summary>
    public static SalvagedSegment Nothing(Position first, Position until, RepairScan scan)
    {
        if (until <= first) return new SalvagedSegment { Pieces = [], HasUnknownCells = true };
        var lost = new PositionRange(first, new Position(until.Value - 1));
        var frame = new LostFrame { First = lost.First, Last = lost.Last };
        scan.Lost(frame);
        return new SalvagedSegment { Pieces = [new SegmentPiece.Lost(frame)], Lost = [frame], UnknownAppendIds = [lost], HasUnknownCells = true };
    }

    bool IsWhole(long fileOffset, out int length)
    {
        var end = reader.Segment.Length;
        length = 0;
        if (!FactFormat.TryReadLengths(reader.BytesAt(fileOffset, FactFormat.PrefixBytesMax, end), out var extent)) return false;
        length = extent.Length;
        return FactFormat.TryRead(reader.BytesAt(fileOffset, length, end), reader.Segment.Seed, out _, out _) == FactStatus.Whole;
    }

    void AddWhole(in FrameHeader header, Position next)
    {
        MarkLostUntil(header.BasePosition);
        EndLost();
        EndFacts();
        _wholeUntil = next;
        _wholeEnd = header.End;
        _next = next;
        if (_pieces.Count > 0 && _pieces[^1] is SegmentPiece.WholeFrames before && before.To == header.FileOffset) _pieces[^1] = before with { To = header.End, Next = next };
        else _pieces.Add(new SegmentPiece.WholeFrames(header.FileOffset, header.End, header.BasePosition, next));
    }

    void AddFact(long fileOffset, int bytes, in HeaderView header, DamagedFrame? frame)
    {
        MarkLostUntil(header.Position);
        EndLost();
        var goesOn = _facts.Count > 0 && _factsFrame == frame && _factsTime == header.RecordedAt
            && _facts.Count < FactLimits.FactsPerAppendMax && _factsBytes + bytes < FrameFormat.FrameBytesMax / 2;
        if (!goesOn) EndFacts();
        if (_facts.Count == 0) (_firstFact, _factsFrame, _factsTime, _factsBytes) = (header.Position, frame, header.RecordedAt, 0);
        _facts.Add(fileOffset);
        _factsBytes += bytes;
        if (frame is not null) frame.FactsLeft++;
        _next = header.Position.Next();
    }

    void AddKnownLost(in HeaderView header)
    {
        MarkLostUntil(header.Position);
        EndFacts();
        if (_knownBytes > KnownBytesMax) EndLost();
        if (_firstLost == Position.None) _firstLost = header.Position;
        _known.Add((header.Position, header.Bytes.ToArray()));
        _knownBytes += header.Bytes.Length;
        _next = header.Position.Next();
    }

    /// <summary>Positions below this one that were not found are lost.</summary>
    void MarkLostUntil(Position position)
    {
        if (_next >= position) return;
        EndFacts();
        if (_firstLost == Position.None) _firstLost = _next;
        _next = position;
    }

    void EndLost()
    {
        if (_firstLost == Position.None) return;
        var lost = new LostFrame { First = _firstLost, Last = new Position(_next.Value - 1), Known = [.. _known.Select(known => known.Header)] };
        _pieces.Add(new SegmentPiece.Lost(lost));
        _withoutFrame.Add(new PositionRange(lost.First, lost.Last));
        _known.Clear();
        _knownBytes = 0;
        _firstLost = Position.None;
    }

    void EndFacts()
    {
        if (_facts.Count == 0) return;
        var isWholeAppend = _factsFrame is { } frame && frame.Positions.First == _firstFact && frame.Positions.Count == _facts.Count;
        _pieces.Add(new SegmentPiece.Facts([.. _facts], _firstFact, isWholeAppend ? _factsFrame!.AppendId : null));
        if (_factsFrame is null) _withoutFrame.Add(new PositionRange(_firstFact, new Position(_firstFact.Value + _facts.Count - 1)));
        _facts.Clear();
    }

    /// <summary>Cells stay with the facts of their append if these are complete; otherwise they get frames of their own.</summary>
    void EndCells()
    {
        if (_cells.Count == 0) return;
        EndLost();
        EndFacts();
        var cells = _cells.ToArray();
        _cells.Clear();
        _cellsBytes = 0;
        var isWithFacts = _frame is { } frame && frame.Positions.Count > 0 && frame.FactsLeft == frame.Positions.Count
            && _pieces.Count > 0 && _pieces[^1] is SegmentPiece.Facts { Cells.Count: 0 } facts && facts.First == frame.Positions.First && facts.FileOffsets.Count == frame.FactsLeft;
        if (isWithFacts) _pieces[^1] = (SegmentPiece.Facts)_pieces[^1] with { Cells = cells };
        else _pieces.Add(new SegmentPiece.Facts([], _next, _frame is { Positions.Count: 0, AppendId: { } id } ? id : null) { Cells = cells });
    }

    /// <summary>The id of an incomplete append is kept with the facts that it has lost.</summary>
    void NameAppends(long timeBefore)
    {
        foreach (var frame in _frames)
        {
            if (frame.AppendId is not { } id || frame.FactsLeft == frame.Positions.Count) continue;
            var at = _pieces.FindIndex(piece => piece is SegmentPiece.Lost lost && lost.Frame.First <= frame.Positions.Last && frame.Positions.First <= lost.Frame.Last);
            if (at < 0) continue;
            var there = ((SegmentPiece.Lost)_pieces[at]).Frame;
            var append = new LostAppend(id, frame.Positions.First, (int)frame.Positions.Count, frame.RecordedAt ?? timeBefore);
            _pieces[at] = new SegmentPiece.Lost(there with { Appends = [.. there.Appends, append] });
        }
    }

    /// <summary>Positions whose frame header was unreadable.</summary>
    IEnumerable<PositionRange> WithoutFrame()
    {
        foreach (var range in _withoutFrame)
        {
            var first = range.First;
            foreach (var frame in _frames)
            {
                if (frame.Positions.Last < first || frame.Positions.First > range.Last) continue;
                if (frame.Positions.First > first) yield return new PositionRange(first, new Position(frame.Positions.First.Value - 1));
                first = frame.Positions.Last.Next();
            }

            if (first <= range.Last) yield return range with { First = first };
        }
    }

    /// <summary>A frame of which only the header is whole.</summary>
    sealed class DamagedFrame(PositionRange positions, string? appendId)
    {
        public PositionRange Positions => positions;

        public string? AppendId => appendId;

        public int FactsLeft { get; set; }

        public long? RecordedAt { get; set; }
    }
}

/// <summary>What remains of a damaged segment, and what is lost.</summary>
internal sealed record SalvagedSegment
{
    public required IReadOnlyList<SegmentPiece> Pieces { get; init; }

    public IReadOnlyList<LostFrame> Lost { get; init; } = [];

    public IReadOnlyList<IncompleteAppend> IncompleteAppends { get; init; } = [];

    public IReadOnlyList<PositionRange> UnknownAppendIds { get; init; } = [];

    public IReadOnlyList<LostCell> LostCells { get; init; } = [];

    /// <summary>Whether unknown writes of cells may be lost.</summary>
    public bool HasUnknownCells { get; init; }
}
