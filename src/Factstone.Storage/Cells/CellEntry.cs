namespace Factstone.Storage;

/// <summary>The newest write of a cell, as far as one part of the index knows, and where it is.</summary>
/// <param name="Version">Its version.</param>
/// <param name="IsDeleted">Whether it removed the value.</param>
/// <param name="Digest">Of the value; unknown of one that was read from the log or from a run.</param>
/// <param name="Location">The first byte of the cell in the log.</param>
internal sealed record CellEntry(CellVersion Version, bool IsDeleted, CellDigest Digest, LogLocation Location)
{
    /// <summary>How many damaged stretches that may hold any cell came before it in the part of the log that its part in memory is of.</summary>
    public int MissedBefore { get; init; }

    /// <summary>A cell that a walk along the log found.</summary>
    public static CellEntry Of(Segment segment, long fileOffset, in CellView cell) => new(cell.Head.Version, cell.Head.IsDelete, default, segment.LocationOf(fileOffset));

    public CellState State => new(Version, IsDeleted, Digest);
}

/// <summary>What the index says of a cell.</summary>
/// <param name="Entry">Its newest write; null when there is none.</param>
/// <param name="IsCertain">False when a damaged stretch of the log may hide a newer one.</param>
internal readonly record struct CellFound(CellEntry? Entry, bool IsCertain);
