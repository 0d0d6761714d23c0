namespace Factstone.Storage;

/// <summary>A part of what a repair writes into a segment, in order of position.</summary>
internal abstract record SegmentPiece
{
    SegmentPiece() { }

    /// <summary>Whole frames, one behind the other, as they stand in the damaged file.</summary>
    public sealed record WholeFrames(long From, long To, Position First, Position Next) : SegmentPiece;

    /// <summary>Whole facts and cells of a frame that is not.</summary>
    /// <param name="FileOffsets">Where each fact stands in the damaged file, by position.</param>
    /// <param name="First">The position of the first fact; without facts, the next position.</param>
    /// <param name="AppendId">The id of the append, where all of its facts are here.</param>
    public sealed record Facts(IReadOnlyList<long> FileOffsets, Position First, string? AppendId) : SegmentPiece
    {
        public IReadOnlyList<CellLocation> Cells { get; init; } = [];
    }

    /// <summary>Facts that are gone.</summary>
    public sealed record Lost(LostFrame Frame) : SegmentPiece;
}

/// <summary>Where a cell stands in a damaged file.</summary>
/// <param name="FileOffset">Where.</param>
/// <param name="IsLost">Whether its value is damaged, so that of it only the version is left.</param>
/// <param name="RecordedAt">When it was recorded.</param>
/// <param name="Bytes">Bytes that it has there.</param>
internal readonly record struct CellLocation(long FileOffset, bool IsLost, long RecordedAt, int Bytes);
