namespace Factstone;

/// <summary>How far a version of a projection is that is being built.</summary>
/// <param name="Version">The version.</param>
/// <param name="Position">Every fact of the source up to this position is folded.</param>
/// <param name="Head">The last position of the ledger.</param>
/// <param name="Remaining">How long the rest takes at the speed so far; null as long as that is unknown.</param>
public sealed record ProjectionProgress(int Version, Position Position, Position Head, TimeSpan? Remaining);
