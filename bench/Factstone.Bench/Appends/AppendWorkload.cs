using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>W1 to W4: appends to new stores, compared with SQLite and with the disk's own probe. The facts are read back after a reopen.</summary>
internal sealed class AppendWorkload(BenchContext context, Workload workload) : IComparedWorkload
{
    /// <summary>After this time the code that runs most is fully compiled.</summary>
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    BenchTarget[] _targets = [];

    public string Name => workload.Name;

    public string What => workload.What;

    public string Unit => "facts/s";

    public IReadOnlyList<Side> Sides => [.. _targets.Select(target => new Side(target.Name, () => RunAsync(target, context.Duration)))];

    public Bar? Must => workload.Name switch
    {
        "W1" => Bar.Times(1.2, Side.Sqlite),
        "W2" => Bar.Times(2.5, Side.Sqlite).And(Bar.Rate(120_000)),
        "W3" or "W3-drawn" => Bar.Times(3, Side.Sqlite),
        _ => Bar.Rate(300_000),
    };

    public Bar? Goal => workload.Name switch
    {
        "W1" => Bar.Times(0.95, Side.Probe),
        "W2" => Bar.Rate(280_000),
        "W3" or "W3-drawn" => Bar.Rate(650_000),
        _ => Bar.Rate(2_000_000),
    };

    public async ValueTask PrepareAsync()
    {
        var bytes = await FrameSizes.MeasureAsync(context.Directory, workload, context.Streams, context.Payloads);
        BenchContext.Report($"{Name}: bytes in the ledger's log for one append, which the probe writes: {bytes:N0}");
        _targets = [DiskProbe.Target(_ => bytes), SqliteStore.Target, LedgerStore.Target];
        foreach (var target in _targets) await RunAsync(target, context.Duration < WarmUp ? context.Duration : WarmUp);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    ValueTask<double> RunAsync(BenchTarget target, TimeSpan duration) =>
        new WorkloadRun(workload, target, context.Streams, context.Payloads).RunAsync(context.Directory, duration, CancellationToken.None);
}
