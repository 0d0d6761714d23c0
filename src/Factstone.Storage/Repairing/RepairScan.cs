namespace Factstone.Storage;

/// <summary>What a repair has to know of the whole log to write its receipt behind it.</summary>
internal sealed class RepairScan : IFrameVisitor
{
    readonly List<(Position Last, long Unknown)> _lost = [];
    StreamVersion _receiptVersion;
    Position _receiptPosition;

    /// <summary>The last RecordedAt so far.</summary>
    public long LastTime { get; private set; }

    /// <summary>How many facts are gone, those that were gone before included.</summary>
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

    /// <summary>Of what an earlier repair has lost the walk says no more than where it was; its receipt stands behind it.</summary>
    public void Lost(Segment segment, Position first, Position last) => Lost(new LostFrame { First = first, Last = last });

    public void Lost(LostFrame lost)
    {
        LostCount += lost.Count;
        _lost.Add((lost.Last, lost.UnknownCount));
    }

    /// <summary>The version of the next receipt: never one that was given before, so any fact that is gone, and may have been one, counts.</summary>
    public StreamVersion NextReceiptVersion() =>
        new(_receiptVersion.Value + _lost.Where(run => run.Last > _receiptPosition).Sum(run => run.Unknown) + 1);
}
