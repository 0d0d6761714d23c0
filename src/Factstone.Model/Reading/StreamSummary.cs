namespace Factstone;

/// <summary>A store, and the number of its facts and streams.</summary>
/// <param name="Store">Its name.</param>
/// <param name="Facts">The number of facts in all its streams, dropped ones included.</param>
/// <param name="Streams">The number of streams that have had a fact, including those of retracted records.</param>
public readonly record struct StoreSummary(string Store, long Facts, long Streams);

/// <summary>A stream and its last fact, as of the point of the read.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Version">Its last version, which is the number of facts that it has had.</param>
/// <param name="Position">The position of its last fact.</param>
/// <param name="IsRetracted">Whether its last fact retracts, so that the record has no value. The stream exists nevertheless.</param>
public readonly record struct StreamSummary(StreamName Stream, StreamVersion Version, Position Position, bool IsRetracted)
{
    /// <summary>Its last fact as of the point of the read, which may be a retraction; null unless <see cref="ListOptions.WithLatestFacts"/> asked for it, or if it is lost for good or dropped.</summary>
    public Fact? LatestFact { get; init; }

    /// <summary>The version through which the stream is dropped; 0 if it was never truncated.</summary>
    public StreamVersion DroppedThrough { get; init; }

    /// <summary>Whether the record has a value: its last fact neither retracts nor is dropped.</summary>
    public bool HasValue => !IsRetracted && DroppedThrough < Version;
}
