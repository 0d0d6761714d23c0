namespace Factstone.Storage;

/// <summary>What a repair must know of the whole log to write its receipt after it.</summary>
internal sealed class RepairScan : IFrameVisitor
{
    readonly List<(Position Last, long Unknown)> _lost = [];
    StreamVersion _receiptVersion;
    Position _receiptPosition;

    /// <summary>The last RecordedAt so far.</summary>
    public long LastTime { get; private set; }

    /// <summary>The number of lost facts, those of earlier repairs included.</summary>
    public long LostCount { get; private set; }

    public void Passed(long time) => LastTime = Math.Max(LastTime, time);

    public void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        if (header.FactCount == 0) Passed(header.Time);
    }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        Passed(header.RecordedAt);
        if (!ReceiptStream.Repair.Has(header)) return;
        (_receiptVersion, _receiptPosition) = (header.StreamVersion, header.Position);
    }

    public void Cell(Segment segment, long fileOffset, in CellView cell) => Passed(cell.Head.RecordedAt);

    public void MarkCellsUnknown() { }

    public void AddHoles(Position last) { }

    /// <summary>For the losses of an earlier repair, the walk only gives their positions; the receipt of that repair follows in the log.</summary>
    public void Lost(Segment segment, Position first, Position last) => Lost(new LostFrame { First = first, Last = last });

    public void Lost(LostFrame lost)
    {
        LostCount += lost.Count;
        _lost.Add((lost.Last, lost.UnknownCount));
    }

    /// <summary>The version of the next receipt. It must never have been assigned, so every lost fact that may have been a receipt counts.</summary>
    public StreamVersion NextReceiptVersion() =>
        new(_receiptVersion.Value + _lost.Where(run => run.Last > _receiptPosition).Sum(run => run.Unknown) + 1);
}
