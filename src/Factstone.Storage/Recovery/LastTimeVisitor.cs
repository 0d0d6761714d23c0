namespace Factstone.Storage;

/// <summary>Records the time of the last append of a walk.</summary>
internal sealed class LastTimeVisitor : IFrameVisitor
{
    /// <summary>The last RecordedAt so far.</summary>
    public long Last { get; set; }

    public void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        if (header.FactCount == 0) Last = Math.Max(Last, header.Time);
    }

    public void Fact(Segment segment, long fileOffset, in HeaderView header) => Last = Math.Max(Last, header.RecordedAt);

    public void AddHoles(Position last) { }

    public void Lost(Segment segment, Position first, Position last) { }

    public void Cell(Segment segment, long fileOffset, in CellView cell) { }

    public void MarkCellsUnknown() { }
}
