using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>The names of a memory part in the order of their bytes. The reader that lists them sorts them, not the writer.</summary>
/// <remarks>Threads: any, while one thread adds names.</remarks>
internal sealed class SortedNames
{
    string[] _sorted = [];

    /// <summary>All names. Names are only added, never removed, so a list of the same length is the same list.</summary>
    public string[] Of<TValue>(ConcurrentDictionary<string, TValue> named)
    {
        var sorted = Volatile.Read(ref _sorted);
        if (sorted.Length == named.Count) return sorted;
        sorted = [.. named.Keys];
        Array.Sort(sorted, Utf8Order.Instance);
        Volatile.Write(ref _sorted, sorted);
        return sorted;
    }
}
