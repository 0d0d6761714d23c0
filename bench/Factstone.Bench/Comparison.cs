using System.Globalization;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>The disk's own probe, SQLite and the ledger, in turn within each round, so that all of them meet the same machine.</summary>
internal static class Comparison
{
    const int Seed = 20_260_101;
    static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(400);

    public static async Task<int> RunAsync(string[] words, TextWriter output)
    {
        if (ComparisonOptions.Parse(words) is not { } options)
        {
            await output.WriteLineAsync(ComparisonOptions.Usage);
            return 2;
        }

        var directory = Directory.CreateDirectory(Path.Combine(options.Directory, $"factstone-bench-{Environment.ProcessId}"));
        try
        {
            await RunAsync(options, directory.FullName, output);
            return 0;
        }
        catch (InvalidDataException wrong)
        {
            await output.WriteLineAsync($"What was read back is not what was written: {wrong.Message}");
            return 1;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static async Task RunAsync(ComparisonOptions options, string directory, TextWriter output)
    {
        var streams = new ZipfStreams(Seed);
        var payloads = new Payloads(Seed);
        var sizes = new Dictionary<Workload, int>();
        foreach (var workload in options.Workloads) sizes[workload] = await FrameSizes.MeasureAsync(directory, workload, streams, payloads);
        BenchTarget[] targets = [DiskProbe.Target(workload => sizes[workload]), SqliteStore.Target, LedgerStore.Target];

        await output.WriteLineAsync($"Machine: {Machine.Describe(directory)}");
        await output.WriteLineAsync(SqliteStore.Describe(directory));
        await output.WriteLineAsync($"JSON of {Payloads.Bytes} bytes to {ZipfStreams.Count:N0} streams, zipf {ZipfStreams.Exponent}, seed {Seed}; {options.Rounds} rounds of {options.Seconds} s each; bytes in the ledger's log for one append: {string.Join(", ", sizes.Select(size => $"{size.Key.Name} {size.Value:N0}"))}.");

        var rates = options.Workloads.ToDictionary(workload => workload, _ => targets.ToDictionary(target => target.Name, _ => new Rates()));
        foreach (var workload in options.Workloads)
        {
            foreach (var target in targets)
                await new WorkloadRun(workload, target, streams, payloads).RunAsync(directory, TimeSpan.FromSeconds(Math.Min(options.Seconds, WarmUp.TotalSeconds)), CancellationToken.None);
        }

        var patience = TimeProvider.System.GetUtcNow().AddMinutes(options.WaitMinutes);
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var workload in options.Workloads)
            {
                // Another one goes first in each round.
                var measured = await MeasureAsync(workload, [.. targets.Skip(round % targets.Length), .. targets.Take(round % targets.Length)], directory, options, patience, (streams, payloads));
                foreach (var (target, rate) in measured.Rates) rates[workload][target].Add(rate);
                await output.WriteLineAsync($"round {round + 1} {workload.Name}: {string.Join(", ", measured.Rates.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value:N0}")))}; others used {100 * measured.Others:0} % of the processors{(measured.Attempts > 1 ? $"; repeated {measured.Attempts - 1} times" : "")}");
            }
        }

        await output.WriteLineAsync("Everything that SQLite and Factstone acknowledged was read back after a reopen: as many facts per stream, versions without gaps, the same payloads.");
        await WriteTableAsync(options, rates, output);
    }

    /// <summary>Measures all targets, one right after the other; again, while there is patience, if others were at work meanwhile.</summary>
    static async Task<(Dictionary<string, double> Rates, double Others, int Attempts)> MeasureAsync(
        Workload workload, IReadOnlyList<BenchTarget> targets, string directory, ComparisonOptions options, DateTimeOffset patience, (ZipfStreams Streams, Payloads Payloads) data)
    {
        for (var attempt = 1; ; attempt++)
        {
            await OtherWork.WaitForQuietAsync(patience);
            var others = new OtherWork();
            var rates = new Dictionary<string, double>();
            foreach (var target in targets)
                rates[target.Name] = await new WorkloadRun(workload, target, data.Streams, data.Payloads).RunAsync(directory, TimeSpan.FromSeconds(options.Seconds), CancellationToken.None);
            if (others.Share() is var share && (share < OtherWork.Limit || TimeProvider.System.GetUtcNow() >= patience)) return (rates, share, attempt);
        }
    }

    static async Task WriteTableAsync(ComparisonOptions options, Dictionary<Workload, Dictionary<string, Rates>> rates, TextWriter output)
    {
        await output.WriteLineAsync();
        await output.WriteLineAsync("| workload | probe | SQLite | Factstone | ÷ SQLite | ÷ probe | must | goal |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|");
        foreach (var workload in options.Workloads)
        {
            var (probe, sqlite, ours) = (rates[workload]["probe"], rates[workload]["SQLite"], rates[workload]["Factstone"]);
            var bar = Bar.Of(workload.Name);
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"| {workload.Name} {workload.What} | {Shown(probe)} | {Shown(sqlite)} | **{ours.Median:N0}** ({ours.Least:N0}–{ours.Most:N0}) | {ours.Median / sqlite.Median:0.00} | {ours.Median / probe.Median:0.00} | {bar.Must}: {(bar.IsMet(ours.Median, sqlite.Median) ? "met" : "missed")} | {bar.Goal}: {(bar.IsGoalMet(ours.Median, probe.Median) ? "met" : "missed")} |"));
        }
    }

    static string Shown(Rates rates) => string.Create(CultureInfo.InvariantCulture, $"{rates.Median:N0} ({rates.Least:N0}–{rates.Most:N0})");
}
