namespace Factstone.Conformance.Claims;

internal static class DurableClaims
{
    public static ClaimList All { get; } = new("durable")
    {
        {
            "Every fact is there after a reopen, byte for byte", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                await c.DepositAsync("accounts/b", 4);
                var before = (await c.ReadAllAsync()).Leaves().ToList();
                await c.ReopenAsync();
                Check.Equal(4, before.Count);
                Check.Sequence(before, (await c.ReadAllAsync()).Leaves());
            }
        },
        {
            "The versions of a stream go on after a reopen", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await c.ReopenAsync();
                Check.Equal(2L, await c.VersionAsync(Account));
                Check.Equal(3L, (await c.AppendAsync(Account, new Deposited(3))).StreamVersion.Value);
            }
        },
        {
            "A position is never assigned again after a reopen", async c =>
            {
                var positions = new List<Position>();
                for (var i = 0; i < 4; i++)
                {
                    positions.Add((await c.AppendAsync(Account, new Deposited(i))).LastPosition);
                    await c.ReopenAsync();
                }

                Check.Increasing(positions);
            }
        },
        {
            "Cells are there after a reopen", async c =>
            {
                await c.Counters.PutAsync("runs", 7, c.CancellationToken);
                await c.ReopenAsync();
                Check.Equal<long?>(7, (await c.Counters.GetAsync("runs", c.CancellationToken))?.Value);
            }
        },
        {
            "A deleted cell stays deleted, and its version goes on", async c =>
            {
                await c.Counters.PutAsync("runs", 7, c.CancellationToken);
                await c.Counters.DeleteAsync("runs", c.CancellationToken);
                await c.ReopenAsync();
                Check.Equal(null, await c.Counters.GetAsync("runs", c.CancellationToken));
                Check.Equal(3L, (await c.Counters.PutAsync("runs", 1, c.CancellationToken)).Version.Value);
            }
        },
        {
            "The id of an append is known after a reopen", async c =>
            {
                var first = await c.Ledger.AppendAsync(new AppendRequest(new NewFact(Account, new Deposited(1))) { AppendId = "a-1" }, c.CancellationToken);
                await c.ReopenAsync();
                var found = Check.NotNull(await c.Ledger.FindAppendAsync("a-1", c.CancellationToken));
                Check.Equal((first.LastPosition, first.RecordedAt), (found.LastPosition, found.RecordedAt));
            }
        },
        {
            "A retracted record has no value after a reopen", async c =>
            {
                await c.AppendAsync(new NewFact("settings/theme", null, "1"));
                await c.AppendAsync(NewFact.Retraction("settings/theme"));
                await c.ReopenAsync();
                Check.Equal(null, await c.Ledger.ReadLatestAsync("settings/theme", cancellationToken: c.CancellationToken));
                Check.Equal(2L, await c.VersionAsync("settings/theme"));
            }
        },
        {
            "The past is the same after a reopen", async c =>
            {
                await c.AppendAsync(new NewFact("settings/theme", null, "1"));
                var then = await c.AppendAsync(new NewFact("settings/theme", null, "2"));
                await c.AppendAsync(new NewFact("settings/theme", null, "3"));
                await c.ReopenAsync();
                Check.Equal("2", (await c.Ledger.ReadLatestAsync("settings/theme", then.LastPosition, c.CancellationToken))?.Json);
                Check.Equal("2", (await c.Ledger.ReadLatestAsync("settings/theme", LedgerTime.RecordedBy(then.RecordedAt), c.CancellationToken))?.Json);
            }
        },
        {
            "The ledger is the same ledger after a reopen", async c =>
            {
                var id = c.Ledger.Id;
                await c.ReopenAsync();
                Check.Equal(id, c.Ledger.Id);
            }
        },
        {
            "A cursor is valid after a reopen", async c =>
            {
                await c.DepositAsync(Account, 1);
                var position = (await c.AppendAsync(Account, new Deposited(2))).LastPosition;
                var cursor = await c.Ledger.GetCursorAsync(position, c.CancellationToken);
                await c.ReopenAsync();
                await c.DepositAsync(Account, 3);
                Check.Equal(position, await c.Ledger.ResolveAsync(cursor, c.CancellationToken));
            }
        },
        {
            "The id of a fact leads to it after a reopen", async c =>
            {
                var position = (await c.AppendAsync(Account, new Deposited(2))).LastPosition;
                var id = Check.NotNull(await c.Ledger.ReadAtAsync(position, c.CancellationToken)).Id;
                await c.ReopenAsync();
                Check.Equal<Position?>(position, (await c.Ledger.FindAsync(id, c.CancellationToken))?.Position);
            }
        },
        {
            "Queries and counts are the same after a reopen", async c =>
            {
                await c.AppendAsync(new NewFact("a/1", "placed", "1") { Tags = ["x"] });
                await c.AppendAsync(new NewFact("a/2", "paid", "2") { Tags = ["x", "y"] });
                await c.ReopenAsync();
                Check.Sequence(["1", "2"], (await c.ReadAsync(FactQuery.Tags("x"))).Select(static fact => fact.Json));
                Check.Equal(1L, await c.Ledger.CountAsync(FactQuery.Types("paid"), cancellationToken: c.CancellationToken));
            }
        },
        {
            "A batch is whole after a reopen", async c =>
            {
                await c.AppendAsync(Account, [.. Enumerable.Range(0, 50).Select(static i => (object)new Deposited(i))]);
                await c.ReopenAsync();
                Check.Sequence(Enumerable.Range(0, 50).Select(static i => (long)i), await c.AmountsAsync(Account));
            }
        },
        {
            "An empty ledger is empty after a reopen", async c =>
            {
                await c.ReopenAsync();
                await c.ReopenAsync();
                Check.Sequence([], await c.ReadAllAsync());
                Check.Equal(1L, (await c.AppendAsync(Account, new Deposited(1))).StreamVersion.Value);
            }
        },
        {
            "A reopen without an append changes nothing, however often", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var before = (await c.ReadAllAsync()).Leaves().ToList();
                for (var i = 0; i < 3; i++) await c.ReopenAsync();
                Check.Sequence(before, (await c.ReadAllAsync()).Leaves());
            }
        },
        {
            "What callers at once were told is committed is there after a reopen", async c =>
            {
                var receipts = await AtOnceAsync(8, caller => c.AppendAsync($"accounts/{caller}", new Deposited(caller)));
                await c.ReopenAsync();
                foreach (var receipt in receipts)
                    Check.Equal(receipt.Versions[0].Stream, Check.NotNull(await c.Ledger.ReadAtAsync(receipt.LastPosition, c.CancellationToken)).Stream);
            }
        },
        {
            "A snapshot in a cell is continued after a reopen", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var state = await c.Ledger.ProjectAsync(Balance, Account, c.CancellationToken);
                await c.Counters.PutAsync("balance", state.State, c.CancellationToken);
                await c.ReopenAsync();
                await c.DepositAsync(Account, 4);
                var saved = state with { State = Check.NotNull(await c.Counters.GetAsync("balance", c.CancellationToken)).Value };
                Check.Equal(7L, (await c.Ledger.ProjectAsync(Balance, Account, saved, c.CancellationToken)).State);
            }
        },
        {
            "Reopened after every step, a ledger gives the answers of a plain list", async c =>
            {
                var random = new Random(7);
                var expected = new List<(string Stream, long Amount)>();
                for (var step = 0; step < 12; step++)
                {
                    var stream = $"accounts/{random.Next(3)}";
                    var amounts = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.NextInt64(1_000)).ToArray();
                    await c.AppendAsync(stream, [.. amounts.Select(static amount => (object)new Deposited(amount))]);
                    expected.AddRange(amounts.Select(amount => (stream, amount)));
                    await c.ReopenAsync();
                    Check.Sequence(expected, (await c.ReadAllAsync()).Select(static fact => (fact.Stream.ToString(), ((Deposited)fact.Value!).Amount)));
                    Check.Sequence(expected.Where(one => one.Stream == stream).Select(static one => one.Amount), await c.AmountsAsync(stream));
                }
            }
        },
        {
            "A ledger that was closed refuses calls, and says so", async c =>
            {
                var closed = c.Ledger;
                await c.DepositAsync(Account, 1);
                await c.ReopenAsync();
                if (closed is not Wrapping.ContinuedLedger) await Check.ThrowsAsync<ObjectDisposedException>(() => closed.AppendAsync(new NewFact(Account, new Deposited(2)), c.CancellationToken).AsTask());
                Check.Equal(1L, await c.VersionAsync(Account));
            }
        },
    };
}
