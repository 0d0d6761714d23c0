namespace Factstone.Cli.Growth;

/// <summary>A limit for growth, and the measured value.</summary>
/// <param name="Name">One or two words, for programs.</param>
/// <param name="What">As a phrase.</param>
/// <param name="Value">What was measured.</param>
/// <param name="Most">The limit.</param>
/// <param name="Unit">The unit of both.</param>
internal sealed record GrowthBar(string Name, string What, double Value, double Most, string Unit)
{
    const double GrowthMost = 2;
    const double LongStreamsMost = 3;
    const double MegabytesMost = 250;
    const double OpenMillisecondsMost = 50;
    const string Times = "times";
    const string OpenName = "open";

    public bool IsMet => Value <= Most;

    public static IReadOnlyList<GrowthBar> Of(GrowthResult result)
    {
        var bars = new List<GrowthBar>();
        foreach (var row in result.Rows)
            if (row.Columns > 1 && row.Name is not (OpenName or GrowthRow.Machine or GrowthRow.MachineAfterWork)) bars.Add(new GrowthBar(row.Name, $"{row.What}: the slowest larger ledger against the smallest", row.TimeGrowth, GrowthMost, Times));

        foreach (var longStreams in result.Rows.Where(row => row.Columns == 1).GroupBy(row => row.AfterOtherWork))
        {
            var (name, when) = longStreams.Key ? ("as-of-long-after-work", ", after other work") : ("as-of-long", "");
            var times = longStreams.Select(row => row.Time(0)).ToList();
            bars.Add(new GrowthBar(name, $"as-of reads of streams of {result.Sizes[^1].LongStreams[0]:N0} to {result.Sizes[^1].LongStreams[^1]:N0} versions{when}: the slowest against the fastest", times.Max() / times.Min(), LongStreamsMost, Times));
        }

        var largest = $"{result.Sizes[^1].Facts:N0} facts";
        bars.Add(new GrowthBar(OpenName, $"open {largest} after a clean close, and read one", result.Rows.First(row => row.Name == OpenName).Time(result.Sizes.Count - 1) / 1_000, OpenMillisecondsMost, "ms"));
        if (result.Loads[^1] is { Facts: > 0, MemoryPeak: > 0 } load) bars.Add(new GrowthBar("memory-loading", $"peak of RssAnon + RssShmem while {largest} are loaded", Megabytes(load.MemoryPeak), MegabytesMost, "MB"));
        if (result.ReadingMemoryPeak > 0) bars.Add(new GrowthBar("memory-reading", "the same of a process that reads and appends there", Megabytes(result.ReadingMemoryPeak), MegabytesMost, "MB"));
        return bars;
    }

    static double Megabytes(long bytes) => bytes / 1_000_000.0;
}
