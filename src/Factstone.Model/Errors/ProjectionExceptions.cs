namespace Factstone;

/// <summary>A kept projection cannot fold a fact: its step, its grouping or its JSON has thrown, or the fact cannot be read or was dropped. Appends are not affected. It folds on when the ledger is opened again with a definition that can.</summary>
public sealed class ProjectionFailedException : FactstoneException
{
    internal ProjectionFailedException(Projection projection, Position position, string what, Exception inner)
        : base($"Projection '{projection.Name}', version {projection.Version}, has failed at position {position}: {what} {inner.Message} Appends are not affected. Correct the definition and open the ledger again; with a new version, if facts before this one would be folded differently.", inner) =>
        (Projection, Version, Position) = (projection.Name, projection.Version, position);

    /// <summary>A truncation has dropped facts that it has not folded.</summary>
    internal ProjectionFailedException(Projection projection, Position position, HistoryDroppedException inner)
        : base($"Projection '{projection.Name}', version {projection.Version}, has failed at position {position}: it would need facts that were dropped: {inner.Dropped}. Appends are not affected. Drop the projection, or give it a new version with a Source without this stream.", inner) =>
        (Projection, Version, Position) = (projection.Name, projection.Version, position);

    /// <summary>The name of the projection.</summary>
    public string Projection { get; }

    /// <summary>Its version.</summary>
    public int Version { get; }

    /// <summary>The position of the fact. If facts were dropped that it would need, the first position that it has not folded.</summary>
    public Position Position { get; }
}

/// <summary>A kept projection does not fit what is stored of it, or what the ledger was opened with. The message says what to do. Nothing was written.</summary>
public sealed class ProjectionRefusedException : FactstoneException
{
    internal ProjectionRefusedException(string projection, int version, string why, Exception? inner = null)
        : base($"Projection '{projection}', version {version}, is refused: {why}", inner) => (Projection, Version) = (projection, version);

    /// <summary>The name of the projection.</summary>
    public string Projection { get; }

    /// <summary>Its version.</summary>
    public int Version { get; }
}
