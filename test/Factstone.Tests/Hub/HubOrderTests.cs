using System.Collections.Concurrent;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Hub;

/// <summary>Facts are passed on in the order of their positions, whoever publishes them and in whatever order the outcomes arrive.</summary>
public sealed class HubOrderTests
{
    /// <summary>No callback of a test is late because the machine is.</summary>
    static readonly HubOptions Patient = new() { CallbackTimeMax = TimeSpan.FromMinutes(1) };

    readonly ConcurrentQueue<HubFailure> _failures = new();

    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Publishers_at_once_have_one_order(int seed)
    {
        const int Publishers = 16, Each = 40;
        await using var inner = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        var ledger = WithLateOutcomes(inner, seed);
        using var hub = ledger.OpenHub(_failures.Enqueue, Patient);
        var (all, even, nested, running) = (new List<long>(), new List<long>(), 0, 0);
        hub.Subscribe(FactQuery.All, async (_, fact) =>
        {
            Assert.Equal(1, Interlocked.Increment(ref running)); // one callback at a time
            if (fact.Position.Value % 7 == 0) await Task.Yield();
            lock (all) all.Add(fact.Position.Value);
            Interlocked.Decrement(ref running);
        });
        hub.Subscribe(FactQuery.Types("even"), async (_, fact) =>
        {
            even.Add(fact.Position.Value);
            if (fact.Position.Value % 11 == 0 && Interlocked.Increment(ref nested) < 20) await hub.PublishAsync(new NewFact("nested/1", "odd", "1"), Now);
        });

        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Task.Run(async () =>
        {
            var random = new Random((seed * 100) + publisher);
            for (var i = 0; i < Each; i++)
            {
                switch (random.Next(8))
                {
                    case 0: await inner.AppendAsync(new NewFact("others/1", "even", "1"), Now); break; // not through the hub
                    case 1: await hub.PublishAsync(new AppendRequest(new NewFact("s/1", "even", "1")) { Conditions = [AppendCondition.StreamMissing("s/1")] }, Now); break;
                    default:
                        var facts = Enumerable.Range(0, random.Next(1, 4)).Select(_ => new NewFact($"s/{publisher}", random.Next(2) == 0 ? "even" : "odd", "1")).ToList();
                        var receipt = (await hub.PublishAsync(new AppendRequest(facts), Now)).EnsureCommittedOrDuplicate();
                        lock (all) Assert.Contains(receipt.LastPosition.Value, all); // before it returns
                        break;
                }
            }
        }, Now)));

        Assert.Empty(_failures);
        var published = await inner.ReadAsync(cancellationToken: Now).Where(static fact => fact.Stream.Store != "others").ToListAsync(Now);
        Assert.Equal(published.Select(static fact => fact.Position.Value), all);
        Assert.Equal(published.Where(static fact => fact.Type == "even").Select(static fact => fact.Position.Value), even);
    }

    // The outcome of the second append arrived first. Its facts were passed on before those of the first one, which have lower positions.
    [Fact]
    public async Task A_publish_waits_for_one_with_a_lower_position_whose_outcome_is_late()
    {
        await using var inner = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        var (first, mayAnswer) = (new TaskCompletionSource(), new TaskCompletionSource());
        var ledger = new DecidingLedger(inner, async request =>
        {
            var outcome = await inner.TryAppendAsync(request, Now);
            if (request.AppendId != "first") return outcome;
            first.SetResult();
            await mayAnswer.Task;
            return outcome;
        });
        using var hub = ledger.OpenHub(_failures.Enqueue, Patient);
        var positions = new List<long>();
        hub.Subscribe(FactQuery.All, (_, fact) =>
        {
            positions.Add(fact.Position.Value);
            return Task.CompletedTask;
        });

        var one = hub.PublishAsync(new AppendRequest(new NewFact("s/1", null, "1")) { AppendId = "first" }, Now).AsTask();
        await first.Task;
        var two = hub.PublishAsync(new NewFact("s/1", null, "2"), Now).AsTask();
        await Task.Delay(50, Now);
        Assert.False(two.IsCompleted);
        Assert.Empty(positions);
        mayAnswer.SetResult();
        await Task.WhenAll(one, two);

        Assert.Equal([1, 2], positions);
    }

    // An append that is refused, or whose outcome is unknown, must not keep the later ones waiting.
    [Fact]
    public async Task A_publish_that_fails_lets_the_others_go_on()
    {
        await using var inner = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        var mayFail = new TaskCompletionSource();
        var ledger = new DecidingLedger(inner, async request =>
        {
            if (request.AppendId is null) return await inner.TryAppendAsync(request, Now);
            await mayFail.Task;
            throw new InvalidOperationException("mine");
        });
        using var hub = ledger.OpenHub(_failures.Enqueue, Patient);
        var positions = new List<long>();
        hub.Subscribe(FactQuery.All, (_, fact) =>
        {
            positions.Add(fact.Position.Value);
            return Task.CompletedTask;
        });

        var failing = hub.PublishAsync(new AppendRequest(new NewFact("s/1", null, "1")) { AppendId = "failing" }, Now).AsTask();
        var two = hub.PublishAsync(new NewFact("s/1", null, "2"), Now).AsTask();
        mayFail.SetResult();

        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
        Assert.IsType<AppendOutcome.Committed>(await two);
        Assert.Equal([1], positions);
    }

    /// <summary>A ledger whose outcomes arrive in any order.</summary>
    static DecidingLedger WithLateOutcomes(Ledger inner, int seed)
    {
        var random = new Random(seed);
        return new DecidingLedger(inner, async request =>
        {
            var outcome = await inner.TryAppendAsync(request, Now);
            int delay;
            lock (random) delay = random.Next(4);
            for (var i = 0; i < delay; i++) await Task.Delay(1, Now);
            return outcome;
        });
    }
}
