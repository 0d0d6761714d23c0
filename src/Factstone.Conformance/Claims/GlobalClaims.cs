namespace Factstone.Conformance.Claims;

internal static class GlobalClaims
{
    public static ClaimList All { get; } = new("global")
    {
        {
            "Facts of all streams are read in the order of their commits", async c =>
            {
                foreach (var (stream, amount) in new[] { ("b/1", 1), ("a/1", 2), ("b/1", 3), ("a/2", 4), ("b/1", 5) }) await c.DepositAsync(stream, amount);
                Check.Sequence([1L, 2, 3, 4, 5], (await c.ReadAllAsync()).Amounts());
            }
        },
        {
            "Positions increase in the order of commits", async c =>
            {
                var positions = new List<Position>();
                for (var i = 0; i < 6; i++) positions.Add((await c.AppendAsync($"accounts/{i % 2}", new Deposited(i))).LastPosition);
                Check.Increasing(positions);
                Check.Sequence(positions, (await c.ReadAllAsync()).Select(static fact => fact.Position));
            }
        },
        {
            "The head is at or after the last fact", async c =>
            {
                Check.Equal(Position.None.Value, (await c.ReadAllAsync()).Count);
                var last = (await c.AppendAsync(Account, new Deposited(1))).LastPosition;
                Check.True(await c.Ledger.GetHeadAsync(c.CancellationToken) >= last);
            }
        },
        {
            "A read from a position begins there", async c =>
            {
                await c.DepositAsync(Account, 1);
                var second = (await c.AppendAsync("accounts/b", new Deposited(2))).LastPosition;
                await c.DepositAsync(Account, 3);
                Check.Sequence([2L, 3], (await c.ReadAllAsync(new ReadOptions { From = second })).Amounts());
                Check.Sequence([3L], (await c.ReadAllAsync(new ReadOptions { From = second.Next() })).Amounts());
            }
        },
        {
            "A read backward begins with the newest fact", async c =>
            {
                await c.DepositAsync(Account, 1);
                await c.DepositAsync("accounts/b", 2);
                await c.DepositAsync(Account, 3);
                Check.Sequence([3L, 2, 1], (await c.ReadAllAsync(new ReadOptions { Backward = true })).Amounts());
                Check.Sequence([3L, 2], (await c.ReadAllAsync(new ReadOptions { Backward = true, Limit = 2 })).Amounts());
            }
        },
        {
            "A read in pages has every fact once", async c =>
            {
                for (var i = 0; i < 7; i++) await c.DepositAsync($"accounts/{i % 3}", i);
                var seen = new List<long>();
                for (var from = Position.None; ;)
                {
                    var page = await c.ReadAllAsync(new ReadOptions { From = from, Limit = 3 });
                    if (page.Count == 0) break;
                    seen.AddRange(page.Amounts());
                    from = page[^1].Position.Next();
                }

                Check.Sequence([0L, 1, 2, 3, 4, 5, 6], seen);
            }
        },
        {
            "A projection of the whole ledger folds in the order of commits", async c =>
            {
                await c.DepositAsync(Account, 1);
                await c.DepositAsync("loans/b", 2);
                await c.DepositAsync(Account, 3);
                var first = await c.Ledger.ProjectAsync(Journal, FactQuery.All, c.CancellationToken);
                Check.Equal("+1+2+3", first.State);
                await c.DepositAsync("loans/b", 4);
                Check.Equal("+1+2+3+4", (await c.Ledger.ProjectAsync(Journal, FactQuery.All, first, c.CancellationToken)).State);
            }
        },
        {
            "A tag makes a global order of chosen facts", async c =>
            {
                for (var i = 0; i < 6; i++) await c.AppendAsync(new NewFact($"accounts/{i}", new Deposited(i)) { Tags = i % 2 == 0 ? ["audited"] : [] });
                Check.Sequence([0L, 2, 4], (await c.ReadAsync(FactQuery.Tags("audited"))).Amounts());
            }
        },
        {
            "A position without a fact of a caller is no fact of a caller", async c =>
            {
                await c.DepositAsync(Account, 1);
                var head = await c.Ledger.GetHeadAsync(c.CancellationToken);
                Check.Equal(null, await c.Ledger.ReadAtAsync(new Position(head.Value + 1_000), c.CancellationToken));
                Check.True((await c.ReadAllAsync()).All(static fact => !fact.Stream.Store.StartsWith('$')), "no fact of the ledger itself");
            }
        },
        {
            "What the ledger keeps for itself is in no catalog", async c =>
            {
                await c.DepositAsync(Account, 1);
                await c.DepositAsync("loans/b", 2);
                Check.Sequence(["accounts", "loans"], (await c.Ledger.ListStoresAsync(c.CancellationToken).ListAsync()).Select(static store => store.Store));
            }
        },
        {
            "The order is the same after a reopen", async c =>
            {
                for (var i = 0; i < 6; i++) await c.DepositAsync($"accounts/{(i * 5) % 4}", i);
                var before = (await c.ReadAllAsync()).Leaves().ToList();
                await c.ReopenAsync();
                Check.Sequence(before, (await c.ReadAllAsync()).Leaves());
            }
        },
        {
            "A position names the same fact for ever", async c =>
            {
                var positions = new List<Position>();
                for (var i = 0; i < 4; i++)
                {
                    positions.Add((await c.AppendAsync(Account, new Deposited(i))).LastPosition);
                    await c.ReopenAsync();
                    for (var j = 0; j <= i; j++) Check.Equal<object?>(new Deposited(j), (await c.Ledger.ReadAtAsync(positions[j], c.CancellationToken))?.Value);
                }
            }
        },
        {
            "The order of streams is the order of the ledger, also for callers at once", async c =>
            {
                await AtOnceAsync(6, async caller =>
                {
                    for (var i = 0; i < 5; i++) await c.DepositAsync($"accounts/{(caller + i) % 3}", caller);
                    return caller;
                });
                var all = await c.ReadAllAsync();
                Check.Equal(30, all.Count);
                Check.Increasing(all.Select(static fact => fact.Position));
                foreach (var stream in all.GroupBy(static fact => fact.Stream)) Check.Sequence(Enumerable.Range(1, stream.Count()).Select(static version => (long)version), stream.Versions(), $"{stream.Key}");
                for (var i = 1; i < all.Count; i++) Check.True(all[i].RecordedAt >= all[i - 1].RecordedAt, "recorded times follow the order");
            }
        },
        {
            "The ledger as of a position is what it was then", async c =>
            {
                var states = new List<(Position At, List<string> Facts)>();
                for (var i = 0; i < 5; i++)
                {
                    var position = (await c.AppendAsync($"accounts/{i % 2}", new Deposited(i))).LastPosition;
                    states.Add((position, [.. (await c.ReadAllAsync()).Leaves()]));
                }

                foreach (var (at, facts) in states) Check.Sequence(facts, (await c.Ledger.AsOf(at).ReadAsync(cancellationToken: c.CancellationToken).ListAsync()).Leaves());
            }
        },
        {
            "A position that is not possible is refused", async c =>
                await Check.ThrowsAsync<ArgumentOutOfRangeException>(() => c.ReadAllAsync(new ReadOptions { From = new Position(-1) }))
        },
    };
}
