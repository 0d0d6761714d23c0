using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>All workloads, in the order in which they are measured.</summary>
internal static class Workloads
{
    static readonly IReadOnlyList<(string Name, Func<BenchContext, IComparedWorkload> Make)> All =
    [
        .. Workload.All.Select(workload => (workload.Name, (Func<BenchContext, IComparedWorkload>)(context => new AppendWorkload(context, workload)))),
        ("W5", LoadedReads.LatestByKey),
        ("W6", LoadedReads.WholeStreams),
        ("W7-count", LoadedReads.Count),
        ("W7-sum", LoadedReads.Sum),
        ("W8-closed", context => new OpeningWorkload(context, isKilled: false)),
        ("W8-killed", context => new OpeningWorkload(context, isKilled: true)),
        ("W9", LoadedReads.AsOf),
        ("W10-single", context => new DiskBytesWorkload(context, factsPerAppend: 1)),
        ("W10-batch", context => new DiskBytesWorkload(context, factsPerAppend: 100)),
        ("W11", context => new PeakMemoryWorkload(context)),
        ("W12-constraint", context => new OneStreamWorkload(context, looksUpFirst: false, byClient: true)),
        ("W12-looked-up", context => new OneStreamWorkload(context, looksUpFirst: true, byClient: true)),
        ("W12-constraint-bare", context => new OneStreamWorkload(context, looksUpFirst: false, byClient: false)),
        ("W12-looked-up-bare", context => new OneStreamWorkload(context, looksUpFirst: true, byClient: false)),
        ("W13-1", context => new BoundaryWorkload(context, callers: 1)),
        ("W13-64", context => new BoundaryWorkload(context, callers: 64)),
    ];

    public static string Names => string.Join(" ", All.Select(workload => workload.Name));

    /// <summary>The workload with that name; for <c>W7</c>, all its measurements. Empty if there is no such name.</summary>
    public static IReadOnlyList<string> Named(string word)
    {
        string[] named = [.. All.Select(one => one.Name).Where(name => name.Equals(word, StringComparison.OrdinalIgnoreCase))];
        return named.Length > 0 ? named : [.. All.Select(one => one.Name).Where(name => name.StartsWith($"{word}-", StringComparison.OrdinalIgnoreCase))];
    }

    /// <summary>The workloads with the given names; all if no names are given.</summary>
    public static IReadOnlyList<IComparedWorkload> Make(BenchContext context, IReadOnlyList<string> names) =>
        [.. All.Where(workload => names.Count == 0 || names.Contains(workload.Name)).Select(workload => workload.Make(context))];
}
