namespace Factstone;

/// <summary>A version of a kept projection that has cells in the ledger, or is kept by this process.</summary>
/// <param name="Name">The name of the projection.</param>
/// <param name="Version">The version.</param>
/// <param name="State">What it is in.</param>
/// <param name="Position">Every fact of the source up to this position is folded: in this process, or, if it does not keep the projection, in the last snapshot.</param>
/// <param name="Lag">How far it is behind; null if its checkpoint does not fit the ledger as it is now, or if it is being dropped.</param>
/// <param name="Source">The query of its facts.</param>
/// <param name="Failure">Why it has failed; null if it has not.</param>
public sealed record ProjectionSummary(string Name, int Version, ProjectionState State, Position Position, FollowerLag? Lag, FactQuery Source, string? Failure);

/// <summary>The state of a version of a kept projection.</summary>
public enum ProjectionState
{
    /// <summary>It folds the facts before it answers.</summary>
    Building = 1,

    /// <summary>It answers.</summary>
    Current = 2,

    /// <summary>Another version has replaced it, or it was dropped; its cells are being deleted.</summary>
    Dropping = 3,
}
