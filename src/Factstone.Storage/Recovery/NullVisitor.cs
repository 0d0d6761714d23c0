namespace Factstone.Storage;

/// <summary>For a walk that only finds the end of the log.</summary>
internal sealed class NullVisitor : IFrameVisitor
{
    public static readonly NullVisitor Instance = new();

    public void Frame(Segment segment, in FrameHeader header, string? appendId) { }

    public void Lost(Segment segment, Position first, Position last) { }

    public void Fact(Segment segment, long fileOffset, in HeaderView header) { }

    public void AddHoles(Position last) { }

    public void Cell(Segment segment, long fileOffset, in CellView cell) { }

    public void MarkCellsUnknown() { }
}
