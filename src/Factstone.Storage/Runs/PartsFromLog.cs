namespace Factstone.Storage;

/// <summary>Divides the facts and cells that a walk along the log finds into parts of the index, and writes each as a run if that is possible.</summary>
/// <param name="run">The damaged run; the walk covers its stretch of the log.</param>
/// <param name="startTime">The last RecordedAt before the stretch.</param>
/// <param name="options">The options, which limit the size of a part.</param>
/// <param name="write">Writes a part as a run; returns null if the part must stay in memory.</param>
internal sealed class PartsFromLog(Run run, long startTime, StorageOptions options, Func<MemoryPart, Run?> write) : IFrameVisitor
{
    readonly MemoryFiller _filler = new();
    readonly List<IndexPart> _parts = [];
    MemoryPart _part = new(run.First, run.Footer.Start, startTime);

    public Position Next => _part.Next;

    /// <summary>The parts that are complete so far, in order. The caller merges them as they are added.</summary>
    public List<IndexPart> Parts => _parts;

    public void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        var isFull = _part.Count >= options.MemoryFactsMax || _part.Bytes >= options.MemoryBytesMax;
        if (isFull && header.Kind is FrameKind.Batch or FrameKind.Lost && header.GroupStart == header.FileOffset) Complete(segment.LocationOf(header.FileOffset), _part.LastTime);
        if (appendId is not null && header.Kind == FrameKind.Batch)
            _part.AddAppend(appendId, new IndexedAppend(new AppendSpan(header.BasePosition, header.FactCount), header.CellCount > 0 ? segment.LocationOf(header.FileOffset) : default));
        if (header.FactCount == 0) _part.Recorded(header.Time);
    }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (header.Position < Next || header.Position > run.Last) return;
        _filler.Add(_part, segment, fileOffset, header);
    }

    public void Lost(Segment segment, Position first, Position last)
    {
        while (Next < first && Next <= run.Last) _part.AddHole();
        while (Next <= last && Next <= run.Last) _part.AddLost(segment, Math.Max(_part.LastTime, 0));
    }

    public void Cell(Segment segment, long fileOffset, in CellView cell) => _part.AddCell(cell.Name, CellEntry.Of(segment, fileOffset, cell));

    public void MarkCellsUnknown() => _part.Cells.Miss();

    public void AddHoles(Position last)
    {
        while (Next <= last && Next <= run.Last) _part.AddHole();
    }

    public IndexPart[] Finish()
    {
        AddHoles(run.Last);
        Complete(run.Footer.End, run.Footer.LastTime);
        return [.. _parts];
    }

    void Complete(LogLocation end, long lastTime)
    {
        _part.Complete(end, lastTime);
        _parts.Add((_part.HasUnknown ? null : write(_part)) ?? (IndexPart)_part);
        _part = new MemoryPart(_part.Next, end, lastTime);
    }
}
