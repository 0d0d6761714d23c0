namespace Factstone.Storage;

/// <summary>The positions of terms in consecutive parts of the index.</summary>
internal sealed class PartTerms(IndexPart[] parts) : ITermIndex
{
    public PositionCursor Open(Term term, Position after, Position until, bool backward) => new TermPositions(parts, term, after, until, backward);

    public long CountAtMost(Term term, Position after, Position until)
    {
        if (until <= after) return 0;
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];

        // Only runs use the bytes of a term, and the last part is never a run.
        var key = parts.Length > 1 ? TermKey.Encode(term, buffer) : default;
        var count = 0L;
        foreach (var part in parts)
            if (part.First <= until && part.Last > after) count += Math.Min(part.CountAtMost(term, key), until.Value - after.Value);
        return count;
    }
}
