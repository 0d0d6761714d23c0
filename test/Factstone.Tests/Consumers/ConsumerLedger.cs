using Factstone.Storage;

namespace Factstone.Tests.Consumers;

/// <summary>A ledger in memory for the tests of consumers, whose facts are of the types "odd" and "even", by their positions.</summary>
internal sealed class ConsumerLedger : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static readonly FactQuery Odd = FactQuery.Types("odd");

    public static readonly FactQuery Rare = FactQuery.Types("rare");

    public ManualTimeProvider Clock { get; } = new(Start);

    public MemoryFileSystem Files { get; } = new();

    public Ledger Ledger { get; private set; } = null!;

    public LedgerOptions Options => new() { FileSystem = Files, TimeProvider = Clock, PreallocationBytesMax = 0 };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<ConsumerLedger> WithFactsAsync(int facts)
    {
        var ledger = new ConsumerLedger();
        await ledger.ReopenAsync();
        await ledger.AppendAsync(facts);
        return ledger;
    }

    public async Task ReopenAsync()
    {
        if (Ledger is not null) await Ledger.DisposeAsync();
        Ledger = await Ledger.OpenAsync("ledger", Options, Cancellation);
    }

    /// <summary>Appends facts one by one; a second passes after each.</summary>
    public async Task AppendAsync(int facts)
    {
        for (var i = 0; i < facts; i++)
        {
            var number = (await Ledger.GetHeadAsync(Cancellation)).Value + 1;
            await Ledger.AppendAsync(new NewFact("s/k", number % 2 == 0 ? "even" : "odd", $$"""{"number":{{number}}}"""), Cancellation);
            Clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Follows a consumer for some facts, and commits each with one fact that it causes.</summary>
    public static async Task<List<long>> HandleAsync(Consumer consumer, int facts)
    {
        var handled = new List<long>();
        if (facts == 0) return [];
        await foreach (var fact in consumer.FollowAsync(Cancellation))
        {
            await consumer.CommitAsync(fact.Position, [Effect(fact)], Cancellation);
            handled.Add(fact.Position.Value);
            if (handled.Count == facts) break;
        }

        return handled;
    }

    public static NewFact Effect(Fact fact) => new("effects/k", "effect", $$"""{"of":{{fact.Position}}}""") { Causation = fact.Id };

    /// <summary>The positions of the facts that have had an effect, in order of their effects.</summary>
    public async Task<List<long>> EffectsAsync()
    {
        var effects = new List<long>();
        await foreach (var effect in Ledger.ReadStreamAsync("effects/k", cancellationToken: Cancellation))
            effects.Add((await Ledger.FindAsync(effect.Causation!.Value, Cancellation))!.Position.Value);
        return effects;
    }

    /// <summary>The position in a consumer's cell; null if there is none.</summary>
    public async Task<long?> CheckpointAsync(string name) =>
        await Ledger.ReadCellAsync(Checkpoint.Bucket, name, Cancellation) is { } cell ? Checkpoint.Read(cell).Cursor.Position.Value : null;

    public static async Task<Fact> NextAsync(IAsyncEnumerator<Fact> facts)
    {
        Assert.True(await facts.MoveNextAsync().AsTask().WaitAsync(Patience, Cancellation));
        return facts.Current;
    }

    /// <summary>Waits for what another thread does soon.</summary>
    public static async Task UntilAsync(Func<bool> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience);
            await Task.Delay(1, Cancellation);
        }
    }

    public ValueTask DisposeAsync() => Ledger.DisposeAsync();
}
