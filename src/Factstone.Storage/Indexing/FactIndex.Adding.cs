namespace Factstone.Storage;

internal sealed partial class FactIndex : IFrameVisitor
{
    public void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        if (_builder.IsFullAt(header) && header.BasePosition == Next) WhenFull?.Invoke(segment.LocationOf(header.FileOffset));
        _builder.AddFrame(segment, header, _defect == Defect.ForgetAppendIds ? null : appendId);
        if (header.FactCount == 0) Recorded(header.Time);
    }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (header.Position < Next) return;
        _builder.AddFact(segment, fileOffset, header);
        LastTime = header.RecordedAt;
    }

    public void Cell(Segment segment, long fileOffset, in CellView cell)
    {
        _builder.AddCell(segment, fileOffset, cell);
        if (TruncationCell.IsBucket(cell.Names[..cell.Extent.BucketLength])) _mayHaveTruncations = true;
    }

    public void Lost(Segment segment, Position first, Position last)
    {
        _builder.AddHoles(new Position(first.Value - 1));
        _builder.AddLost(segment, last, LastTime);
    }

    /// <summary>Adds a cell of a group that is now durable.</summary>
    public void ApplyCell(CellName cell, CellEntry entry)
    {
        Active.AddCell(cell, entry);
        if (cell.Bucket == TruncationCell.Bucket) _mayHaveTruncations = true;
    }

    public void MarkCellsUnknown()
    {
        if (_defect != Defect.CellsPastDamage) Active.Cells.MarkUnknown();
    }

    /// <summary>Adds a fact of a group that is now durable.</summary>
    public void Add(Segment segment, long fileOffset, long recordedAt, in Location location, StreamEntry stream, string? type, string[] tags)
    {
        Active.Add(segment, fileOffset, recordedAt, location, stream, type, tags);
        LastTime = recordedAt;
    }

    /// <summary>Records the time of an append, with or without facts.</summary>
    public void Recorded(long time) => LastTime = Math.Max(LastTime, time);

    /// <summary>Sets the new location of a fact that was written again.</summary>
    public void Move(Segment segment, long fileOffset, Position position) => Active.Move(segment, fileOffset, position);

    /// <summary>The time of the last append before a position. The position must be after the last run.</summary>
    public long LastTimeBefore(Position position)
    {
        if (Active.LastTimeBefore(position) is { } time) return time;
        var parts = Parts;
        for (var i = parts.Length - 2; i >= 0; i--)
            if (parts[i].Last < position) return parts[i].LastTime;
        return 0;
    }

    /// <summary>Adds an append with an id.</summary>
    /// <param name="appendId">The id.</param>
    /// <param name="span">Its facts.</param>
    /// <param name="frame">The location of its frame, if it wrote cells.</param>
    public void AddAppend(string appendId, AppendSpan span, LogLocation frame) => Active.AddAppend(appendId, new IndexedAppend(span, frame));

    /// <summary>Adds holes, up to and including the last position.</summary>
    public void AddHoles(Position last) => _builder.AddHoles(last);
}
