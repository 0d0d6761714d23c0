namespace Factstone.Conformance.Claims;

internal static class CatalogClaims
{
    public static ClaimList All { get; } = new("catalog")
    {
        { "An empty ledger has no store", async c => Check.Sequence([], await StoresAsync(c)) },
        {
            "A stream that was appended to is listed", async c =>
            {
                await c.DepositAsync(Account, 1);
                await c.DepositAsync("accounts/b", 1);
                Check.Sequence(["a", "b"], await KeysAsync(c, "accounts"));
            }
        },
        {
            "A stream is listed once, with its last version and position", async c =>
            {
                await c.DepositAsync(Account, 1);
                var last = (await c.AppendAsync(Account, new Deposited(2))).LastPosition;
                var stream = (await c.Ledger.ListStreamsAsync("accounts", cancellationToken: c.CancellationToken).ListAsync()).Single();
                Check.Equal((new StreamName("accounts", "a"), 2L, last, false), (stream.Stream, stream.Version.Value, stream.Position, stream.IsRetracted));
            }
        },
        {
            "A store has the number of its facts and streams", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                await c.DepositAsync("accounts/b", 1);
                await c.DepositAsync("loans/c", 1);
                Check.Sequence([new StoreSummary("accounts", 4, 2), new StoreSummary("loans", 1, 1)], await c.Ledger.ListStoresAsync(c.CancellationToken).ListAsync());
            }
        },
        {
            "A stream that was never appended to is not listed", async c =>
            {
                await c.DepositAsync(Account, 1);
                await c.VersionAsync("accounts/b");
                await c.StreamAsync("accounts/b");
                Check.Is<AppendOutcome.Conflict>(await c.TryAsync(new AppendRequest(new NewFact("accounts/c", new Deposited(1))) { Conditions = [AppendCondition.StreamExists("no/1")] }));
                Check.Sequence(["a"], await KeysAsync(c, "accounts"));
            }
        },
        {
            "A ledger that has key/value entries only has no store", async c =>
            {
                await c.Counters.PutAsync("runs", 1, c.CancellationToken);
                Check.Sequence([], await StoresAsync(c));
            }
        },
        {
            "What the ledger keeps for itself is not listed", async c =>
            {
                await c.DepositAsync(Account, 1);
                var consumer = c.Ledger.Consumer("c1", FactQuery.All);
                await foreach (var fact in consumer.FollowAsync(c.CancellationToken))
                {
                    await consumer.CommitAsync(fact.Position, c.CancellationToken);
                    break;
                }

                Check.Sequence(["accounts"], await StoresAsync(c));
            }
        },
        {
            "Stores and keys are in the order of their bytes", async c =>
            {
                foreach (var stream in new StreamName[] { new("b", "1"), new("a", "z"), new("a", "Z"), new("a", "ü"), new("a", ""), new("A", "1") }) await c.DepositAsync(stream, 1);
                Check.Sequence(["A", "a", "b"], await StoresAsync(c));
                Check.Sequence(["", "Z", "z", "ü"], await KeysAsync(c, "a"));
            }
        },
        {
            "Streams are listed by prefix and in pages", async c =>
            {
                foreach (var key in new[] { "a1", "a2", "a3", "b1" }) await c.DepositAsync(new StreamName("s", key), 1);
                Check.Sequence(["a1", "a2"], await KeysAsync(c, "s", new ListOptions { Prefix = "a", Limit = 2 }));
                Check.Sequence(["a3"], await KeysAsync(c, "s", new ListOptions { Prefix = "a", After = "a2" }));
            }
        },
        {
            "A retracted record stays a stream, and is no record", async c =>
            {
                await c.AppendAsync(new NewFact("settings/theme", null, "1"));
                await c.AppendAsync(new NewFact("settings/size", null, "1"));
                await c.AppendAsync(NewFact.Retraction("settings/theme"));
                Check.Sequence(["size", "theme"], await KeysAsync(c, "settings"));
                Check.Sequence(["size"], (await c.Ledger.ListAsync("settings", cancellationToken: c.CancellationToken).ListAsync()).Select(static fact => fact.Stream.Key));
            }
        },
        {
            "The list of records has the latest values", async c =>
            {
                await c.AppendAsync(new NewFact("settings/a", null, "1"));
                await c.AppendAsync(new NewFact("settings/b", null, "2"));
                await c.AppendAsync(new NewFact("settings/a", null, "3"));
                Check.Sequence(["3", "2"], (await c.Ledger.ListAsync("settings", cancellationToken: c.CancellationToken).ListAsync()).Select(static fact => fact.Json));
            }
        },
        {
            "The streams of the past are listed as they were", async c =>
            {
                var then = (await c.AppendAsync(Account, new Deposited(1))).LastPosition;
                await c.DepositAsync(Account, 2);
                await c.DepositAsync("accounts/b", 1);
                var streams = await c.Ledger.ListStreamsAsync("accounts", new ListOptions { AsOf = then }, c.CancellationToken).ListAsync();
                Check.Sequence([(new StreamName("accounts", "a"), 1L)], streams.Select(static stream => (stream.Stream, stream.Version.Value)));
            }
        },
        {
            "The catalog is the same after a reopen", async c =>
            {
                for (var i = 0; i < 6; i++) await c.DepositAsync($"accounts/{i % 4}", i);
                var before = await c.Ledger.ListStreamsAsync("accounts", cancellationToken: c.CancellationToken).ListAsync();
                await c.ReopenAsync();
                Check.Sequence(before, await c.Ledger.ListStreamsAsync("accounts", cancellationToken: c.CancellationToken).ListAsync());
                Check.Sequence([new StoreSummary("accounts", 6, 4)], await c.Ledger.ListStoresAsync(c.CancellationToken).ListAsync());
            }
        },
        {
            "Streams that callers at once begin are all listed", async c =>
            {
                await AtOnceAsync(8, caller => c.AppendAsync($"accounts/{caller}", new Deposited(caller)));
                Check.Sequence(Enumerable.Range(0, 8).Select(static key => $"{key}"), await KeysAsync(c, "accounts"));
            }
        },
        {
            "A list that makes no sense is refused", async c =>
            {
                await Check.ThrowsAsync<ArgumentException>(() => KeysAsync(c, "a/b"));
                await Check.ThrowsAsync<ArgumentOutOfRangeException>(() => KeysAsync(c, "a", new ListOptions { Limit = -1 }));
            }
        },
        {
            "Whether a stream exists is known, now and in the past", async c =>
            {
                var before = (await c.AppendAsync("accounts/b", new Deposited(1))).LastPosition;
                await c.DepositAsync(Account, 1);
                Check.True(await c.Ledger.StreamExistsAsync(Account, cancellationToken: c.CancellationToken), "it exists now");
                Check.True(!await c.Ledger.StreamExistsAsync(Account, before, c.CancellationToken), "it did not exist before");
                Check.True(!await c.Ledger.StreamExistsAsync("accounts/c", cancellationToken: c.CancellationToken), "another one does not exist");
            }
        },
        {
            "The number of all facts that were ever appended is known, of a store and of all stores", async c =>
            {
                Check.Equal(new CatalogTotals(0, 0, 0), await c.Ledger.GetTotalsAsync(c.CancellationToken));
                await c.DepositAsync(Account, 1, 2, 3);
                var then = (await c.AppendAsync("accounts/b", new Deposited(1))).LastPosition;
                await c.DepositAsync("loans/c", 1);
                await c.AppendAsync(NewFact.Retraction("accounts/b"));
                Check.Equal(new CatalogTotals(2, 3, 6), await c.Ledger.GetTotalsAsync(c.CancellationToken));
                Check.Equal(new CatalogTotals(1, 2, 5), await c.Ledger.GetTotalsAsync("accounts", cancellationToken: c.CancellationToken));
                Check.Equal(new CatalogTotals(1, 2, 4), await c.Ledger.GetTotalsAsync("accounts", then, c.CancellationToken));
                Check.Equal(new CatalogTotals(0, 0, 0), await c.Ledger.GetTotalsAsync("nothing", cancellationToken: c.CancellationToken));
            }
        },
        {
            "Totals do not count what the ledger keeps for itself, and are the same after a reopen", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await c.Counters.PutAsync("runs", 1, c.CancellationToken);
                for (var i = 0; i < 2; i++)
                {
                    await c.ReopenAsync();
                    Check.Equal(new CatalogTotals(1, 1, 2), await c.Ledger.GetTotalsAsync(c.CancellationToken));
                }
            }
        },
    };

    static async Task<List<string>> StoresAsync(ClaimContext c) => [.. (await c.Ledger.ListStoresAsync(c.CancellationToken).ListAsync()).Select(static store => store.Store)];

    static async Task<List<string>> KeysAsync(ClaimContext c, string store, ListOptions? options = null) =>
        [.. (await c.Ledger.ListStreamsAsync(store, options, c.CancellationToken).ListAsync()).Select(static stream => stream.Stream.Key)];
}
