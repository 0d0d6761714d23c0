using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Truncation;

/// <summary>A small ledger on a file system of the test, whose workers run on the thread that appends.</summary>
internal sealed class TruncatedLedger : IDisposable
{
    readonly InlineScheduler _scheduler = new();

    public TruncatedLedger(int memoryFactsMax = 16_384)
    {
        MemoryFactsMax = memoryFactsMax;
        Ledger = SmallLedger.Open(Options);
    }

    public MemoryFileSystem Files { get; } = new();

    public Ledger Ledger { get; private set; }

    int MemoryFactsMax { get; }

    LedgerOptions Options => SmallLedger.Options(Files) with { Scheduler = _scheduler, MemoryFactsMax = MemoryFactsMax };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Reopen(bool withoutIndex = false)
    {
        Ledger.Dispose();
        if (withoutIndex)
            foreach (var name in Files.List($"{SmallLedger.Root}/index")) Files.Delete($"{SmallLedger.Root}/index/{name}");
        Ledger = SmallLedger.Open(Options);
    }

    /// <summary>Appends facts to a stream, each in an append of its own. The payload is the number in the stream.</summary>
    public async Task AppendAsync(StreamName stream, int facts, string? type = "noted", params string[] tags)
    {
        for (var i = 0; i < facts; i++)
        {
            var number = (await Ledger.GetVersionAsync(stream, cancellationToken: Cancellation)).Value + 1;
            await Ledger.AppendAsync(new NewFact(stream, type, $"{number}") { Tags = tags }, Cancellation);
        }
    }

    /// <summary>Everything that is queued during the call becomes one group.</summary>
    public void Together(Action queue) => _scheduler.Together(queue);

    public async Task<List<long>> VersionsAsync(StreamName stream, StreamReadOptions? options = null) =>
        [.. (await Ledger.ReadStreamAsync(stream, options, Cancellation).ToListAsync(Cancellation)).Select(fact => fact.StreamVersion.Value)];

    public async Task<List<long>> PositionsAsync(FactQuery query, ReadOptions? options = null) =>
        [.. (await Ledger.ReadAsync(query, options, Cancellation).ToListAsync(Cancellation)).Select(fact => fact.Position.Value)];

    public void Dispose() => Ledger.Dispose();
}
