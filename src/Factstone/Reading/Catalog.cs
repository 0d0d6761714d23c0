namespace Factstone;

/// <summary>A store and how much is in it.</summary>
/// <param name="Store">Its name.</param>
/// <param name="Facts">Facts of all its streams.</param>
/// <param name="Streams">Streams that have had a fact, those of retracted records included.</param>
public readonly record struct StoreSummary(string Store, long Facts, long Streams);

/// <summary>A stream and its last fact, as of the point that was read at.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Version">Its last version, which is how many facts it has had.</param>
/// <param name="Position">Where its last fact is in the whole ledger.</param>
/// <param name="IsRetracted">Whether its last fact retracts, so that the record has no value; the stream exists all the same.</param>
public readonly record struct StreamSummary(StreamName Stream, StreamVersion Version, Position Position, bool IsRetracted);
