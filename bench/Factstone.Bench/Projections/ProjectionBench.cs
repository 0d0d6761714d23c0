using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>What kept projections cost: an append with an inline projection beside a plain one, the rate at which an async one catches up, and reads beside a rebuild.</summary>
internal sealed class ProjectionBench(string directory, ProjectionBenchOptions options, TextWriter output)
{
    public const string Word = "projections";

    const int Seed = 20_260_101;
    const int Callers = 64;

    static readonly FactTypes Types = new FactTypes(MovedJson.Default).Add<Moved>("moved");

    static readonly Projection<OnHand> Stock = new()
    {
        Name = "stock",
        Source = FactQuery.Store("stock"),
        GroupBy = static fact => fact.Stream.Key,
        Seed = new OnHand(0, 0),
        Step = static (stock, fact) => fact.Value is Moved moved ? new OnHand(stock.Moves + 1, stock.Quantity + moved.Quantity) : stock,
        Json = MovedJson.Default.OnHand,
    };

    readonly StreamName[] _streams = [.. Enumerable.Range(0, options.Groups).Select(static group => new StreamName("stock", string.Create(CultureInfo.InvariantCulture, $"sku-{group:D6}")))];
    readonly Dictionary<string, List<double>> _results = [];

    public static async Task<int> RunAsync(string[] words, TextWriter output)
    {
        if (ProjectionBenchOptions.Parse(words) is not { } options)
        {
            await output.WriteLineAsync(ProjectionBenchOptions.Usage);
            return 2;
        }

        var path = Directory.CreateDirectory(Path.Combine(options.Directory, $"factstone-projections-{Guid.NewGuid():N}")).FullName;
        try
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Machine: {Machine.Describe(path)}; {options.Groups:N0} groups; {options.Rounds} rounds, in turn, medians."));
            var bench = new ProjectionBench(path, options, output);
            if (options.Parts.Contains("inline")) await bench.InlineAsync();
            if (options.Parts.Contains("catch-up")) await bench.CatchUpAsync();
            if (options.Parts.Contains("rebuild")) await new RebuildBench(path, options, Types, Stock, output).RunAsync();
            return 0;
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>Processor time of an append of one fact by one of many callers, with and without an inline projection. Snapshots included.</summary>
    async Task InlineAsync()
    {
        (string Name, IReadOnlyList<Projection> Inline)[] sides = [("plain", []), ("inline", [Stock])];
        for (var round = -1; round < options.Rounds; round++)
        {
            foreach (var (name, inline) in round % 2 == 0 ? sides : sides.Reverse())
            {
                var location = Path.Combine(directory, name);
                await using var ledger = await Ledger.OpenAsync(location, new LedgerOptions { Types = Types, InlineProjections = inline });
                using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(options.Seconds));
                var (time, started) = (new ProcessorTime(), Stopwatch.GetTimestamp());
                var appends = (await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => AppendAsync(ledger, new Random(Seed + caller), stop.Token))))).Sum();
                var (elapsed, used) = (Stopwatch.GetElapsedTime(started), time.Elapsed);
                if (round < 0) continue; // warm-up, which also gives each group its first fact
                Add(name, used.TotalMicroseconds / appends);
                Add($"{name} rate", appends / elapsed.TotalSeconds);
            }
        }

        var (plain, kept) = (Median("plain"), Median("inline"));
        await ReportAsync($"Inline, {Callers} callers, one fact an append: plain {plain:0.0} µs of processor time ({Median("plain rate"):N0} appends/s), with one inline projection {kept:0.0} µs ({Median("inline rate"):N0} appends/s): {kept / plain:0.00} times (at most 2)");
    }

    async Task<long> AppendAsync(Ledger ledger, Random random, CancellationToken stop)
    {
        var appends = 0L;
        for (; !stop.IsCancellationRequested; appends++) await ledger.AppendAsync(_streams[random.Next(_streams.Length)], [new Moved(random.Next(100))], CancellationToken.None);
        return appends;
    }

    /// <summary>From an open with a new async projection until it is current.</summary>
    async Task CatchUpAsync()
    {
        var location = Path.Combine(directory, "history");
        await LoadAsync(location, options.Facts, _streams, Types);
        (string Name, Projection Projection)[] sides =
        [
            ("values", Stock with { Name = "values", SnapshotEvery = 1_000_000 }),
            ("counts", new Projection<long> { Name = "counts", Source = Stock.Source, GroupBy = Stock.GroupBy, Seed = 0, Step = static (count, _) => count + 1, Json = MovedJson.Default.Int64, SnapshotEvery = 1_000_000 }),
        ];
        for (var round = -1; round < options.Rounds; round++)
        {
            foreach (var (name, projection) in sides)
            {
                await using (var ledger = await Ledger.OpenAsync(location, new LedgerOptions { Types = Types, AsyncProjections = [projection] }))
                {
                    var (time, started) = (new ProcessorTime(), Stopwatch.GetTimestamp());
                    await foreach (var _ in ledger.WatchRebuildAsync(projection)) { }
                    if (round >= 0) Add(name, options.Facts / Stopwatch.GetElapsedTime(started).TotalSeconds);
                    if (round >= 0) Add($"{name} time", time.Elapsed.TotalMicroseconds / options.Facts);
                }

                await using var without = await Ledger.OpenAsync(location);
                await without.DropProjectionAsync(name);
            }
        }

        foreach (var (name, _) in sides) await ReportAsync($"Catch-up of an async projection over {options.Facts:N0} facts, a checkpoint per million, {(name == "values" ? "with Fact.Value" : "without Fact.Value")}: {Median(name):N0} facts/s (at least 500,000), {Median($"{name} time"):0.00} µs of processor time each");
    }

    internal static async Task LoadAsync(string location, int facts, StreamName[] streams, FactTypes types)
    {
        const int PerAppend = 5_000;
        var random = new Random(Seed);
        await using var ledger = await Ledger.OpenAsync(location, new LedgerOptions { Types = types });
        for (var done = 0; done < facts; done += PerAppend)
            await ledger.AppendAsync(new AppendRequest { Facts = [.. Enumerable.Range(0, Math.Min(PerAppend, facts - done)).Select(_ => new NewFact(streams[random.Next(streams.Length)], new Moved(random.Next(100))))] });
    }

    void Add(string name, double value)
    {
        if (!_results.TryGetValue(name, out var all)) _results.Add(name, all = []);
        all.Add(value);
        BenchContext.Report(string.Create(CultureInfo.InvariantCulture, $"{name}: {value:N1}"));
    }

    double Median(string name) => _results[name].Order().ElementAt(_results[name].Count / 2);

    Task ReportAsync(FormattableString line) => output.WriteLineAsync(line.ToString(CultureInfo.InvariantCulture));
}

internal sealed record Moved(int Quantity);

internal sealed record OnHand(long Moves, long Quantity);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Moved))]
[JsonSerializable(typeof(OnHand))]
[JsonSerializable(typeof(long))]
internal sealed partial class MovedJson : JsonSerializerContext;
