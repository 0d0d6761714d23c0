using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>The cells in memory, all of them.</summary>
internal sealed class CellMap : ICellIndex
{
    readonly ConcurrentDictionary<CellName, CellEntry> _entries = new(concurrencyLevel: 1, capacity: 31);
    readonly ConcurrentDictionary<string, BucketNames> _buckets = new(concurrencyLevel: 1, capacity: 7, StringComparer.Ordinal);
    long _count;

    /// <summary>Cells that have a value.</summary>
    public long Count => Volatile.Read(ref _count);

    public CellEntry? Find(CellName cell) => _entries.GetValueOrDefault(cell);

    public IReadOnlyList<string> List(string bucket, string prefix, string? after, int limit) =>
        _buckets.TryGetValue(bucket, out var names) ? names.List(prefix, after, limit) : [];

    public void Apply(CellName cell, CellEntry entry)
    {
        var known = Find(cell);

        // The same version again has been written anew at another place.
        if (known is not null && known.Version > entry.Version) return;
        _entries[cell] = entry;

        var hadValue = known is { IsDeleted: false };
        if (hadValue == !entry.IsDeleted) return;
        var names = _buckets.GetOrAdd(cell.Bucket, static _ => new BucketNames());
        if (entry.IsDeleted) names.Remove(cell.Name);
        else names.Add(cell.Name);
        Volatile.Write(ref _count, _count + (entry.IsDeleted ? -1 : 1));
    }
}
