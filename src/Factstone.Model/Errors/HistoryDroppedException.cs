namespace Factstone;

/// <summary>A fold or a consumer would need facts that a truncation has dropped. It stops, because a state over a gap would be wrong.</summary>
public sealed class HistoryDroppedException : FactstoneException
{
    internal HistoryDroppedException(string what, DroppedFacts dropped)
        : base($"{what} would need facts that were dropped: {dropped}. Begin after what was dropped, with the state that replaces it, such as a snapshot.") => Dropped = dropped;

    /// <summary>The stream, the versions and positions that were dropped, and the receipt.</summary>
    public DroppedFacts Dropped { get; }
}
