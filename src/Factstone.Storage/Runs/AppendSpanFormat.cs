namespace Factstone.Storage;

/// <summary>How a run writes where the append with an id is. See docs/format.md, "Terms".</summary>
internal static class AppendSpanFormat
{
    public const int BytesMax = 2 * Leb128.BytesMax;

    public static int Write(Span<byte> target, in AppendSpan span, Position runFirst)
    {
        var at = Leb128.Write(target, (ulong)(span.First.Value - runFirst.Value));
        return at + Leb128.Write(target[at..], (ulong)span.Count);
    }

    public static AppendSpan Read(ReadOnlySpan<byte> value, Position runFirst)
    {
        var at = 0;
        var first = new Position(runFirst.Value + (long)PositionListFormat.Read(value, ref at));
        return new AppendSpan(first, (int)PositionListFormat.Read(value, ref at));
    }
}
