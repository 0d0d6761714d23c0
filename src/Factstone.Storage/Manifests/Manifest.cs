namespace Factstone.Storage;

/// <summary>The durable list of a ledger's segments, in order. Each segment's header says what this says of it, so the list can be made again.</summary>
/// <remarks>The live part of every segment but the last ends where the header of the next one says, and was durable before that one was named here.</remarks>
internal sealed record Manifest
{
    public required LedgerId LedgerId { get; init; }

    public required long Epoch { get; init; }

    /// <summary>Counts the manifests of a ledger, from 1.</summary>
    public required long Generation { get; init; }

    public required IReadOnlyList<SegmentHeader> Segments { get; init; }

    public SegmentHeader Last => Segments[^1];

    /// <summary>Where the live part of a segment ends, or null for the last one: there, the log itself says.</summary>
    public long? EndOf(int index) => index + 1 < Segments.Count ? Segments[index + 1].PreviousEnd : null;

    /// <summary>The manifest after one more segment, from which the last one is gone if nothing of it is live.</summary>
    public Manifest With(SegmentHeader next)
    {
        var isLastLive = next.PreviousBase == Last.BasePosition && next.PreviousGeneration == Last.Generation;
        return this with { Generation = Generation + 1, Segments = [.. isLastLive ? Segments : Segments.SkipLast(1), next] };
    }
}
