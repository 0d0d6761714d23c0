namespace Factstone.Storage;

/// <summary>A part of what a repair writes into a segment, in order of position.</summary>
internal abstract record SegmentPiece
{
    SegmentPiece() { }

    /// <summary>Whole frames without gaps, as in the damaged file.</summary>
    public sealed record WholeFrames(long From, long To, Position First, Position Next) : SegmentPiece;

    /// <summary>Whole facts and cells of a frame that is not whole.</summary>
    /// <param name="FileOffsets">The offset of each fact in the damaged file, by position.</param>
    /// <param name="First">The position of the first fact; without facts, the next position.</param>
    /// <param name="AppendId">The id of the append, if all of its facts are here.</param>
    public sealed record Facts(IReadOnlyList<long> FileOffsets, Position First, string? AppendId) : SegmentPiece
    {
        public IReadOnlyList<CellLocation> Cells { get; init; } = [];
    }

    /// <summary>Facts that are lost.</summary>
    public sealed record Lost(LostFrame Frame) : SegmentPiece;
}

/// <summary>The location of a cell in a damaged file.</summary>
/// <param name="FileOffset">Its offset.</param>
/// <param name="IsLost">Whether its value is damaged, so that only its version remains.</param>
/// <param name="RecordedAt">Its RecordedAt.</param>
/// <param name="Bytes">Its length there.</param>
internal readonly record struct CellLocation(long FileOffset, bool IsLost, long RecordedAt, int Bytes);
