namespace Factstone.Storage;

/// <summary>The encoding of the newest write of a cell in a run. See docs/format.md, "Terms".</summary>
internal static class CellEntryFormat
{
    public const int BytesMax = Leb128.BytesMax + LogLocationFormat.BytesMax;

    public static int Write(Span<byte> target, CellEntry entry)
    {
        var at = Leb128.Write(target, ((ulong)entry.Version.Value << 1) | (entry.IsDeleted ? 1UL : 0));
        return at + LogLocationFormat.Write(target[at..], entry.Location);
    }

    public static CellEntry Read(ReadOnlySpan<byte> value)
    {
        var at = 0;
        var version = PositionListFormat.Read(value, ref at);
        return new CellEntry(new CellVersion((long)(version >> 1)), (version & 1) != 0, default, LogLocationFormat.Read(value, ref at));
    }
}
