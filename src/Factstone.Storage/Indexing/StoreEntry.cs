using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>The streams of one store by key. One thread adds, others read.</summary>
internal sealed class StoreEntry(string name)
{
    readonly ConcurrentDictionary<string, StreamEntry> _streams = new(concurrencyLevel: 1, capacity: 31, StringComparer.Ordinal);
    string[] _sorted = [];

    public string Name => name;

    public int Count => _streams.Count;

    public StreamEntry? Find(string key) => _streams.GetValueOrDefault(key);

    public StreamEntry? Find(ReadOnlySpan<char> key) =>
        _streams.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(key, out var entry) ? entry : null;

    public void Add(StreamEntry entry) => _streams[entry.Name.Key] = entry;

    /// <summary>The keys with a prefix that come after a key, in order, as they are when the first is asked for.</summary>
    public IEnumerable<string> Keys(string prefix, string? after)
    {
        var keys = Sorted();
        var start = after is not null && Utf8Order.Instance.Compare(after, prefix) >= 0
            ? CountThrough(keys, after)
            : CountThrough(keys, prefix) - (Array.BinarySearch(keys, prefix, Utf8Order.Instance) >= 0 ? 1 : 0);
        for (var i = start; i < keys.Length && keys[i].StartsWith(prefix, StringComparison.Ordinal); i++) yield return keys[i];
    }

    string[] Sorted()
    {
        // New keys only ever come in addition, so a list of the same length is the same list.
        var sorted = Volatile.Read(ref _sorted);
        if (sorted.Length == _streams.Count) return sorted;
        sorted = [.. _streams.Keys];
        Array.Sort(sorted, Utf8Order.Instance);
        Volatile.Write(ref _sorted, sorted);
        return sorted;
    }

    static int CountThrough(string[] keys, string key)
    {
        var found = Array.BinarySearch(keys, key, Utf8Order.Instance);
        return found >= 0 ? found + 1 : ~found;
    }
}
