using System.Collections.Concurrent;

namespace Factstone.Conformance.Claims;

/// <summary>Callbacks in the process for what is published through a hub.</summary>
internal static class HubClaims
{
    public static ClaimList All { get; } = new("subscribe")
    {
        {
            "A publish appends, passes the ledger and the fact to the callback, and returns the outcome", async c =>
            {
                using var hub = Open(c);
                var passed = new List<(ILedger Ledger, Fact Fact)>();
                hub.Subscribe(Account, (ledger, fact) =>
                {
                    passed.Add((ledger, fact));
                    return Task.CompletedTask;
                });
                var receipt = Check.Is<AppendOutcome.Committed>(await hub.PublishAsync(new NewFact(Account, new Deposited(5)), c.CancellationToken)).Receipt;
                Check.Equal(1, passed.Count);
                Check.True(ReferenceEquals(c.Ledger, passed[0].Ledger), "the callback gets the ledger");
                Check.Equal((receipt.LastPosition, receipt.StreamVersion), (passed[0].Fact.Position, passed[0].Fact.StreamVersion));
                Check.Sequence([5L], await c.AmountsAsync(Account));
            }
        },
        {
            "Subscribers are called in the order in which they subscribed, fact after fact", async c =>
            {
                using var hub = Open(c);
                var calls = new List<string>();
                foreach (var name in new[] { "first", "second", "third" }) hub.Subscribe(Account, Noting(calls, name));
                await PublishAsync(c, hub, Account, 1, 2);
                Check.Sequence(["first 1", "second 1", "third 1", "first 2", "second 2", "third 2"], calls);
            }
        },
        {
            "A subscriber gets the facts that its stream or query selects, and no others", async c =>
            {
                using var hub = Open(c);
                var (stream, store) = (new List<string>(), new List<string>());
                hub.Subscribe(Account, Noting(stream, "stream"));
                hub.Subscribe(FactQuery.Store("accounts"), Noting(store, "store"));
                await PublishAsync(c, hub, "accounts/b", 1);
                await PublishAsync(c, hub, Account, 2);
                await PublishAsync(c, hub, "loans/a", 3);
                Check.Sequence(["stream 2"], stream);
                Check.Sequence(["store 1", "store 2"], store);
            }
        },
        {
            "The number of subscribers is known, and one that has ended is not called", async c =>
            {
                using var hub = Open(c);
                var calls = new List<string>();
                Check.Equal(0, hub.SubscriberCount);
                hub.Subscribe(Account, Noting(calls, "stays"));
                var ended = hub.Subscribe(Account, Noting(calls, "ends"));
                Check.Equal(2, hub.SubscriberCount);
                ended.Dispose();
                Check.Equal(1, hub.SubscriberCount);
                await PublishAsync(c, hub, Account, 1);
                Check.Sequence(["stays 1"], calls);
            }
        },
        {
            "An append beside the hub is not passed on", async c =>
            {
                using var hub = Open(c);
                var calls = new List<string>();
                hub.Subscribe(FactQuery.All, Noting(calls, "hub"));
                await c.DepositAsync(Account, 1);
                await PublishAsync(c, hub, Account, 2);
                Check.Sequence(["hub 2"], calls);
                Check.Equal(2L, await c.VersionAsync(Account));
            }
        },
        {
            "A fact is durable and can be read before its callback runs", async c =>
            {
                using var hub = Open(c);
                var versions = new List<long>();
                hub.Subscribe(Account, async (ledger, fact) =>
                {
                    var stored = Check.NotNull(await ledger.ReadAtAsync(fact.Position, c.CancellationToken));
                    versions.Add(stored.StreamVersion.Value);
                });
                await PublishAsync(c, hub, Account, 1, 2);
                Check.Sequence([1L, 2], versions);
            }
        },
        {
            "Nothing is passed on if nothing was appended", async c =>
            {
                using var hub = Open(c);
                var calls = new List<string>();
                hub.Subscribe(FactQuery.All, Noting(calls, "hub"));
                var request = new AppendRequest(new NewFact(Account, new Deposited(1))) { AppendId = "once" };
                Check.Is<AppendOutcome.Committed>(await hub.PublishAsync(request, c.CancellationToken));
                Check.Is<AppendOutcome.Duplicate>(await hub.PublishAsync(request, c.CancellationToken));
                Check.Is<AppendOutcome.Conflict>(await hub.PublishAsync(new AppendRequest(new NewFact(Account, new Deposited(2))) { Conditions = [AppendCondition.StreamMissing(Account)] }, c.CancellationToken));
                await Check.ThrowsAsync<ArgumentException>(() => hub.PublishAsync(new NewFact(Account, "deposited", "{"), c.CancellationToken).AsTask());
                Check.Sequence(["hub 1"], calls);
            }
        },
        {
            "A callback that throws is reported, and harms nobody else", async c =>
            {
                var failures = new ConcurrentQueue<HubFailure>();
                using var hub = c.Ledger.OpenHub(failures.Enqueue);
                var calls = new List<string>();
                hub.Subscribe(Account, static (_, _) => throw new InvalidOperationException("no"), "broken");
                hub.Subscribe(Account, Noting(calls, "whole"));
                await PublishAsync(c, hub, Account, 1, 2);
                Check.Sequence(["whole 1", "whole 2"], calls);
                Check.Sequence([("broken", HubFailureReason.Threw, 1L), ("broken", HubFailureReason.Threw, 2L)], failures.Select(static failure => (failure.Subscription?.Name ?? "", failure.Reason, failure.Fact?.StreamVersion.Value ?? 0)));
                Check.Equal(2L, await c.VersionAsync(Account));
            }
        },
        {
            "A callback publishes, and the callbacks of that fact have run when the first publish returns", async c =>
            {
                using var hub = Open(c);
                var calls = new List<string>();
                hub.Subscribe(FactQuery.All, Noting(calls, "all"));
                hub.Subscribe(Account, async (_, fact) =>
                {
                    if (fact.Value is Deposited { Amount: < 3 } deposited) Check.Is<AppendOutcome.Committed>(await hub.PublishAsync(new NewFact(Account, new Deposited(deposited.Amount + 1)), c.CancellationToken));
                });
                await PublishAsync(c, hub, Account, 1);
                Check.Sequence(["all 1", "all 2", "all 3"], calls);
            }
        },
        {
            "Facts of publishers at once are passed on in the order of the ledger, each once", async c =>
            {
                using var hub = Open(c);
                var positions = new ConcurrentQueue<Position>();
                hub.Subscribe(FactQuery.All, (_, fact) =>
                {
                    positions.Enqueue(fact.Position);
                    return Task.CompletedTask;
                });
                await AtOnceAsync(6, async caller =>
                {
                    for (var i = 0; i < 5; i++) await PublishAsync(c, hub, $"accounts/{caller}", i);
                    return caller;
                });
                Check.Sequence((await c.ReadAllAsync()).Select(static fact => fact.Position), positions);
            }
        },
        {
            "A hub that is closed refuses to publish, and a new one goes on after a reopen", async c =>
            {
                var calls = new List<string>();
                var closed = Open(c);
                closed.Subscribe(Account, Noting(calls, "closed"));
                closed.Dispose();
                await Check.ThrowsAsync<ObjectDisposedException>(() => closed.PublishAsync(new NewFact(Account, new Deposited(1)), c.CancellationToken).AsTask());
                await c.ReopenAsync();
                using var hub = Open(c);
                hub.Subscribe(Account, Noting(calls, "open"));
                await PublishAsync(c, hub, Account, 2);
                Check.Sequence(["open 2"], calls);
            }
        },
        {
            "A subscriber to a query that selects nothing by its form is refused", async c =>
            {
                using var hub = Open(c);
                await Check.ThrowsAsync<ArgumentException>(() => Task.FromResult(hub.Subscribe(FactQuery.Create(), static (_, _) => Task.CompletedTask)));
                Check.Equal(0, hub.SubscriberCount);
            }
        },
    };

    /// <summary>A hub whose failures nobody expects: a callback that was not called fails the claim.</summary>
    static LedgerHub Open(ClaimContext c) => c.Ledger.OpenHub(static _ => { });

    static Func<ILedger, Fact, Task> Noting(List<string> calls, string name) => (_, fact) =>
    {
        calls.Add($"{name} {(fact.Value is Deposited deposited ? deposited.Amount : -1)}");
        return Task.CompletedTask;
    };

    static async Task PublishAsync(ClaimContext c, LedgerHub hub, StreamName stream, params long[] amounts)
    {
        foreach (var amount in amounts) Check.Is<AppendOutcome.Committed>(await hub.PublishAsync(new NewFact(stream, new Deposited(amount)), c.CancellationToken));
    }
}
