namespace Factstone.Storage;

/// <summary>The names of a bucket that have a value, in order. One thread changes them, others list.</summary>
internal sealed class BucketNames
{
    readonly Lock _lock = new();
    readonly SortedSet<string> _names = new(Utf8Order.Instance);

    public void Add(string name)
    {
        lock (_lock) _names.Add(name);
    }

    public void Remove(string name)
    {
        lock (_lock) _names.Remove(name);
    }

    public IReadOnlyList<string> List(string prefix, string? after, int limit)
    {
        var found = new List<string>();
        lock (_lock)
        {
            if (_names.Max is not { } last) return found;
            var from = after is not null && Utf8Order.Instance.Compare(after, prefix) > 0 ? after : prefix;
            if (Utf8Order.Instance.Compare(from, last) > 0) return found;
            foreach (var name in _names.GetViewBetween(from, last))
            {
                if (name == after) continue;
                if (!name.StartsWith(prefix, StringComparison.Ordinal)) break;
                found.Add(name);
                if (found.Count == limit) break;
            }
        }

        return found;
    }
}
