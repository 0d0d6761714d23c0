namespace Factstone;

/// <summary>A consumer that has a checkpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Cursor">The checkpoint: every matching fact up to its position is handled.</param>
/// <param name="Query">The query with which it was followed last.</param>
/// <param name="Owner">The random id of its present owner, which may have stopped.</param>
/// <param name="CommittedAt">When the checkpoint was written last.</param>
/// <param name="Lag">How far it is behind; null if the checkpoint does not fit the ledger as it is now, so that it cannot continue.</param>
public sealed record ConsumerSummary(string Name, LedgerCursor Cursor, FactQuery Query, Guid Owner, DateTimeOffset CommittedAt, FollowerLag? Lag);
