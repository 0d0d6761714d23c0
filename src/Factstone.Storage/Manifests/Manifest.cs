namespace Factstone.Storage;

/// <summary>The durable list of a ledger's segments, in order. Each segment's header repeats its entry, so the list can be rebuilt.</summary>
/// <remarks>The live part of every segment but the last ends where the header of the next one says. It was durable before the manifest named the next one.</remarks>
internal sealed record Manifest
{
    public required LedgerId LedgerId { get; init; }

    public required long Epoch { get; init; }

    /// <summary>Counts the manifests of a ledger, from 1.</summary>
    public required long Generation { get; init; }

    public required IReadOnlyList<SegmentHeader> Segments { get; init; }

    public SegmentHeader Last => Segments[^1];

    /// <summary>Whether the list reaches back to the beginning of the log.</summary>
    public bool IsComplete => Segments[0].BasePosition == new Position(1) && Segments[0].PreviousGeneration == 0;

    /// <summary>The end of the live part of a segment; null for the last one, whose end only the log itself shows.</summary>
    public long? EndOf(int index) => EndOf(Segments, index);

    /// <summary>Whether the log goes on in a later segment from a place before the one that HEAD names. Then HEAD is from before a recovery, which moved the last group.</summary>
    public bool HasLeft(in HeadSlot head)
    {
        if (head.Epoch != Epoch || head.ManifestGeneration > Generation) return false;
        for (var i = 0; i + 1 < Segments.Count; i++)
            if (head.IsIn(Segments[i])) return head.FileOffset > EndOf(i)!.Value;
        return false;
    }

    /// <summary>Bytes of the log in all segments but the last, headers included.</summary>
    public long SealedBytes
    {
        get
        {
            var bytes = 0L;
            for (var i = 0; i + 1 < Segments.Count; i++) bytes += EndOf(i)!.Value;
            return bytes;
        }
    }

    /// <summary>A segment that a repair wrote states its own end, because the next segment only knows the original segment.</summary>
    public static long? EndOf(IReadOnlyList<SegmentHeader> segments, int index) =>
        segments[index].LiveEnd > 0 ? segments[index].LiveEnd : index + 1 < segments.Count ? segments[index + 1].PreviousEnd : null;

    /// <summary>The last position that the present ledger has in common with an epoch; <see cref="Position.None"/> if no later epoch says it.</summary>
    public Position LastCommonWith(long epoch)
    {
        var common = new Position(Position.MaxValue);
        for (var later = epoch + 1; later <= Epoch; later++)
        {
            var begun = Segments.FirstOrDefault(segment => segment.Epoch == later)?.LastCommonPosition ?? Position.None;
            if (begun < common) common = begun;
        }

        return common;
    }

    /// <summary>Whether one location in the live log comes before another.</summary>
    public bool IsBefore(in LogLocation location, in LogLocation other)
    {
        if (location.Base == other.Base && location.Generation == other.Generation) return location.FileOffset < other.FileOffset;
        foreach (var segment in Segments)
        {
            if (location.IsIn(segment)) return true;
            if (other.IsIn(segment)) return false;
        }

        return false;
    }

    /// <summary>The manifest with one more segment, and without the last one if nothing of that is live.</summary>
    public Manifest With(SegmentHeader next)
    {
        var isLastLive = next.PreviousBase == Last.BasePosition && next.PreviousGeneration == Last.LinkGeneration;
        return this with { Generation = Generation + 1, Segments = [.. isLastLive ? Segments : Segments.SkipLast(1), next] };
    }
}
