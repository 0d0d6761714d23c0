namespace Factstone.Storage;

/// <summary>What becomes of one segment in a repair.</summary>
internal sealed class SegmentPlan(SegmentHeader header)
{
    /// <summary>What it says of itself; of one that cannot be read, what others say of it.</summary>
    public SegmentHeader Header { get; set; } = header;

    /// <summary>The file that is read; null where there is none, or nothing in it can be read.</summary>
    public string? Source { get; init; }

    /// <summary>Where its live part ends; null where nobody says, so that all of it is looked at.</summary>
    public long? End { get; init; }

    /// <summary>The position behind its last one; null for the last segment.</summary>
    public Position? Until { get; init; }

    /// <summary>What is written in its place; null where it stays as it is.</summary>
    public SalvagedSegment? Salvaged { get; set; }
}
