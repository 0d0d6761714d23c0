namespace Factstone;

/// <summary>Facts of a stream that a truncation has dropped: versions 1 to <paramref name="Through"/>. No read returns them any more.</summary>
/// <param name="Stream">The stream. It still exists, and its versions go on.</param>
/// <param name="Through">The last dropped version.</param>
/// <param name="LastPosition">The position of the last dropped fact.</param>
/// <param name="Receipt">The position of the receipt, a fact of <c>$receipts/truncate</c>: that of the newest truncation, if the stream was truncated more than once. 0 if damage makes it unknown.</param>
public sealed record DroppedFacts(StreamName Stream, StreamVersion Through, Position LastPosition, Position Receipt)
{
    /// <summary>The stream, the versions, the last position, and the receipt.</summary>
    public override string ToString() => $"{Stream} v1..v{Through}, up to @{LastPosition}, by the receipt at @{Receipt}";
}
