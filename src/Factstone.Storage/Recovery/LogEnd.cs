namespace Factstone.Storage;

/// <summary>What a walk to the end of the last segment found, and what has to be done about it.</summary>
internal sealed record LogEnd
{
    /// <summary>Where the examination began: what lies before is durable for sure.</summary>
    public required long From { get; init; }

    /// <summary>Behind the last whole frame.</summary>
    public required WalkEnd Walk { get; init; }

    /// <summary>Whether the last writer closed the ledger here.</summary>
    public bool IsClean { get; init; }

    /// <summary>Whether bytes behind the last whole frame were durable, so that what is missing there is damage.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>Whether only the index tells that something is missing behind the last whole frame.</summary>
    public bool IsShortened { get; init; }

    /// <summary>Whether segments behind this one are missing, which may have held the last group anew: frames behind <see cref="DurableEnd"/> may not count.</summary>
    public bool IsBeforeMissing { get; init; }

    /// <summary>With damage: where what was durable ends, and the position after it.</summary>
    public long DurableEnd { get; init; }

    public Position DurableNext { get; init; }

    /// <summary>Where the whole frames end that count.</summary>
    public long KeptEnd => IsDamaged ? Math.Min(DurableEnd, Walk.FileOffset) : Walk.FileOffset;

    /// <summary>Where the last group begins: after a crash, nothing from here on is trusted.</summary>
    public long UntrustedFrom => Walk.HasFrames ? Math.Max(Walk.GroupStart, From) : From;
}
