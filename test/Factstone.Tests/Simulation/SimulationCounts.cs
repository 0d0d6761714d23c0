using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>Counts every fault and branch over many seeds. One that never occurred was not tested.</summary>
internal sealed class SimulationCounts
{
    readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    readonly Lock _lock = new();

    public long Appends { get; set; }

    public long this[string what]
    {
        get
        {
            lock (_lock) return _counts.GetValueOrDefault(what);
        }
    }

    public void Count(string what, long times = 1)
    {
        lock (_lock) _counts[what] = _counts.GetValueOrDefault(what) + times;
    }

    public void BranchTaken(RecoveryBranch branch) => Count($"branch {branch}");

    public void Add(IReadOnlyDictionary<string, long> faults)
    {
        foreach (var (fault, times) in faults) Count($"fault {fault}", times);
    }

    public override string ToString()
    {
        lock (_lock) return string.Join(Environment.NewLine, _counts.Select(one => $"{one.Value,12:N0}  {one.Key}").Prepend($"{Appends,12:N0}  appends sent"));
    }
}
