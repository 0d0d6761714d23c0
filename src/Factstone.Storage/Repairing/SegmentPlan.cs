namespace Factstone.Storage;

/// <summary>What a repair does with one segment.</summary>
internal sealed class SegmentPlan(SegmentHeader header)
{
    /// <summary>Its header; if that is unreadable, the header as other segments describe it.</summary>
    public SegmentHeader Header { get; set; } = header;

    /// <summary>The file to read; null if there is none, or nothing in it is readable.</summary>
    public string? Source { get; init; }

    /// <summary>The end of its live part; null if unknown, so that all of it is read.</summary>
    public long? End { get; init; }

    /// <summary>The position after its last one; null for the last segment.</summary>
    public Position? Until { get; init; }

    /// <summary>What replaces it; null if it stays unchanged.</summary>
    public SalvagedSegment? Salvaged { get; set; }
}
