namespace Factstone.Storage;

/// <summary>How a run writes the newest write of a cell. See docs/format.md, "Terms".</summary>
internal static class CellEntryFormat
{
    public const int BytesMax = Leb128.BytesMax + LogPlaceFormat.BytesMax;

    public static int Write(Span<byte> target, CellEntry entry)
    {
        var at = Leb128.Write(target, ((ulong)entry.Version.Value << 1) | (entry.IsDeleted ? 1UL : 0));
        return at + LogPlaceFormat.Write(target[at..], entry.Segment.PlaceOf(entry.FileOffset));
    }

    /// <summary>Null where the segment is gone.</summary>
    public static CellEntry? Read(ReadOnlySpan<byte> value, SegmentDirectory segments)
    {
        var at = 0;
        var version = PositionListFormat.Read(value, ref at);
        var place = LogPlaceFormat.Read(value, ref at);
        return segments.Find(place.Base, place.Generation) is { } segment
            ? new CellEntry(new CellVersion((long)(version >> 1)), (version & 1) != 0, default, segment, place.FileOffset)
            : null;
    }
}
