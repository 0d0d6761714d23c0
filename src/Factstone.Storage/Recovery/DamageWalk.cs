namespace Factstone.Storage;

/// <summary>Continues after damage: finds every whole fact and cell in a stretch of a segment, and reports what is lost.</summary>
internal sealed class DamageWalk(FrameReader reader, IFrameVisitor visitor, List<Damage> damage)
{
    readonly bool _hasCells = reader.Segment.Header.MayHaveCells;
    readonly List<long> _found = [];
    Position _next;

    /// <summary>Walks from the first damaged offset to the end of the stretch.</summary>
    /// <param name="from">The end of the last whole frame.</param>
    /// <param name="end">The end of the stretch.</param>
    /// <param name="next">The position that should follow at <paramref name="from"/>.</param>
    /// <param name="until">Positions from here on are not searched for: they belong to the next segment, or were never durable.</param>
    public void Run(long from, long end, Position next, Position until)
    {
        _next = next;
        var at = from;
        while (at < end && reader.TryFindHeader(at, end, out var header) && header.BasePosition < until.Next())
        {
            // A whole header with impossible content is skipped like any damage.
            if (header.BasePosition < _next)
            {
                at = header.FileOffset + FrameFormat.Alignment;
                continue;
            }

            if (header.FileOffset > at || header.BasePosition > _next) Unframed(at, header.FileOffset, header.BasePosition);
            Frame(header, end, until);
            at = Math.Min(header.End, end);
        }

        if (_next < until || at < end) Unframed(at, end, until);
    }

    /// <summary>A stretch without a whole frame header.</summary>
    void Unframed(long from, long end, Position until)
    {
        // Only the lost header knew how many cells the frame had. If facts are missing and the file has ended, there may have been cells, too.
        var mayHaveCells = _hasCells && (end - from >= CellFormat.FrameBytesMin || _next < until);
        Salvage(from, end, until, "There is no whole frame where one is expected.");
        if (mayHaveCells) visitor.MarkCellsUnknown();
    }

    void Frame(in FrameHeader header, long end, Position until)
    {
        var isWhole = header.End <= end && reader.IsWhole(header);
        var before = damage.Count;
        visitor.Frame(reader.Segment, header, FrameFormat.AppendId(reader.Bytes(header), header));
        if (header.Kind == FrameKind.Lost)
        {
            // The content of a damaged lost frame is missing like facts: the positions up to the next frame.
            if (isWhole) TakeLost(LostFormat.Last(reader.Bytes(header), header), until);
            return;
        }

        var at = (long)header.HeaderBytes;
        var cells = 0;
        _found.Clear();
        var last = new Position(Math.Min(header.BasePosition.Value + header.FactCount, until.Value));
        while (_next < last)
        {
            var source = reader.Bytes(header);
            var status = FactFormat.TryRead(at < source.Length ? source[(int)at..] : [], reader.Segment.Seed, out var extent, out var fact);
            if (status == FactStatus.HeaderDamaged || fact.Position != _next)
            {
                cells = Salvage(header.FileOffset + at, Math.Min(header.End, end), last, "The header of a fact is damaged.");
                at = header.FrameBytes;
                break;
            }

            Take(header.FileOffset + at, fact, status);
            at += extent.Length;
        }

        if (at < header.FrameBytes) cells = Cells(header, (int)at, Math.Min(header.End, end));
        if (cells < header.CellCount) Missing(header, header.CellCount - cells);

        // All parts may be whole although the end of the frame is damaged. That is damage too, even if nothing is lost.
        if (!isWhole && damage.Count == before) damage.Add(new Damage(reader.Segment.Path, header.FileOffset, Position.None, Position.None, "The end of a frame is damaged; its facts are not."));
    }

    /// <summary>The cells of a frame whose facts are all at their offsets.</summary>
    int Cells(in FrameHeader header, int at, long end)
    {
        for (var found = 0; found < header.CellCount; found++)
        {
            var source = reader.Bytes(header);
            var status = CellFormat.TryRead(at < source.Length ? source[at..] : [], reader.Segment.Seed, out var extent);
            if (status == CellStatus.HeadDamaged || header.FileOffset + at + extent.Length > end) return found + SalvageCells(header.FileOffset + at, end);
            Take(header.FileOffset + at, new CellView(source[at..], extent), status);
            at += extent.Length;
        }

        return header.CellCount;
    }

