namespace Factstone;

/// <summary>How far a follower is behind the ledger.</summary>
/// <param name="Facts">Positions between the follower and the head, including facts that its query leaves out; 0 at the head.</param>
/// <param name="Time">The age of the first fact after the follower's position; zero if there is none.</param>
public readonly record struct FollowerLag(long Facts, TimeSpan Time);
