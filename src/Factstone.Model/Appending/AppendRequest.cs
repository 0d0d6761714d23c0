namespace Factstone;

/// <summary>One atomic append: facts over any number of streams, cells, at least one of either, and what must hold for them to be written.</summary>
public sealed record AppendRequest
{
    /// <summary>An empty request, to be filled by its properties.</summary>
    public AppendRequest() { }

    /// <summary>A request that appends these facts.</summary>
    public AppendRequest(params IReadOnlyList<NewFact> facts) => Facts = facts;

    /// <summary>0..10,000 facts, in the order in which they get their positions; ≤ 32 MiB as written, with the cells.</summary>
    public IReadOnlyList<NewFact> Facts { get; init; } = [];

    /// <summary>0..10,000 writes of cells, each of another cell. They are committed with the facts, or without any.</summary>
    public IReadOnlyList<NewCell> Cells { get; init; } = [];

    /// <summary>What must hold, all of it, at the place in the order of appends where this one comes.</summary>
    public IReadOnlyList<AppendCondition> Conditions { get; init; } = [];

    /// <summary>The caller's name for this append, 1..128 bytes, unique in the ledger: a repeat is answered with the first receipt and adds nothing, for ever.</summary>
    public string? AppendId { get; init; }
}
