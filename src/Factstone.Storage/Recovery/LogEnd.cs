namespace Factstone.Storage;

/// <summary>The result of a walk to the end of the last segment, which decides what has to be done.</summary>
internal sealed record LogEnd
{
    /// <summary>Where the examination began: everything before it is known to be durable.</summary>
    public required long From { get; init; }

    /// <summary>The end of the last whole frame.</summary>
    public required WalkEnd Walk { get; init; }

    /// <summary>Whether the last writer closed the ledger here.</summary>
    public bool IsClean { get; init; }

    /// <summary>Whether bytes after the last whole frame were durable, so that missing ones are damage.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>Whether only the index shows that something is missing after the last whole frame.</summary>
    public bool IsShortened { get; init; }

    /// <summary>Whether later segments are missing, which may have contained the last group again. Then frames after <see cref="DurableEnd"/> may be obsolete.</summary>
    public bool IsBeforeMissing { get; init; }

    /// <summary>With damage: the end of what was durable, and the position after it.</summary>
    public long DurableEnd { get; init; }

    public Position DurableNext { get; init; }

    /// <summary>The end of the whole frames that count.</summary>
    public long KeptEnd => IsDamaged ? Math.Min(DurableEnd, Walk.FileOffset) : Walk.FileOffset;

    /// <summary>Where the last group begins: after a crash, nothing from here on is trusted.</summary>
    public long UntrustedFrom => Walk.HasFrames ? Math.Max(Walk.GroupStart, From) : From;
}
