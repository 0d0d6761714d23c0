namespace Factstone;

/// <summary>What is so of a cell at some place in the log.</summary>
/// <param name="Version">How often it was written.</param>
/// <param name="IsDeleted">Whether the last write removed it.</param>
/// <param name="Digest">Of the value; unknown where the cell was not written since the open.</param>
internal readonly record struct CellState(CellVersion Version, bool IsDeleted, CellDigest Digest)
{
    public bool HasValue => Version > CellVersion.None && !IsDeleted;
}

/// <summary>A write of a cell as it stands in the log.</summary>
internal sealed record StoredCell(CellName Cell, CellVersion Version, bool IsDelete, ReadOnlyMemory<byte> Value, long RecordedAt);
