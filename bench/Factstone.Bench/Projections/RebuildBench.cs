using System.Diagnostics;
using System.Globalization;

namespace Factstone.Bench;

/// <summary>Reads of the current version beside the build of the next one and 5,000 appends a second.</summary>
internal sealed class RebuildBench(string directory, ProjectionBenchOptions options, FactTypes types, Projection<OnHand> first, TextWriter output)
{
    const int AppendsPerSecond = 5_000;
    const int ReadsPerSecond = 1_000;

    readonly StreamName[] _streams = [.. Enumerable.Range(0, options.Groups).Select(static group => new StreamName("stock", string.Create(CultureInfo.InvariantCulture, $"sku-{group:D6}")))];

    public async Task RunAsync()
    {
        var location = Path.Combine(directory, "rebuilt");
        await ProjectionBench.LoadAsync(location, options.Facts, _streams, types);
        await (await Ledger.OpenAsync(location, new LedgerOptions { Types = types, AsyncProjections = [first] })).DisposeAsync();
        await using (var ledger = await Ledger.OpenAsync(location, new LedgerOptions { Types = types, AsyncProjections = [first] }))
            await foreach (var _ in ledger.WatchRebuildAsync(first)) { }

        var second = first with { Version = 2, Replaces = first };
        await using var open = await Ledger.OpenAsync(location, new LedgerOptions { Types = types, AsyncProjections = [second] });
        using var stop = new CancellationTokenSource();
        var started = Stopwatch.GetTimestamp();
        var appending = OnThread(() => Append(open, stop.Token));
        var reading = OnThread(() => Read(open, second, stop.Token));
        await foreach (var _ in open.WatchRebuildAsync(second)) { }
        var taken = Stopwatch.GetElapsedTime(started);
        await stop.CancelAsync();
        var (appends, reads) = (await appending, await reading);

        reads.Sort();
        var during = string.Create(CultureInfo.InvariantCulture, $"Rebuild over {options.Facts:N0} facts in {taken.TotalSeconds:0.0} s ({options.Facts / taken.TotalSeconds:N0} facts/s) beside {appends / taken.TotalSeconds:N0} appends/s and {reads.Count / taken.TotalSeconds:N0} reads/s");
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{during}: reads p50 {At(reads, 0.5):0.000} ms, p99 {At(reads, 0.99):0.000} ms (at most 1), longest {reads[^1]:0.0} ms"));
    }

    /// <summary>Appends on a thread of its own, as many as are due.</summary>
    long Append(Ledger ledger, CancellationToken stop)
    {
        var (random, appends, sent, started) = (new Random(1), 0L, new Queue<Task>(), Stopwatch.GetTimestamp());
        while (!stop.IsCancellationRequested)
        {
            for (var due = Stopwatch.GetElapsedTime(started).TotalSeconds * AppendsPerSecond; appends < due; appends++)
                sent.Enqueue(ledger.AppendAsync(_streams[random.Next(_streams.Length)], [new Moved(1)], CancellationToken.None).AsTask());
            while (sent.Count > AppendsPerSecond / 10) sent.Dequeue().GetAwaiter().GetResult();
            Thread.Sleep(1);
        }

        foreach (var one in sent) one.GetAwaiter().GetResult();
        return appends;
    }

    /// <summary>Reads on a thread of its own, as often as is due.</summary>
    List<double> Read(Ledger ledger, Projection<OnHand> projection, CancellationToken stop)
    {
        var (random, taken, begun) = (new Random(2), new List<double>(), Stopwatch.GetTimestamp());
        while (!stop.IsCancellationRequested)
        {
            for (var due = Stopwatch.GetElapsedTime(begun).TotalSeconds * ReadsPerSecond; taken.Count < due;)
            {
                var started = Stopwatch.GetTimestamp();
                ledger.ReadProjectionAsync(projection, _streams[random.Next(_streams.Length)].Key, cancellationToken: CancellationToken.None).AsTask().GetAwaiter().GetResult();
                taken.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            Thread.Sleep(1);
        }

        return taken;
    }

    static Task<T> OnThread<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    static double At(List<double> sorted, double part) => sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * part))];
}
