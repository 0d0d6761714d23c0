namespace Factstone;

/// <summary>A store, and the number of its facts and streams.</summary>
/// <param name="Store">Its name.</param>
/// <param name="Facts">The number of facts in all its streams.</param>
/// <param name="Streams">The number of streams that have had a fact, including those of retracted records.</param>
public readonly record struct StoreSummary(string Store, long Facts, long Streams);

/// <summary>A stream and its last fact, as of the point of the read.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Version">Its last version, which is the number of facts that it has had.</param>
/// <param name="Position">The position of its last fact.</param>
/// <param name="IsRetracted">Whether its last fact retracts, so that the record has no value. The stream exists nevertheless.</param>
public readonly record struct StreamSummary(StreamName Stream, StreamVersion Version, Position Position, bool IsRetracted);
