namespace Factstone.Storage;

/// <summary>The newest write of a cell that one part of the index knows, and its location.</summary>
/// <param name="Version">Its version.</param>
/// <param name="IsDeleted">Whether it removed the value.</param>
/// <param name="Digest">The digest of the value; unknown if the entry was read from the log or from a run.</param>
/// <param name="Location">The location of the cell's first byte in the log.</param>
internal sealed record CellEntry(CellVersion Version, bool IsDeleted, CellDigest Digest, LogLocation Location)
{
    /// <summary>How many damaged stretches that may hide any cell came before it, in the part of the log that its memory part covers.</summary>
    public int UnknownMarksBefore { get; init; }

    /// <summary>The entry of a cell that a walk of the log found.</summary>
    public static CellEntry Of(Segment segment, long fileOffset, in CellView cell) => new(cell.Head.Version, cell.Head.IsDelete, default, segment.LocationOf(fileOffset));

    public CellState State => new(Version, IsDeleted, Digest);
}

/// <summary>The answer of the index for a cell.</summary>
/// <param name="Entry">Its newest write; null if there is none.</param>
/// <param name="IsCertain">False if a damaged stretch of the log may hide a newer one.</param>
internal readonly record struct CellFound(CellEntry? Entry, bool IsCertain);
