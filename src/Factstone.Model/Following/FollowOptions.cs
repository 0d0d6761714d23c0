namespace Factstone;

/// <summary>Options of a follow.</summary>
public sealed record FollowOptions
{
    /// <summary>Where to begin; by default at the first fact. To continue an earlier follow: <see cref="FollowStart.After(LedgerCursor)"/> with its <see cref="Follower.Cursor"/>.</summary>
    public FollowStart From { get; init; }

    /// <summary>Facts that are read ahead of the caller: 1 to 100,000, 1,000 by default, and no more than 8 MiB. A slow caller uses no more memory than that: later facts are read from the log again.</summary>
    public int BufferFacts { get; init; } = 1_000;

    /// <summary>Called when the follower passes over facts that a truncation has dropped, usually once for each stream, before the next later fact is returned; null for nothing. What it throws ends the follow, after the facts before.</summary>
    public Action<DroppedFacts>? Dropped { get; init; }
}
