namespace Factstone;

/// <summary>How to follow.</summary>
public sealed record FollowOptions
{
    /// <summary>Where to begin; by default with the first fact.</summary>
    public FollowStart From { get; init; }

    /// <summary>Facts that are read ahead of who takes them: 1 to 100,000, 1,000 by default, and no more than 8 MiB of them. A slow taker costs no more memory than that: what it has not got to is read again from the log.</summary>
    public int BufferFacts { get; init; } = 1_000;
}
