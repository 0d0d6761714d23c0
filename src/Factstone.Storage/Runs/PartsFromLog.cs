namespace Factstone.Storage;

/// <summary>Divides the facts and cells that a walk along the log finds into parts of the index, and writes each as a run if that is possible.</summary>
/// <param name="run">The damaged run; the walk covers its stretch of the log.</param>
/// <param name="startTime">The last RecordedAt before the stretch.</param>
/// <param name="options">The options, which limit the size of a part.</param>
/// <param name="write">Writes a part as a run; returns null if the part must stay in memory.</param>
internal sealed class PartsFromLog(Run run, long startTime, StorageOptions options, Func<MemoryPart, Run?> write) : IFrameVisitor
{
    readonly PartBuilder _builder = new(options, new MemoryPart(run.First, run.Footer.Start, startTime));
    readonly List<IndexPart> _parts = [];

    public Position Next => _builder.Next;

    /// <summary>The parts that are complete so far, in order. The caller merges them as they are added.</summary>
    public List<IndexPart> Parts => _parts;

    public void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        if (_builder.IsFullAt(header)) Complete(segment.LocationOf(header.FileOffset), _builder.Part.LastTime);
        _builder.AddFrame(segment, header, appendId);
    }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (header.Position < Next || header.Position > run.Last) return;
        _builder.AddFact(segment, fileOffset, header);
    }

    public void Lost(Segment segment, Position first, Position last)
    {
        AddHoles(new Position(first.Value - 1));
        _builder.AddLost(segment, Limited(last), Math.Max(_builder.Part.LastTime, 0));
    }

    public void Cell(Segment segment, long fileOffset, in CellView cell) => _builder.AddCell(segment, fileOffset, cell);

    public void MarkCellsUnknown() => _builder.Part.Cells.MarkUnknown();

    public void AddHoles(Position last) => _builder.AddHoles(Limited(last));

    public IndexPart[] Finish()
    {
        AddHoles(run.Last);
        Complete(run.Footer.End, run.Footer.LastTime);
        return [.. _parts];
    }

    /// <summary>A position, but not one after the run.</summary>
    Position Limited(Position last) => last < run.Last ? last : run.Last;

    void Complete(LogLocation end, long lastTime)
    {
        var part = _builder.Part;
        part.Complete(end, lastTime);
        _parts.Add((part.HasUnknown ? null : write(part)) ?? (IndexPart)part);
        _builder.Begin(new MemoryPart(part.Next, end, lastTime));
    }
}
