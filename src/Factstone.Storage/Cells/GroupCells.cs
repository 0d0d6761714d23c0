using System.Runtime.InteropServices;

namespace Factstone.Storage;

/// <summary>The cells of a group, each on the state that the ones before it leave.</summary>
/// <remarks>Threads: the writer's only.</remarks>
internal sealed class GroupCells(FactIndex index, IndexedReading reading, StorageOptions options)
{
    readonly List<AcceptedCell> _cells = [];
    readonly Dictionary<CellName, CellState> _states = [];
    IndexSnapshot _snapshot = IndexSnapshot.Empty;

    public Span<AcceptedCell> All => CollectionsMarshal.AsSpan(_cells);

    /// <summary>Turns to the next append, and to what was read for it.</summary>
    public void Consider(IndexSnapshot snapshot) => _snapshot = snapshot;

    public CellState State(CellName cell) =>
        options.Defect != Defect.DecideWithoutGroup && _states.TryGetValue(cell, out var state) ? state : Before(cell);

    /// <summary>Gives the cells of an append their versions.</summary>
    public IReadOnlyList<CellAndVersion> Accept(PreparedAppend append)
    {
        if (append.Cells.Length == 0) return [];
        var versions = new CellAndVersion[append.Cells.Length];
        for (var i = 0; i < versions.Length; i++)
        {
            ref readonly var cell = ref append.Cells[i];
            var before = _states.TryGetValue(cell.Cell, out var pending) ? pending : Before(cell.Cell);
            var state = new CellState(before.Version.Next(), cell.IsDelete, cell.Digest);
            _states[cell.Cell] = state;
            _cells.Add(new AcceptedCell(cell.Cell, state));
            versions[i] = new CellAndVersion(cell.Cell, state.Version);
        }

        return versions;
    }

    public void Clear()
    {
        _cells.Clear();
        _states.Clear();
    }

    /// <summary>What is so without the group: from memory, or as it was prepared.</summary>
    CellState Before(CellName cell)
    {
        if (index.MemoryCell(cell) is { } state) return state;
        if (index.HasAllSince(_snapshot) || options.Defect == Defect.StaleCell) return _snapshot.Cells is { } cells && cells.TryGetValue(cell, out var known) ? known : default;

        // As with a stream's head: it waited for so long that the writer looks it up by itself.
        options.BranchTaken?.Invoke(RecoveryBranch.WriterLookedUp);
        return reading.FindKnownCell(cell)?.State ?? default;
    }
}

/// <summary>A cell with its version, and, once encoded, its place in the file.</summary>
internal record struct AcceptedCell(CellName Cell, CellState State)
{
    public long FileOffset { get; set; }
}
