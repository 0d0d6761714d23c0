using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>The names of a part in memory in the order of their bytes, sorted by who lists them and not by the writer.</summary>
/// <remarks>Threads: any number, while one adds.</remarks>
internal sealed class SortedNames
{
    string[] _sorted = [];

    /// <summary>All names there are. New ones only ever come in addition, so a list of the same length is the same list.</summary>
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
