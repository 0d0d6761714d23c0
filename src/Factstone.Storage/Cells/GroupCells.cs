using System.Runtime.InteropServices;

namespace Factstone.Storage;

/// <summary>The cells of a group, each on the state that the ones before it leave.</summary>
/// <remarks>Threads: the writer's only.</remarks>
internal sealed class GroupCells(CellIndex index, StorageOptions options)
{
    readonly List<AcceptedCell> _cells = [];
    readonly Dictionary<CellName, CellState> _states = [];

    public Span<AcceptedCell> All => CollectionsMarshal.AsSpan(_cells);

    public CellState State(CellName cell) =>
        options.Defect == Defect.DecideWithoutGroup ? index.Find(cell, out _)?.State ?? default : Pending(cell);

    /// <summary>Gives the cells of an append their versions.</summary>
    public IReadOnlyList<CellAndVersion> Accept(PreparedAppend append)
    {
        if (append.Cells.Length == 0) return [];
        var versions = new CellAndVersion[append.Cells.Length];
        for (var i = 0; i < versions.Length; i++)
        {
            ref readonly var cell = ref append.Cells[i];
            var state = new CellState(Pending(cell.Cell).Version.Next(), cell.IsDelete, cell.Digest);
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

    CellState Pending(CellName cell) => _states.TryGetValue(cell, out var state) ? state : index.Find(cell, out _)?.State ?? default;
}

/// <summary>A cell with its version, and, once encoded, its place in the file.</summary>
internal record struct AcceptedCell(CellName Cell, CellState State)
{
    public long FileOffset { get; set; }
}
