namespace Factstone;

/// <summary>The positions of the facts of one append. For an append without facts: the position that would have come next.</summary>
internal readonly record struct AppendSpan(Position First, int Count)
{
    public Position Last => new(First.Value + Count - 1);

    /// <summary>Set only for an append of which facts are lost: when it was recorded, as far as that is known.</summary>
    public long RecordedAt { get; init; }

    /// <summary>Whether facts of it are lost.</summary>
    public bool IsIncomplete { get; init; }
}
