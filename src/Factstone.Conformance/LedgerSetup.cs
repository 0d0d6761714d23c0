namespace Factstone.Conformance;

/// <summary>What a claim opens its ledger with.</summary>
public sealed record LedgerSetup
{
    /// <summary>The types.</summary>
    public required FactTypes Types { get; init; }

    /// <summary>The projections that are kept in step with every append; none in most claims.</summary>
    public IReadOnlyList<Projection> InlineProjections { get; init; } = [];

    /// <summary>The projections that are kept in the background; none in most claims.</summary>
    public IReadOnlyList<Projection> AsyncProjections { get; init; } = [];
}
