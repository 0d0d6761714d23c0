using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>The cells of one bucket in a memory part, by name. One thread adds, others read.</summary>
internal sealed class MemoryBucket(string name)
{
    readonly ConcurrentDictionary<string, CellEntry> _cells = new(concurrencyLevel: 1, capacity: 7, StringComparer.Ordinal);

    /// <summary>In order, under a lock of their own: a listing of a growing bucket must not sort it again for each page.</summary>
    readonly SortedSet<string> _names = new(Utf8Order.Instance);

    /// <summary>Names that no listing has seen yet. The next listing sorts them in, so that the writer does not have to.</summary>
    readonly ConcurrentQueue<string> _newNames = new();

    public string Name => name;

    public CellEntry? Find(string cell) => _cells.GetValueOrDefault(cell);

    public void Put(string cell, CellEntry entry)
    {
        if (_cells.TryAdd(cell, entry)) _newNames.Enqueue(cell);
        else _cells[cell] = entry;
    }

    public IEnumerable<KeyValuePair<string, CellEntry>> All() => _cells;

    /// <summary>Names from a given one on, in the order of their bytes; fewer than fit only at the end.</summary>
    /// <returns>The number of names.</returns>
    public int Names(string from, string[] names)
    {
        var count = 0;
        lock (_names)
        {
            while (_newNames.TryDequeue(out var added)) _names.Add(added);
            if (_names.Max is not { } last || Utf8Order.Instance.Compare(from, last) > 0) return 0;
            foreach (var found in _names.GetViewBetween(from, last))
            {
                names[count++] = found;
                if (count == names.Length) break;
            }
        }

        return count;
    }
}
