namespace Factstone.Conformance.Claims;

internal static class SubscribeClaims
{
    public static ClaimList All { get; } = new("subscribe")
    {
        {
            "A follower returns the existing facts, and then the new ones", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var follower = c.Ledger.OpenFollower(FactQuery.All);
                Check.Sequence([1L, 2], (await follower.TakeAsync(2, c.CancellationToken)).Amounts());
                await c.DepositAsync(Account, 3);
                Check.Sequence([3L], (await follower.TakeAsync(1, c.CancellationToken)).Amounts());
            }
        },
        {
            "A fact that is returned is durable and can be read", async c =>
            {
                var follower = c.Ledger.OpenFollower(FactQuery.All);
                await c.DepositAsync(Account, 1);
                var fact = (await follower.TakeAsync(1, c.CancellationToken))[0];
                Check.Equal(Convert.ToHexString(fact.Leaf()), Convert.ToHexString(Check.NotNull(await c.Ledger.ReadAtAsync(fact.Position, c.CancellationToken)).Leaf()));
            }
        },
        {
            "Each fact is returned once, in the order of commits", async c =>
            {
                var follower = c.Ledger.OpenFollower(FactQuery.All);
                for (var i = 0; i < 10; i++) await c.DepositAsync($"accounts/{i % 3}", i);
                var facts = await follower.TakeAsync(10, c.CancellationToken);
                Check.Sequence(Enumerable.Range(0, 10).Select(static i => (long)i), facts.Amounts());
                Check.Increasing(facts.Select(static fact => fact.Position));
                Check.True(!follower.TryRead(out _), "no further fact");
            }
        },
        {
            "A follower of a stream gets the facts of that stream only", async c =>
            {
                var follower = c.Ledger.OpenFollower(FactQuery.Stream(Account));
                await c.DepositAsync("accounts/b", 9);
                await c.DepositAsync(Account, 1);
                await c.DepositAsync("accounts/a2", 9);
                await c.DepositAsync(Account, 2);
                Check.Sequence([1L, 2], (await follower.TakeAsync(2, c.CancellationToken)).Amounts());
                Check.True(!follower.TryRead(out _), "no further fact");
            }
        },
        {
            "A follower moves past facts that do not match", async c =>
            {
                var follower = c.Ledger.OpenFollower(FactQuery.Types("noted"));
                var last = (await c.AppendAsync(Account, new Deposited(1))).LastPosition;
                Check.True(await follower.WaitForAsync(last, c.CancellationToken), "the follower goes on");
                Check.True(!follower.TryRead(out _), "nothing matches");
                Check.True(follower.Position >= last);
            }
        },
        {
            "Several followers each get every fact", async c =>
            {
                var followers = Enumerable.Range(0, 4).Select(_ => c.Ledger.OpenFollower(FactQuery.All)).ToList();
                await c.DepositAsync(Account, 1, 2, 3);
                foreach (var follower in followers) Check.Sequence([1L, 2, 3], (await follower.TakeAsync(3, c.CancellationToken)).Amounts());
            }
        },
        {
            "A follower that begins now gets later facts only", async c =>
            {
                await c.DepositAsync(Account, 1);
                var follower = c.Ledger.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.Now });
                await c.DepositAsync(Account, 2);
                Check.Sequence([2L], (await follower.TakeAsync(1, c.CancellationToken)).Amounts());
            }
        },
        {
            "A follower that begins after a position gets what comes after it", async c =>
            {
                var position = (await c.AppendAsync(Account, new Deposited(1))).LastPosition;
                await c.DepositAsync(Account, 2);
                var follower = c.Ledger.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.After(position) });
                Check.Sequence([2L], (await follower.TakeAsync(1, c.CancellationToken)).Amounts());
            }
        },
        {
            "The facts of one append are returned in their order, without others between", async c =>
            {
                var follower = c.Ledger.OpenFollower(FactQuery.All);
                await AtOnceAsync(4, caller => c.AppendAsync($"accounts/{caller}", new Deposited(caller * 10), new Deposited(caller * 10 + 1), new Deposited(caller * 10 + 2)));
                var amounts = (await follower.TakeAsync(12, c.CancellationToken)).Amounts();
                foreach (var append in amounts.Chunk(3)) Check.Sequence([append[0], append[0] + 1, append[0] + 2], append);
            }
        },
        {
            "A follower continues from its cursor after a reopen, without gap or repeat", async c =>
            {
                var seen = new List<long>();
                var start = FollowStart.Beginning;
                for (var round = 0; round < 4; round++)
                {
                    await c.DepositAsync(Account, round * 2, round * 2 + 1);
                    var follower = c.Ledger.OpenFollower(FactQuery.All, new FollowOptions { From = start });
                    seen.AddRange((await follower.TakeAsync(round == 0 ? 1 : 2, c.CancellationToken)).Amounts());
                    start = FollowStart.After(LedgerCursor.Parse(follower.Cursor.ToString()));
                    await c.ReopenAsync();
                }

                Check.Sequence(Enumerable.Range(0, 7).Select(static i => (long)i), seen);
            }
        },
        {
            "Closing the ledger ends a follower without an exception", async c =>
            {
                await c.DepositAsync(Account, 1);
                var follower = c.Ledger.OpenFollower(FactQuery.All);
                await follower.TakeAsync(1, c.CancellationToken);
                var waiting = follower.WaitToReadAsync(c.CancellationToken).AsTask();
                await c.ReopenAsync();
                Check.Equal(false, await waiting);
            }
        },
        {
            "A cancelled wait leaves the follower usable", async c =>
            {
                var follower = c.Ledger.OpenFollower(FactQuery.All);
                using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
                await Check.ThrowsAsync<OperationCanceledException>(() => follower.WaitToReadAsync(cancel.Token).AsTask());
                await c.DepositAsync(Account, 1);
                Check.Sequence([1L], (await follower.TakeAsync(1, c.CancellationToken)).Amounts());
            }
        },
        {
            "A follower beside several writers returns each fact once", async c =>
            {
                var follower = c.Ledger.OpenFollower(FactQuery.Store("accounts"));
                var following = Task.Run(() => follower.TakeAsync(40, c.CancellationToken));
                await AtOnceAsync(4, async caller =>
                {
                    for (var i = 0; i < 10; i++) await c.DepositAsync($"accounts/{caller}", i);
                    return caller;
                });
                var facts = await following;
                Check.Increasing(facts.Select(static fact => fact.Position));
                foreach (var stream in facts.GroupBy(static fact => fact.Stream)) Check.Sequence(Enumerable.Range(1, 10).Select(static version => (long)version), stream.Versions(), $"{stream.Key}");
            }
        },
        {
            "A handler may append while it follows", async c =>
            {
                var follower = c.Ledger.OpenFollower(FactQuery.Types("deposited"));
                await c.DepositAsync(Account, 1, 2);
                foreach (var fact in await follower.TakeAsync(2, c.CancellationToken)) await c.AppendAsync(new NewFact("log/a", new Noted($"{fact.StreamVersion}")) { Causation = fact.Id });
                Check.Sequence<object?>([new Noted("1"), new Noted("2")], (await c.StreamAsync("log/a")).Select(static fact => fact.Value));
            }
        },
        {
            "A follower that has read everything has no lag", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var follower = c.Ledger.OpenFollower(FactQuery.Types("deposited"));
                Check.True(follower.GetLag().Facts >= 2, "two facts wait");
                await follower.TakeAsync(2, c.CancellationToken);
                Check.True(!follower.TryRead(out _), "no further fact, up to the head");
                Check.Equal(0L, follower.GetLag().Facts);
            }
        },
        {
            "A follower of a position that does not exist is refused", async c =>
            {
                await Check.ThrowsAsync<ArgumentOutOfRangeException>(() => Task.FromResult(c.Ledger.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.At(new Position(1_000_000)) })));
            }
        },
    };
}
