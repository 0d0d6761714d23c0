namespace Factstone.Storage;

/// <summary>The last fact of a stream; default if the stream has none.</summary>
/// <param name="Location">Its location, if it is known.</param>
/// <param name="Candidate">If the location is not known: a segment that may contain the fact. Only a fingerprint matched, so the caller must check that the fact there is of the stream.</param>
/// <param name="CandidateAt">The offset of the fact in that segment.</param>
internal readonly record struct LastFact(Location Location, Segment? Candidate, long CandidateAt);
