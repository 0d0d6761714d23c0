namespace Factstone.Storage;

/// <summary>How a run writes the newest write of a cell. See docs/format.md, "Terms".</summary>
internal static class CellEntryFormat
{
    public const int BytesMax = Leb128.BytesMax + LogPlaceFormat.BytesMax;

    public static int Write(Span<byte> target, CellEntry entry)
    {
        var at = Leb128.Write(target, ((ulong)entry.Version.Value << 1) | (entry.IsDeleted ? 1UL : 0));
        return at + LogPlaceFormat.Write(target[at..], entry.Place);
    }

    public static CellEntry Read(ReadOnlySpan<byte> value)
    {
        var at = 0;
        var version = PositionListFormat.Read(value, ref at);
        return new CellEntry(new CellVersion((long)(version >> 1)), (version & 1) != 0, default, LogPlaceFormat.Read(value, ref at));
    }
}
