namespace Factstone;

/// <summary>How far a follower is behind the ledger.</summary>
/// <param name="Facts">Positions between the follower's and the head, also those of facts that its query leaves out; 0 when it is caught up.</param>
/// <param name="Time">How long ago the first fact behind the follower's position was recorded; zero when there is none.</param>
public readonly record struct FollowerLag(long Facts, TimeSpan Time);