    /// <summary>Searches for whole facts and cells byte by byte, because the offsets of their beginnings are damaged. Only facts with a position that belongs here count.</summary>
    /// <returns>The number of cells that were found.</returns>
    int Salvage(long from, long end, Position until, string what)
    {
        var start = from;
        var before = damage.Count;
        var cells = 0;
        for (var at = from; at < end && (_next < until || _hasCells);)
        {
            if (_next < until && TryReadFact(at, start, end, until, out var length))
            {
                at += length;
                start = at;
            }
            else if (TryReadCell(at, end, out length))
            {
                at += length;
                cells++;
            }
            else at++;
        }

        if (_next < until) Missing(start, until, what);

        // The damage may hit no fact: the header of a frame, which alone knows the append id, or a mark.
        if (damage.Count == before) damage.Add(new Damage(reader.Segment.Path, from, Position.None, Position.None, $"{what} No fact is lost."));
        return cells;
    }

    int SalvageCells(long from, long end)
    {
        var cells = 0;
        for (var at = from; at < end;)
        {
            if (TryReadCell(at, end, out var length))
            {
                at += length;
                cells++;
            }
            else at++;
        }

        return cells;
    }

    bool TryReadFact(long at, long damagedFrom, long end, Position until, out int length)
    {
        length = 0;
        var source = reader.BytesAt(at, FactFormat.PrefixBytesMax, end);
        if (!FactFormat.TryReadLengths(source, out var extent) || at + extent.BodyAt > end) return false;

        // The header is checked first: bytes that only look like the lengths of a large fact must not cause a read of that size.
        source = reader.BytesAt(at, extent.BodyAt, end);
        if (FactFormat.TryRead(source, reader.Segment.Seed, out extent, out _) == FactStatus.HeaderDamaged) return false;

        source = reader.BytesAt(at, extent.Length, end);
        var status = FactFormat.TryRead(source, reader.Segment.Seed, out extent, out var fact);
        if (status == FactStatus.HeaderDamaged || fact.Position < _next || fact.Position >= until) return false;

        if (fact.Position > _next) Missing(damagedFrom, fact.Position, "The header of a fact, or of its frame, is damaged.");
        Take(at, fact, status);
        length = status == FactStatus.Whole ? extent.Length : extent.BodyAt;
        return true;
    }

    bool TryReadCell(long at, long end, out int length)
    {
        length = 0;
        if (!_hasCells || !CellFormat.TryReadLengths(reader.BytesAt(at, CellFormat.FixedBytes, end), out var extent) || at + extent.ValueAt > end) return false;
        if (CellFormat.TryRead(reader.BytesAt(at, extent.ValueAt, end), reader.Segment.Seed, out extent) == CellStatus.HeadDamaged) return false;

        var source = reader.BytesAt(at, extent.Length, end);
        var status = CellFormat.TryRead(source, reader.Segment.Seed, out extent);
        Take(at, new CellView(source, extent), status);
        length = status == CellStatus.Whole ? extent.Length : extent.ValueAt;
        return true;
    }

    void Take(long fileOffset, in HeaderView fact, FactStatus status)
    {
        if (status == FactStatus.BodyDamaged) damage.Add(new Damage(reader.Segment.Path, fileOffset, fact.Position, fact.Position, $"The payload or metadata of {fact.Stream} v{fact.StreamVersion} is damaged."));
        visitor.Fact(reader.Segment, fileOffset, fact);
        _next = fact.Position.Next();
    }

    void TakeLost(Position last, Position until)
    {
        if (last >= until) last = new Position(until.Value - 1);
        if (last < _next) return;
        visitor.Lost(reader.Segment, _next, last);
        _next = last.Next();
    }

    void Take(long fileOffset, in CellView cell, CellStatus status)
    {
        if (status == CellStatus.ValueDamaged) damage.Add(CellReader.DamagedValue(reader.Segment, fileOffset, cell.Name, cell.Head.Version));
        visitor.Cell(reader.Segment, fileOffset, cell);
        _found.Add(fileOffset);
    }

    void Missing(long fileOffset, Position until, string what)
    {
        damage.Add(new Damage(reader.Segment.Path, fileOffset, _next, new Position(until.Value - 1), what));
        _next = until;
    }

    void Missing(in FrameHeader header, int cells)
    {
        damage.Add(new Damage(reader.Segment.Path, header.FileOffset, Position.None, Position.None, $"The names of {cells} of the frame's {header.CellCount} cells are damaged."));
        visitor.MarkCellsUnknown();

        // An append writes no cell twice, so a cell that was found is not the missing one.
        foreach (var fileOffset in _found)
        {
            var source = reader.BytesAt(fileOffset, CellFormat.FixedBytes, header.End);
            CellFormat.TryReadLengths(source, out var extent);
            visitor.Cell(reader.Segment, fileOffset, new CellView(reader.BytesAt(fileOffset, extent.ValueAt, header.End), extent));
        }
    }
}
