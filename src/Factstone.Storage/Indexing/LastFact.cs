namespace Factstone.Storage;

/// <summary>Where the last fact of a stream is; default where the stream has none.</summary>
/// <param name="Location">Its place, where that is known.</param>
/// <param name="Candidate">Otherwise a segment that has it, if the fact there is of the stream: a fingerprint alone said so.</param>
/// <param name="CandidateAt">Where it begins there.</param>
internal readonly record struct LastFact(Location Location, Segment? Candidate, long CandidateAt);
