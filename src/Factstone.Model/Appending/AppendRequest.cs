namespace Factstone;

/// <summary>One atomic append: at least one fact or cell, over any number of streams, and the conditions under which it happens.</summary>
public sealed record AppendRequest
{
    /// <summary>An empty request, to be filled by its properties.</summary>
    public AppendRequest() { }

    /// <summary>A request that appends these facts.</summary>
    public AppendRequest(params IReadOnlyList<NewFact> facts) => Facts = facts;

    /// <summary>0..10,000 facts, in the order in which they get their positions. Together with the cells ≤ 32 MiB as encoded.</summary>
    public IReadOnlyList<NewFact> Facts { get; init; } = [];

    /// <summary>0..10,000 writes of cells, at most one for each cell. They are committed with the facts, if there are any.</summary>
    public IReadOnlyList<NewCell> Cells { get; init; } = [];

    /// <summary>Conditions that must all hold at the append's place in the order of appends.</summary>
    public IReadOnlyList<AppendCondition> Conditions { get; init; } = [];

    /// <summary>The caller's name for this append, 1..128 bytes, unique in the ledger. A repeat adds nothing and is answered with the first receipt, for ever. Null for none.</summary>
    public string? AppendId { get; init; }

    /// <summary>When an append with the same id is a repeat of the first: if its content is the same, which is the default, or always.</summary>
    /// <remarks><see cref="RepeatPolicy.SameId"/> needs an <see cref="AppendId"/>; without one the request is refused with <see cref="ArgumentException"/>.</remarks>
    public RepeatPolicy OnRepeat { get; init; }

    /// <summary>Whether types are taken as they are, also those that look like JSON: for facts that another ledger has already stored.</summary>
    internal bool KeepsTypes { get; init; }

    /// <summary>Receives the place of the append; null for none.</summary>
    internal AppendAcceptance? Acceptance { get; init; }
}
