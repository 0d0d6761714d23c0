namespace Factstone.Storage;

/// <summary>What is so of the cells, as far as the log can be read.</summary>
/// <remarks>
/// Always true: what it answers is the newest write. A damaged stretch of the log may hide a newer write of any cell that
/// was not written behind it, and then it answers nothing. Threads: the writer, or the one that opens or refreshes, adds;
/// others read.
/// </remarks>
internal sealed class CellIndex(Defect defect = Defect.None)
{
    readonly CellMap _cells = new();
    volatile int _missed;

    /// <summary>Cells that have a value.</summary>
    public long Count => _cells.Count;

    /// <summary>Whether a damaged stretch may hide a cell of which nothing is known.</summary>
    public bool HasMissed => _missed > 0;

    /// <summary>The newest write of a cell; null when there is none.</summary>
    /// <param name="cell">Which.</param>
    /// <param name="isCertain">False when a damaged stretch may hide a newer one.</param>
    public CellEntry? Find(CellName cell, out bool isCertain)
    {
        var entry = _cells.Find(cell);
        if (defect == Defect.ForgetDeletedCells && entry is { IsDeleted: true }) entry = null;
        isCertain = (entry?.MissedBefore ?? 0) == _missed;
        return entry;
    }

    public IReadOnlyList<string> List(string bucket, string prefix, string? after, int limit) => _cells.List(bucket, prefix, after, limit);

    /// <summary>A write of a cell.</summary>
    public void Apply(CellName cell, CellEntry entry) => _cells.Apply(cell, entry with { MissedBefore = _missed });

    /// <summary>A stretch of the log is damaged that may hold a write of any cell. What comes behind it is newer.</summary>
    public void Missed()
    {
        if (defect != Defect.CellsPastDamage) _missed++;
    }
}
