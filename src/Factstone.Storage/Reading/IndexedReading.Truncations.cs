namespace Factstone.Storage;

/// <summary>What is known of truncations, also beside damage.</summary>
internal sealed partial class IndexedReading
{
    /// <summary>The newest write of a cell that is known; null if there is none. A damaged stretch of the log may hide a newer one.</summary>
    public CellEntry? FindCell(CellName cell)
    {
        using var reading = gate.Enter();
        return LookupInside(cell, static (index, cell) => index.FindCell(cell)).Entry;
    }

    /// <summary>The position of the last known fact of a stream. A damaged stretch of the log may hide a later one.</summary>
    public Position LastKnown(StreamName stream)
    {
        using var reading = gate.Enter();
        return LastLocation(stream, new Position(Position.MaxValue)).Position;
    }

    /// <summary>The facts of a stream between two versions, both included.</summary>
    public VersionExtent ExtentOf(StreamName stream, StreamVersion first, StreamVersion last)
    {
        using var reading = gate.Enter();
        return LookupInside((stream, first, last), static (index, about) => index.ExtentOf(about.stream, about.first, about.last));
    }
}
