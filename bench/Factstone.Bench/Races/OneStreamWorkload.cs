using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>W12: writers on one stream, each with the version of its last answer. Of the writers that expect the same version, one is accepted. The others get their answer after the sync, and try again.</summary>
/// <param name="context">The options, and the directory.</param>
/// <param name="looksUpFirst">Whether SQLite compares the version before it inserts, so that a failing append is rejected early. Otherwise its unique index rejects it.</param>
/// <param name="byClient">Whether SQLite is used through Microsoft.Data.Sqlite, as in W1 to W4. Otherwise its own functions are called.</param>
internal sealed class OneStreamWorkload(BenchContext context, bool looksUpFirst, bool byClient) : IComparedWorkload
{
    const int Writers = 16;
    const int Stream = 0;

    static readonly Workload OneAppend = Workload.All[0];

    int _bytesPerAppend;

    public string Name => $"W12-{(looksUpFirst ? "looked-up" : "constraint")}{(byClient ? "" : "-bare")}";

    public string What => $"{Writers} writers on one stream with expected versions, accepted; SQLite {(looksUpFirst ? "looks up the version first" : "has its unique index reject")}{(byClient ? "" : ", by its own functions")}";

    public string Unit => "facts/s";

    public IReadOnlyList<Side> Sides =>
    [
        new(Side.Probe, ProbeAsync),
        new(Side.Sqlite, () => Run().RunSqliteAsync(OpenSqlite)),
        new(Side.Factstone, () => Run().RunLedgerAsync()),
    ];

    /// <summary>The bar refers to SQLite without early rejection.</summary>
    public Bar? Must => looksUpFirst ? null : Bar.Times(2, Side.Sqlite);

    public Bar? Goal => Bar.Times(0.9, Side.Probe);

    public async ValueTask PrepareAsync()
    {
        _bytesPerAppend = await FrameSizes.MeasureAsync(context.Directory, OneAppend, context.Streams, context.Payloads);
        foreach (var side in Sides) await side.MeasureAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    IConditionalStore OpenSqlite(string path) => byClient ? new SqliteClientGroupStore(path, looksUpFirst) : new SqliteGroupStore(path, looksUpFirst);

    ConditionalRun Run() => new(context, Writers, caller => new ConditionalAppend(Stream, context.Payloads[caller.Number]) { ExpectedVersion = caller.Version });

    ValueTask<double> ProbeAsync() =>
        new WorkloadRun(OneAppend, DiskProbe.Target(_ => _bytesPerAppend), context.Streams, context.Payloads).RunAsync(context.Directory, context.Duration, CancellationToken.None);
}
