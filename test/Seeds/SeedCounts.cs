using System.Collections.Concurrent;
using System.Globalization;

namespace Factstone;

/// <summary>What has happened in the runs of all seeds together, to show that they do what they are for. Runs may count at the same time.</summary>
internal sealed class SeedCounts(int seeds)
{
    readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>How many seeds there are.</summary>
    public int Seeds { get; } = seeds;

    public bool IsEmpty => _counts.IsEmpty;

    public long this[string what] => _counts.GetValueOrDefault(what);

    public void Count(string what, long times = 1) => _counts.AddOrUpdate(what, times, (_, before) => before + times);

    public void Add(IReadOnlyDictionary<string, int> counts)
    {
        foreach (var (what, times) in counts) Count(what, times);
    }

    public override string ToString() =>
        string.Join('\n', _counts.OrderBy(static one => one.Key, StringComparer.Ordinal).Select(static one => string.Create(CultureInfo.InvariantCulture, $"{one.Value,12:N0}  {one.Key}")));
}
