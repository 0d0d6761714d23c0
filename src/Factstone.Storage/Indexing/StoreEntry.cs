using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>The streams of one store in a memory part, by key. One thread adds, others read.</summary>
internal sealed class StoreEntry(string name)
{
    readonly ConcurrentDictionary<string, StreamEntry> _streams = new(concurrencyLevel: 1, capacity: 31, StringComparer.Ordinal);
    readonly SortedNames _sorted = new();

    public string Name => name;

    /// <summary>The number of facts in the part.</summary>
    public long Facts { get; set; }

    /// <summary>The number of streams whose first fact is in the part.</summary>
    public long Streams { get; set; }

    public IEnumerable<StreamEntry> Entries => _streams.Values;

    public StreamEntry? Find(string key) => _streams.GetValueOrDefault(key);

    public StreamEntry? Find(ReadOnlySpan<char> key) =>
        _streams.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(key, out var entry) ? entry : null;

    public void Add(StreamEntry entry) => _streams[entry.Name.Key] = entry;

    /// <summary>All keys, in the order of their bytes.</summary>
    public string[] SortedKeys() => _sorted.Of(_streams);
}
