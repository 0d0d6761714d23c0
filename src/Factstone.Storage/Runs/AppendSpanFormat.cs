namespace Factstone.Storage;

/// <summary>The encoding of the location of an append in a run, found by the append's id. See docs/format.md, "Terms".</summary>
internal static class AppendSpanFormat
{
    public const int BytesMax = 2 * Leb128.BytesMax + LogLocationFormat.BytesMax;

    public static int Write(Span<byte> target, in IndexedAppend append, Position runFirst)
    {
        var at = Leb128.Write(target, (ulong)(append.Span.First.Value - runFirst.Value));
        at += Leb128.Write(target[at..], (ulong)append.Span.Count);
        return append.Frame == default ? at : at + LogLocationFormat.Write(target[at..], append.Frame);
    }

    public static IndexedAppend Read(ReadOnlySpan<byte> value, Position runFirst)
    {
        var at = 0;
        var first = new Position(runFirst.Value + (long)PositionListFormat.Read(value, ref at));
        var span = new AppendSpan(first, (int)PositionListFormat.Read(value, ref at));
        return new IndexedAppend(span, at < value.Length ? LogLocationFormat.Read(value, ref at) : default);
    }
}
