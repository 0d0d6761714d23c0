using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>W12: writers on one stream, each with the version that its last answer gave. One of those who expect the same version is accepted; the others are told after the sync, and try again.</summary>
internal sealed class OneStreamWorkload(BenchContext context, bool looksUpFirst) : IComparedWorkload
{
    /// <summary>Against SQLite that compares the version before it inserts.</summary>
    public const string LookedUp = "W12-looked-up";

    /// <summary>Against SQLite that inserts, and has its unique index reject.</summary>
    public const string Constraint = "W12-constraint";

    const int Writers = 16;
    const int Stream = 0;

    static readonly Workload OneAppend = Workload.All[0];

    int _bytesPerAppend;

    public string Name => looksUpFirst ? LookedUp : Constraint;

    public string What => $"{Writers} writers on one stream with expected versions, accepted; SQLite {(looksUpFirst ? "looks up the version first" : "has its unique index reject")}";

    public string Unit => "facts/s";

    public IReadOnlyList<Side> Sides =>
    [
        new(Side.Probe, ProbeAsync),
        new(Side.Sqlite, () => Run().RunSqliteAsync(looksUpFirst)),
        new(Side.Factstone, () => Run().RunLedgerAsync()),
    ];

    public Bar? Must => Bar.Times(2, Side.Sqlite);

    public Bar? Goal => Bar.Times(0.9, Side.Probe);

    public async ValueTask PrepareAsync()
    {
        _bytesPerAppend = await FrameSizes.MeasureAsync(context.Directory, OneAppend, context.Streams, context.Payloads);
        foreach (var side in Sides) await side.MeasureAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    ConditionalRun Run() => new(context, Writers, caller => new ConditionalAppend(Stream, context.Payloads[caller.Number]) { ExpectedVersion = caller.Version });

    ValueTask<double> ProbeAsync() =>
        new WorkloadRun(OneAppend, DiskProbe.Target(_ => _bytesPerAppend), context.Streams, context.Payloads).RunAsync(context.Directory, context.Duration, CancellationToken.None);
}
