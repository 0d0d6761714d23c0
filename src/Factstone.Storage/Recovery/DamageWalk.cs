namespace Factstone.Storage;

/// <summary>Goes on behind damage: finds every whole fact and cell that is left in a stretch of a segment, and names what is gone.</summary>
internal sealed class DamageWalk(FrameReader reader, IFrameVisitor visitor, List<Damage> damage)
{
    readonly bool _hasCells = reader.Segment.Header.MayHaveCells;
    readonly List<long> _found = [];
    Position _next;

    /// <summary>Walks from the first damaged place to the end of the stretch.</summary>
    /// <param name="from">Behind the last whole frame.</param>
    /// <param name="end">Where the stretch ends.</param>
    /// <param name="next">The position that should come at <paramref name="from"/>.</param>
    /// <param name="until">Positions from here on are not looked for: they belong to the next segment, or were never durable.</param>
    public void Run(long from, long end, Position next, Position until)
    {
        _next = next;
        var at = from;
        while (at < end && reader.TryFindHeader(at, end, out var header) && header.BasePosition < until.Next())
        {
            // A header that is whole but says something impossible is passed over like any damage.
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

    /// <summary>A stretch in which no header of a frame is whole.</summary>
    void Unframed(long from, long end, Position until)
    {
        // How many cells it had, only the header knew. Where facts should be and the file has ended, there may have been cells, too.
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
            // What a damaged one said is missed like facts: the positions up to the next frame.
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

        // All in it may be well and yet its end be damaged; that is damage too, if it costs nothing.
        if (!isWhole && damage.Count == before) damage.Add(new Damage(reader.Segment.Path, header.FileOffset, Position.None, Position.None, "The end of a frame is damaged; its facts are not."));
    }

    /// <summary>The cells of a frame whose facts are all in their places.</summary>
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

    /// <summary>Looks for whole facts and cells byte by byte, since what says where they begin is damaged. Only facts with a position that belongs here count.</summary>
    /// <returns>How many cells were found.</returns>
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

        // What is damaged may be nobody's fact: the header of a frame, which alone knows the append id, or a mark.
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

        // The header first: what only looks like the lengths of a large fact must not cost a read of that size.
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

        // An append writes no cell twice, so what was found of it is not what is missing.
        foreach (var fileOffset in _found)
        {
            var source = reader.BytesAt(fileOffset, CellFormat.FixedBytes, header.End);
            CellFormat.TryReadLengths(source, out var extent);
            visitor.Cell(reader.Segment, fileOffset, new CellView(reader.BytesAt(fileOffset, extent.ValueAt, header.End), extent));
        }
    }
}
