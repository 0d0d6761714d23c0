namespace Factstone.Tests.Simulation;

/// <summary>The simplest model of cells: every write of each cell in order. The last one is the value.</summary>
internal sealed class ModelCells
{
    readonly Dictionary<CellName, List<ModelCell>> _cells = [];

    public IEnumerable<CellName> Names => _cells.Keys;

    public IReadOnlyList<ModelCell> Writes(CellName name) => _cells.GetValueOrDefault(name) ?? [];

    public ModelCell? Latest(CellName name) => Writes(name) is [.., { Write.IsDelete: false } last] ? last : null;

    public IEnumerable<string> List(string bucket) =>
        _cells.Keys.Where(name => name.Bucket == bucket && Latest(name) is not null).Select(name => name.Name).Order(Utf8Order.Instance);

    /// <summary>Whether a condition on a cell holds at a given version.</summary>
    public bool Holds(AppendCondition condition, int version)
    {
        var last = version == 0 ? null : Writes(condition.Cell)[version - 1].Write;
        var hasValue = last is { IsDelete: false };
        return condition.Kind switch
        {
            AppendConditionKind.CellAt => hasValue && version == condition.CellVersion.Value,
            AppendConditionKind.CellAbsent => !hasValue,
            _ => hasValue && last!.Value.Span.SequenceEqual(condition.Value.Span),
        };
    }

    public void Add(IEnumerable<NewCell> cells, DateTimeOffset recordedAt, int append)
    {
        foreach (var cell in cells)
        {
            if (!_cells.TryGetValue(cell.Cell, out var writes)) _cells.Add(cell.Cell, writes = []);
            writes.Add(new ModelCell(cell, recordedAt, append));
        }
    }
}

/// <param name="Write">The write.</param>
/// <param name="RecordedAt">Its time.</param>
/// <param name="Append">The number of its append in the model, from 1.</param>
internal sealed record ModelCell(NewCell Write, DateTimeOffset RecordedAt, int Append);
