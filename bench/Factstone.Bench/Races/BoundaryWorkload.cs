using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>W13: appends on the condition that no fact with two tags was appended since the caller's last one: a tag that callers share, drawn as the streams of W1 are, and a tag of the caller's own. No append fails.</summary>
internal sealed class BoundaryWorkload(BenchContext context, int callers) : IComparedWorkload
{
    const string W1 = "W1";

    static readonly Tag[] Shared = [.. Enumerable.Range(0, ZipfStreams.Count).Select(i => new Tag($"course:{i}"))];

    readonly Tag[] _own = [.. Enumerable.Range(0, callers).Select(i => new Tag($"student:{i}"))];

    public string Name => $"W13-{callers}";

    public string What => $"append on a two-tag query, {(callers == 1 ? "one caller" : $"{callers} callers")}";

    public string Unit => "facts/s";

    public IReadOnlyList<Side> Sides =>
    [
        new(W1, () => new WorkloadRun(Workload.All[0], LedgerStore.Target, context.Streams, context.Payloads).RunAsync(context.Directory, context.Duration, CancellationToken.None)),
        new(Side.Sqlite, () => Run().RunSqliteAsync(path => new SqliteGroupStore(path, looksUpFirst: true))),
        new(Side.Factstone, () => Run().RunLedgerAsync()),
    ];

    public Bar? Must => callers == 1 ? Bar.Times(0.8, W1) : Bar.Rate(60_000);

    public Bar? Goal => callers == 1 ? Bar.Times(0.95, W1) : Bar.Rate(150_000);

    public async ValueTask PrepareAsync()
    {
        foreach (var side in Sides) await side.MeasureAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    ConditionalRun Run() => new(context, callers, caller =>
    {
        if (caller.Refused > 0) throw new InvalidDataException($"{Name}: an append was refused, and nobody else has the caller's tag.");
        var drawn = context.Streams[caller.Number];
        return new ConditionalAppend(drawn, context.Payloads[caller.Number]) { Tags = [Shared[drawn], _own[caller.Index]], After = caller.Position };
    });
}
