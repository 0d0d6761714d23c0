namespace Factstone.Storage;

/// <summary>The encoding of a location in the log in a run. See docs/format.md, "Terms".</summary>
internal static class LogLocationFormat
{
    public const int BytesMax = 3 * Leb128.BytesMax;

    public static int Write(Span<byte> target, in LogLocation location)
    {
        var at = Leb128.Write(target, (ulong)location.Base.Value);
        at += Leb128.Write(target[at..], (ulong)location.Generation);
        return at + Leb128.Write(target[at..], (ulong)location.FileOffset);
    }

    public static LogLocation Read(ReadOnlySpan<byte> value, ref int at)
    {
        var segmentBase = new Position((long)PositionListFormat.Read(value, ref at));
        var generation = (int)PositionListFormat.Read(value, ref at);
        return new LogLocation(segmentBase, generation, (long)PositionListFormat.Read(value, ref at));
    }
}
