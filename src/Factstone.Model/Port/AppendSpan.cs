namespace Factstone;

/// <summary>The positions of the facts of one append. For an append without facts: the position that would have come next.</summary>
internal readonly record struct AppendSpan(Position First, int Count)
{
    public Position Last => new(First.Value + Count - 1);

    /// <summary>The time of the append, if known. Set only for an append with lost facts.</summary>
    public long RecordedAt { get; init; }

    /// <summary>Whether facts of the append are lost.</summary>
    public bool IsIncomplete { get; init; }
}
