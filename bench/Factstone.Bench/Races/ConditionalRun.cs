using System.Diagnostics;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>Callers that append on a condition, each waiting for its own answer. Accepted facts are read back after a reopen.</summary>
/// <remarks>The first part of the time is not counted, because code is still compiled and files are small.</remarks>
internal sealed class ConditionalRun(BenchContext context, int callers, Func<ConditionalCaller, ConditionalAppend> next)
{
    const double WarmUpShare = 0.2;

    static readonly Workload ReadBack = Workload.All[0];

    public async ValueTask<double> RunLedgerAsync()
    {
        var directory = Fresh();
        try
        {
            double rate;
            Acknowledged[] acknowledged;
            await using (var store = new LedgerConditionalStore(await Ledger.OpenAsync(Path.Combine(directory, "ledger")))) (rate, acknowledged) = await RunAsync(Side.Factstone, store.AppendAsync);
            await CompareAsync(LedgerStore.Target, directory, acknowledged);
            return rate;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    public async ValueTask<double> RunSqliteAsync(Func<string, IConditionalStore> open)
    {
        var directory = Fresh();
        try
        {
            double rate;
            Acknowledged[] acknowledged;
            using (var store = open(Path.Combine(directory, "facts.db"))) (rate, acknowledged) = await RunAsync(Side.Sqlite, store.AppendAsync);
            await CompareAsync(SqliteStore.Target, directory, acknowledged);
            return rate;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Returns accepted appends per second.</summary>
    async ValueTask<(double Rate, Acknowledged[] Acknowledged)> RunAsync(string name, Func<ConditionalAppend, Task<ConditionalAnswer>> appendAsync)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var duration = context.Duration;
        var countFrom = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * WarmUpShare * Stopwatch.Frequency);
        var until = countFrom + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var (counted, answered, used) = (0L, 0L, new ProcessorTime());
        var acknowledged = await Task.WhenAll(Enumerable.Range(0, callers).Select(number => Task.Run(async () =>
        {
            var (caller, mine, accepted) = (new ConditionalCaller(number, callers), new Acknowledged(), 0L);
            while (Stopwatch.GetTimestamp() < until)
            {
                var append = next(caller);
                var answer = await appendAsync(append);
                if (answer.IsAccepted)
                {
                    mine.Add(append.Stream, answer.Version, caller.Number);
                    if (Stopwatch.GetTimestamp() is var now && now >= countFrom && now < until) accepted++;
                }

                caller.Take(answer);
            }

            Interlocked.Add(ref counted, accepted);
            Interlocked.Add(ref answered, caller.Answered);
            return mine;
        })));
        used.Report($"{name}, answers", answered);
        return (counted / duration.TotalSeconds, acknowledged);
    }

    string Fresh() => Directory.CreateDirectory(Path.Combine(context.Directory, "conditional")).FullName;

    async ValueTask CompareAsync(BenchTarget target, string directory, Acknowledged[] acknowledged)
    {
        await using var store = await target.OpenAsync(directory, ReadBack);
        await Acknowledged.CompareAsync(acknowledged, store, context.Payloads);
    }
}

/// <summary>The state of one caller.</summary>
internal sealed class ConditionalCaller(int index, int callers)
{
    public int Index => index;

    /// <summary>The number of its next fact, which no other caller has.</summary>
    public long Number { get; private set; } = index;

    /// <summary>The version in the last answer.</summary>
    public long Version { get; private set; }

    /// <summary>The position of its last accepted fact.</summary>
    public long Position { get; private set; }

    /// <summary>The number of its appends that were refused.</summary>
    public long Refused { get; private set; }

    /// <summary>The number of its appends that were answered.</summary>
    public long Answered { get; private set; }

    public void Take(ConditionalAnswer answer)
    {
        Version = answer.Version;
        Answered++;
        if (answer.IsAccepted) (Position, Number) = (answer.Position, Number + callers);
        else Refused++;
    }
}
