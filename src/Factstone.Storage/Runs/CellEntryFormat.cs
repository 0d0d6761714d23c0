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
        var (version, isDeleted, place) = Read(value);
        return segments.Find(place.Base, place.Generation) is { } segment
            ? new CellEntry(version, isDeleted, default, segment, place.FileOffset)
            : null;
    }

    /// <summary>What the value says, whatever the log has.</summary>
    public static (CellVersion Version, bool IsDeleted, LogPlace Place) Read(ReadOnlySpan<byte> value)
    {
        var at = 0;
        var version = PositionListFormat.Read(value, ref at);
        return (new CellVersion((long)(version >> 1)), (version & 1) != 0, LogPlaceFormat.Read(value, ref at));
    }
}
