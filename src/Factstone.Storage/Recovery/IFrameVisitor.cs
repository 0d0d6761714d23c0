namespace Factstone.Storage;

/// <summary>Takes in what a walk along the log finds.</summary>
internal interface IFrameVisitor
{
    /// <summary>A whole frame begins. Its facts follow in order, and then its cells.</summary>
    void Frame(Segment segment, in FrameHeader header, string? appendId);

    /// <summary>A fact whose header is whole; its body may be damaged, which reading it will tell.</summary>
    void Fact(Segment segment, long fileOffset, in HeaderView header);

    /// <summary>Positions whose facts cannot be found, up to and including the last.</summary>
    void AddHoles(Position last);

    /// <summary>Positions whose facts are gone for good, as a repair has said in their place: no facts, and no damage.</summary>
    void Lost(Segment segment, Position first, Position last);

    /// <summary>A cell of which all but the value is whole; the value may be damaged, which reading it will tell.</summary>
    void Cell(Segment segment, long fileOffset, in CellView cell);

    /// <summary>What was passed just now is damaged, and may have held a write of any cell.</summary>
    void MarkCellsUnknown();
}
