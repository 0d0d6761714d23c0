namespace Factstone;

/// <summary>The state of a cell at a place in the log.</summary>
/// <param name="Version">The number of its writes.</param>
/// <param name="IsDeleted">Whether the last write removed it.</param>
/// <param name="Digest">The digest of its value; unknown if the cell was not written since the open.</param>
internal readonly record struct CellState(CellVersion Version, bool IsDeleted, CellDigest Digest)
{
    public bool HasValue => Version > CellVersion.None && !IsDeleted;
}

/// <summary>A write of a cell as stored in the log.</summary>
internal sealed record StoredCell(CellName Cell, CellVersion Version, bool IsDelete, ReadOnlyMemory<byte> Value, long RecordedAt);
