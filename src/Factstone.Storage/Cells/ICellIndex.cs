namespace Factstone.Storage;

/// <summary>What is so of each cell: the newest write wins.</summary>
/// <remarks>Threads: one applies, any number ask meanwhile.</remarks>
internal interface ICellIndex
{
    /// <summary>The newest write of a cell, a delete included; null when there is none.</summary>
    CellEntry? Find(CellName cell);

    /// <summary>Up to <paramref name="limit"/> names in a bucket that have a value, with a prefix, after a name, in the order of their UTF-8 bytes.</summary>
    IReadOnlyList<string> List(string bucket, string prefix, string? after, int limit);

    /// <summary>Takes in a write, unless it knows of a newer one.</summary>
    void Apply(CellName cell, CellEntry entry);
}

/// <summary>The newest write of a cell, and where it is.</summary>
/// <param name="Version">Its version.</param>
/// <param name="IsDeleted">Whether it removed the value.</param>
/// <param name="Digest">Of the value; unknown of one that was read from the log.</param>
/// <param name="Segment">Where it is.</param>
/// <param name="FileOffset">The first byte of the cell there.</param>
internal sealed record CellEntry(CellVersion Version, bool IsDeleted, CellDigest Digest, Segment Segment, long FileOffset)
{
    /// <summary>How many damaged stretches that may hold any cell came before it in the log.</summary>
    public int MissedBefore { get; init; }

    /// <summary>A cell that a walk along the log found.</summary>
    public static CellEntry Of(Segment segment, long fileOffset, in CellView cell) => new(cell.Head.Version, cell.Head.IsDelete, default, segment, fileOffset);

    public CellState State => new(Version, IsDeleted, Digest);
}
