namespace Factstone.Storage;

/// <summary>What a restore must know of the whole log to write its receipt after it.</summary>
internal sealed class RestoreScan : IFrameVisitor
{
    /// <summary>The last receipt of a restore; none if there is none.</summary>
    public StreamState Receipt { get; private set; }

    /// <summary>The last RecordedAt.</summary>
    public long LastTime { get; private set; }

    public void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        if (header.FactCount == 0) Passed(header.Time);
    }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        Passed(header.RecordedAt);
        if (ReceiptStream.Restore.Has(header)) Receipt = new StreamState(header.StreamVersion, header.Position, IsRetracted: false);
    }

    public void Cell(Segment segment, long fileOffset, in CellView cell) => Passed(cell.Head.RecordedAt);

    public void MarkCellsUnknown() { }

    public void AddHoles(Position last) { }

    public void Lost(Segment segment, Position first, Position last) { }

    void Passed(long time) => LastTime = Math.Max(LastTime, time);
}
