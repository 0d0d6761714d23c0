using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>The cells of one bucket in a part in memory, by name. One thread adds, others read.</summary>
internal sealed class MemoryBucket(string name)
{
    readonly ConcurrentDictionary<string, CellEntry> _cells = new(concurrencyLevel: 1, capacity: 31, StringComparer.Ordinal);
    string[] _sorted = [];

    public string Name => name;

    public CellEntry? Find(string cell) => _cells.GetValueOrDefault(cell);

    public void Put(string cell, CellEntry entry) => _cells[cell] = entry;

    public IEnumerable<KeyValuePair<string, CellEntry>> All() => _cells;

    /// <summary>All names there are, in the order of their bytes.</summary>
    public string[] SortedNames()
    {
        // New ones only ever come in addition, so a list of the same length is the same list.
        var sorted = Volatile.Read(ref _sorted);
        if (sorted.Length == _cells.Count) return sorted;
        sorted = [.. _cells.Keys];
        Array.Sort(sorted, Utf8Order.Instance);
        Volatile.Write(ref _sorted, sorted);
        return sorted;
    }
}
