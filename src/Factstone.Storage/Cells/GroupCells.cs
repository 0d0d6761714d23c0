using System.Runtime.InteropServices;

namespace Factstone.Storage;

/// <summary>The cells of a group, each decided on the state that the ones before it produce.</summary>
/// <remarks>Threads: the writer's only.</remarks>
internal sealed class GroupCells(FactIndex index, IndexedReading reading, StorageOptions options)
{
    readonly List<AcceptedCell> _cells = [];
    readonly Dictionary<CellName, CellState> _states = [];
    IndexSnapshot _snapshot = IndexSnapshot.Empty;

    /// <summary>Through which version the accepted appends drop streams; null when they drop nothing.</summary>
    Dictionary<CellName, StreamVersion>? _dropped;

    public bool HasTruncations => _dropped is not null;

    public Span<AcceptedCell> All => CollectionsMarshal.AsSpan(_cells);

    /// <summary>Moves to the next append, and to the snapshot of its lookups.</summary>
    public void Consider(IndexSnapshot snapshot) => _snapshot = snapshot;

    public CellState State(CellName cell) =>
        options.Defect != Defect.DecideWithoutGroup && _states.TryGetValue(cell, out var state) ? state : Before(cell);

    /// <summary>Through which version an accepted append drops the stream of a truncation cell; none if none does.</summary>
    public StreamVersion Dropped(CellName cell) => _dropped is null ? StreamVersion.None : _dropped.GetValueOrDefault(cell);

    /// <summary>Assigns versions to the cells of an append.</summary>
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
            if (cell.Cell.Bucket == TruncationCell.Bucket) (_dropped ??= [])[cell.Cell] = TruncationCell.Read(append.Value(cell), cell.Cell.Name).Through;
            versions[i] = new CellAndVersion(cell.Cell, state.Version);
        }

        return versions;
    }

    public void Clear()
    {
        _cells.Clear();
        _states.Clear();
        _dropped = null;
    }

    /// <summary>The state before the group: from memory, or from the append's preparation.</summary>
    CellState Before(CellName cell)
    {
        if (index.MemoryCell(cell) is { } state) return state;
        if (index.HasAllSince(_snapshot) || options.Defect == Defect.StaleCell) return _snapshot.Cells is { } cells && cells.TryGetValue(cell, out var known) ? known : default;

        // As with the head of a stream: the append waited so long that the writer repeats the lookup.
        options.BranchTaken?.Invoke(RecoveryBranch.WriterLookedUp);
        return reading.FindKnownCell(cell)?.State ?? default;
    }
}

/// <summary>A cell with its version, and, once encoded, its offset in the file.</summary>
internal record struct AcceptedCell(CellName Cell, CellState State)
{
    public long FileOffset { get; set; }
}
