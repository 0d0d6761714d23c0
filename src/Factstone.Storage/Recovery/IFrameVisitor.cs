namespace Factstone.Storage;

/// <summary>Receives what a walk of the log finds.</summary>
internal interface IFrameVisitor
{
    /// <summary>A whole frame begins. Its facts follow in order, and then its cells.</summary>
    void Frame(Segment segment, in FrameHeader header, string? appendId);

    /// <summary>A fact whose header is whole. Its body may be damaged, which a read of it detects.</summary>
    void Fact(Segment segment, long fileOffset, in HeaderView header);

    /// <summary>Positions whose facts cannot be found, up to and including the last.</summary>
    void AddHoles(Position last);

    /// <summary>Positions whose facts are lost for good, as a repair recorded in their place: no facts, and no damage.</summary>
    void Lost(Segment segment, Position first, Position last);

    /// <summary>A cell of which everything but the value is whole. The value may be damaged, which a read of it detects.</summary>
    void Cell(Segment segment, long fileOffset, in CellView cell);

    /// <summary>The stretch that was just passed is damaged, and may have contained a write of any cell.</summary>
    void MarkCellsUnknown();
}
