using System.Diagnostics;
using System.Globalization;
using Factstone.Storage;

namespace Factstone.Bench;

/// <summary>Damages a large index file of a ledger during reads and appends, and measures how long answers, appends and the rebuild take.</summary>
internal static class DamagedRunBench
{
    public const string Word = "damaged-run";

    public const string Usage = "dotnet run -c Release --project bench/Factstone.Bench -- damaged-run [--facts 5000000] [--dir DIR]";

    const int FactsPerAppend = 1_000;
    const int FactsPerStream = 50;
    const int BytesDamaged = 8;

    /// <summary>The maximal time to wait for merges in idle time, which still change the number of runs.</summary>
    static readonly TimeSpan MergesMost = TimeSpan.FromMinutes(10);
    static readonly TimeSpan Alone = TimeSpan.FromSeconds(5);
    static readonly TimeSpan RebuildMost = TimeSpan.FromMinutes(10);

    public static async Task<int> RunAsync(string[] words, TextWriter output)
    {
        var (facts, directory) = (5_000_000L, ".");
        for (var i = 0; i < words.Length; i += 2)
        {
            if (i + 1 < words.Length && words[i] == "--dir") directory = words[i + 1];
            else if (i + 1 == words.Length || words[i] != "--facts" || !long.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out facts) || facts < FactsPerAppend)
            {
                await output.WriteLineAsync(Usage);
                return 2;
            }
        }

        var path = Path.Combine(directory, $"factstone-damaged-{Guid.NewGuid():N}");
        try
        {
            await FillAsync(path, facts);
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{facts:N0} facts, two readers of the latest fact of a random stream, one writer of one fact per append. Times in ms."));
            await output.WriteLineAsync("| | reads | median | 99 % | longest | appends | median | 99 % | longest | runs |");
            await output.WriteLineAsync("|---|---|---|---|---|---|---|---|---|---|");
            await using (var ledger = await Ledger.OpenAsync(path)) await MeasureAsync("nothing damaged", ledger, facts, Task.Delay(Alone), output);
            Damage(path);
            await using (var ledger = await Ledger.OpenAsync(path))
            {
                var started = Stopwatch.GetTimestamp();
                await MeasureAsync("while it is rebuilt", ledger, facts, RebuiltAsync(ledger), output);
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Rebuilt {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s after the open."));
                await MeasureAsync("afterwards", ledger, facts, Task.Delay(Alone), output);
            }

            return 0;
        }
        finally
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        }
    }

    static async Task FillAsync(string path, long facts)
    {
        BenchContext.Report($"{facts:N0} facts are written");
        await using var ledger = await Ledger.OpenAsync(path);
        var streams = facts / FactsPerStream;
        for (var at = 0L; at < facts; at += FactsPerAppend)
        {
            var first = at;
            await ledger.AppendAsync([.. Enumerable.Range(0, FactsPerAppend).Select(n => new NewFact(Stream((first + n) % streams), "changed", "1"))]);
        }

        var started = Stopwatch.GetTimestamp();
        while ((await ledger.GetStatisticsAsync()).Runs > 4 && Stopwatch.GetElapsedTime(started) < MergesMost) await Task.Delay(TimeSpan.FromSeconds(1));
    }

    static StreamName Stream(long number) => new("orders", number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Damages some bytes of the largest file of the index, evenly distributed over it.</summary>
    static void Damage(string path)
    {
        var run = Directory.GetFiles(Path.Combine(path, "index"), "*.run").MaxBy(static file => new FileInfo(file).Length)!;
        using var file = File.OpenHandle(run, FileMode.Open, FileAccess.ReadWrite);
        var one = new byte[1];
        for (var i = 1; i <= BytesDamaged; i++)
        {
            var at = RandomAccess.GetLength(file) * i / (BytesDamaged + 1);
            RandomAccess.Read(file, one, at);
            one[0] ^= 1;
            RandomAccess.Write(file, one, at);
        }
    }

    /// <summary>Waits until the damage was found and the file was rebuilt.</summary>
    static async Task RebuiltAsync(Ledger ledger)
    {
        var (started, wasFound) = (Stopwatch.GetTimestamp(), false);
        while (Stopwatch.GetElapsedTime(started) < RebuildMost)
        {
            var total = (await ledger.GetStatisticsAsync()).IndexRebuildTotal;
            wasFound |= total > 0;
            if (wasFound && total == 0) return;
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        throw new InvalidOperationException(wasFound ? "The file is not rebuilt." : "No reader found the damage.");
    }

    static async Task MeasureAsync(string name, Ledger ledger, long facts, Task until, TextWriter output)
    {
        var streams = facts / FactsPerStream;
        var runs = 0;
        var readers = Enumerable.Range(0, 2).Select(seed => Task.Run(() => ReadAsync(new Random(seed)))).ToList();
        var writer = Task.Run(AppendAsync);
        await until;
        var reads = (await Task.WhenAll(readers)).SelectMany(static taken => taken).ToList();
        var appends = await writer;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {name} | {reads.Count:N0} | {Times(reads)} | {appends.Count:N0} | {Times(appends)} | {runs} |"));

        async Task<List<double>> ReadAsync(Random random)
        {
            var taken = new List<double>();
            while (!until.IsCompleted)
            {
                var number = random.NextInt64(streams);
                var started = Stopwatch.GetTimestamp();
                var fact = await ledger.ReadLatestAsync(Stream(number));
                taken.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                if (fact?.StreamVersion.Value < FactsPerStream) throw new InvalidOperationException($"{fact.Stream} is at version {fact.StreamVersion}.");
            }

            return taken;
        }

        async Task<List<double>> AppendAsync()
        {
            var taken = new List<double>();
            var random = new Random(2);
            while (!until.IsCompleted)
            {
                var started = Stopwatch.GetTimestamp();
                await ledger.AppendAsync(new NewFact(Stream(random.NextInt64(streams)), "changed", "2"));
                taken.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                if (taken.Count % 100 == 0) runs = Math.Max(runs, (await ledger.GetStatisticsAsync()).Runs);
            }

            return taken;
        }
    }

    static string Times(List<double> taken)
    {
        taken.Sort();
        return string.Create(CultureInfo.InvariantCulture, $"{At(0.5):0.000} | {At(0.99):0.000} | {At(1):0.0}");

        double At(double part) => taken.Count == 0 ? 0 : taken[(int)Math.Min(taken.Count - 1, taken.Count * part)];
    }
}
