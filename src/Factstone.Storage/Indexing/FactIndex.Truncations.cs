namespace Factstone.Storage;

internal sealed partial class FactIndex
{
    volatile bool _mayHaveTruncations;

    /// <summary>False only if no stream was ever truncated. Once true, it stays true.</summary>
    public bool MayHaveTruncations => _mayHaveTruncations;

    /// <summary>The facts of a stream between two versions, both included.</summary>
    public VersionExtent ExtentOf(StreamName stream, StreamVersion first, StreamVersion last)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var parts = Parts;
        var key = KeyFor(Term.Stream(stream), parts, buffer);
        VersionExtent extent = default;
        foreach (var part in parts)
        {
            if (part.FindStream(stream, key) is not { } found) continue;
            var (low, high) = (found.CountBelow(first), found.CountBelow(last.Next()));
            if (low >= high) continue;
            extent = new VersionExtent(extent.Facts + high - low, extent.Facts > 0 ? extent.First : found[low].Position, found[high - 1].Position);
        }

        return extent;
    }

    /// <summary>Looks for the stream of receipts in runs. What is read from the log or appended is noticed when it is added.</summary>
    void FindTruncationsIn(IReadOnlyList<Run> runs)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var key = TermKey.Encode(Term.Stream(TruncationReceiptJson.Stream), buffer);
        try
        {
            for (var i = runs.Count - 1; i >= 0 && !_mayHaveTruncations; i--)
                if (runs[i].FindSlot(key).Slots > 0 && runs[i].LastLocation(TruncationReceiptJson.Stream, key, new Position(Position.MaxValue)).Version > StreamVersion.None) _mayHaveTruncations = true;
        }
        catch (RunDamagedException)
        {
            // The next lookup meets the damage again, and answers it. Until then it is not known.
            _mayHaveTruncations = true;
        }
    }
}
