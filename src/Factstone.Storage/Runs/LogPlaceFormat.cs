namespace Factstone.Storage;

/// <summary>How a run writes a place in the log. See docs/format.md, "Terms".</summary>
internal static class LogPlaceFormat
{
    public const int BytesMax = 3 * Leb128.BytesMax;

    public static int Write(Span<byte> target, in LogPlace place)
    {
        var at = Leb128.Write(target, (ulong)place.Base.Value);
        at += Leb128.Write(target[at..], (ulong)place.Generation);
        return at + Leb128.Write(target[at..], (ulong)place.FileOffset);
    }

    public static LogPlace Read(ReadOnlySpan<byte> value, ref int at)
    {
        var segmentBase = new Position((long)PositionListFormat.Read(value, ref at));
        var generation = (int)PositionListFormat.Read(value, ref at);
        return new LogPlace(segmentBase, generation, (long)PositionListFormat.Read(value, ref at));
    }
}
