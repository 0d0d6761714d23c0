namespace Factstone.Conformance.Claims;

/// <summary>Views that the ledger keeps by itself, in step with each append or in the background, and a view on a hub.</summary>
internal static class KeptViewClaims
{
    public static ClaimList All { get; } = new("view")
    {
        {
            "An inline projection has a fact when the append is answered", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                var expected = "";
                for (var i = 1; i <= 4; i++)
                {
                    await c.DepositAsync(Account, i);
                    Check.Equal(expected += $"+{i}", (await c.KeptAsync(KeptJournal)).State);
                }
            }
        },
        {
            "A read of an async projection that asks for a position has every fact up to it", async c =>
            {
                await c.KeepAsync(background: KeptJournal);
                var expected = "";
                for (var i = 1; i <= 4; i++)
                {
                    var last = (await c.AppendAsync(Account, new Deposited(i))).LastPosition;
                    var read = await c.KeptAsync(KeptJournal, atLeast: last);
                    Check.Equal(expected += $"+{i}", read.State);
                    Check.True(read.Position >= last, "the read has seen the position");
                }
            }
        },
        {
            "An async projection that is only read may be behind, and is never wrong", async c =>
            {
                await c.KeepAsync(background: KeptJournal);
                for (var i = 1; i <= 6; i++)
                {
                    await c.DepositAsync(Account, i);
                    var read = await c.KeptAsync(KeptJournal);
                    var then = read.Position == Position.None ? "" : (await c.Ledger.AsOf(read.Position).ProjectAsync(Journal, Account, c.CancellationToken)).State;
                    Check.Equal(then, read.State);
                }
            }
        },
        {
            "A kept projection of a ledger without facts has the seed", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                Check.Equal("", (await c.KeptAsync(KeptJournal)).State);
            }
        },
        {
            "A kept projection folds the facts of its source only", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                await c.DepositAsync("accounts/b", 8);
                await c.DepositAsync(Account, 1);
                await c.DepositAsync("loans/a", 9);
                Check.Equal("+1", (await c.KeptAsync(KeptJournal)).State);
            }
        },
        {
            "Each group has a state of its own, and one without facts has the seed", async c =>
            {
                await c.KeepAsync(inline: Balances);
                await c.DepositAsync(Account, 1, 2);
                await c.DepositAsync("accounts/b", 10);
                await c.AppendAsync(Account, new Withdrawn(1));
                Check.Equal(2L, (await c.KeptAsync(Balances, "a")).State);
                Check.Equal(10L, (await c.KeptAsync(Balances, "b")).State);
                Check.Equal(0L, (await c.KeptAsync(Balances, "c")).State);
            }
        },
        {
            "A fact changes every group that it belongs to, once", async c =>
            {
                var counts = new Projection<long> { Name = "counts", Source = FactQuery.Store("accounts"), GroupByMany = static fact => ["all", "all", fact.Stream.Key], Seed = 0, Step = static (count, _) => count + 1, Json = ClaimJson.Default.Int64 };
                await c.KeepAsync(inline: counts);
                await c.DepositAsync(Account, 1, 2);
                await c.DepositAsync("accounts/b", 3);
                Check.Equal((3L, 2L, 1L), ((await c.KeptAsync(counts, "all")).State, (await c.KeptAsync(counts, "a")).State, (await c.KeptAsync(counts, "b")).State));
            }
        },
        {
            "Groups are listed in the order of their bytes, by prefix and in pages", async c =>
            {
                await c.KeepAsync(inline: Balances);
                foreach (var key in new[] { "b", "a2", "Z", "a1", "ü", "a10" }) await c.DepositAsync(new StreamName("accounts", key), key.Length);
                Check.Sequence(["Z", "a1", "a10", "a2", "b", "ü"], await GroupsAsync(c, null));
                Check.Sequence(["a1", "a10"], await GroupsAsync(c, new ProjectionListOptions { Prefix = "a", Limit = 2 }));
                Check.Sequence(["a2"], await GroupsAsync(c, new ProjectionListOptions { Prefix = "a", After = "a10" }));
            }
        },
        {
            "A kept projection has what was appended while the ledger did not keep it", async c =>
            {
                await c.DepositAsync(Account, 1);
                await c.KeepAsync(inline: KeptJournal);
                Check.Equal("+1", (await c.KeptAsync(KeptJournal)).State);
                await c.DepositAsync(Account, 2);
                await c.KeepAsync();
                await c.DepositAsync(Account, 3);
                await c.KeepAsync(inline: KeptJournal);
                Check.Equal("+1+2+3", (await c.KeptAsync(KeptJournal)).State);
            }
        },
        {
            "A kept projection equals the whole fold after every reopen", async c =>
            {
                await c.KeepAsync(inline: KeptJournal, background: Balances);
                for (var i = 1; i <= 4; i++)
                {
                    await c.DepositAsync(Account, i);
                    var last = (await c.AppendAsync("accounts/b", new Deposited(i))).LastPosition;
                    await c.ReopenAsync();
                    Check.Equal((await c.Ledger.ProjectAsync(Journal, Account, c.CancellationToken)).State, (await c.KeptAsync(KeptJournal)).State);
                    Check.Equal((await c.Ledger.ProjectAsync(Balance, "accounts/b", c.CancellationToken)).State, (await c.KeptAsync(Balances, "b", last)).State);
                }
            }
        },
        {
            "Facts of callers at once are folded in the order of the ledger, each once", async c =>
            {
                var journal = KeptJournal with { Source = FactQuery.Store("accounts") };
                await c.KeepAsync(inline: journal);
                await AtOnceAsync(6, async caller =>
                {
                    for (var i = 0; i < 4; i++) await c.DepositAsync($"accounts/{caller}", caller * 10 + i);
                    return caller;
                });
                Check.Equal((await c.Ledger.ProjectAsync(Journal, FactQuery.Store("accounts"), c.CancellationToken)).State, (await c.KeptAsync(journal)).State);
            }
        },
        {
            "A step that throws fails its projection, and neither the append nor another projection", async c =>
            {
                var failing = KeptJournal with { Name = "failing", Step = static (journal, fact) => fact.Value is Deposited { Amount: 13 } ? throw new InvalidOperationException("no") : Journal.Step(journal, fact) };
                await c.KeepAsync(inline: failing, background: KeptJournal);
                await c.DepositAsync(Account, 1);
                var last = (await c.AppendAsync(Account, new Deposited(13))).LastPosition;
                Check.Equal(last, (await Check.ThrowsAsync<ProjectionFailedException>(() => c.KeptAsync(failing))).Position);
                Check.Equal("+1+13", (await c.KeptAsync(KeptJournal, atLeast: last)).State);
            }
        },
        {
            "A read of a projection that the ledger does not keep is refused", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                await Check.ThrowsAsync<ProjectionRefusedException>(() => c.KeptAsync(Balances, "a"));
                await Check.ThrowsAsync<ProjectionRefusedException>(() => c.KeptAsync(KeptJournal with { Source = FactQuery.All }));
                await Check.ThrowsAsync<ArgumentException>(() => c.KeptAsync(KeptJournal, "a"));
            }
        },
        {
            "A view on a hub is current after each publish, and reacts to its own stream only", async c =>
            {
                using var hub = c.Ledger.OpenHub(static _ => { });
                var view = Journal.Empty;
                hub.Subscribe(Account, async (ledger, _) => view = await ledger.ProjectAsync(Journal, Account, view, c.CancellationToken));
                await c.DepositAsync(Account, 1);
                Check.Equal("", view.State);
                Check.Is<AppendOutcome.Committed>(await hub.PublishAsync(new NewFact("accounts/b", new Deposited(9)), c.CancellationToken));
                Check.Equal("", view.State);
                for (var i = 2; i <= 4; i++)
                {
                    Check.Is<AppendOutcome.Committed>(await hub.PublishAsync(new NewFact(Account, new Deposited(i)), c.CancellationToken));
                    Check.Equal(await c.Ledger.ProjectAsync(Journal, Account, c.CancellationToken), view);
                }
            }
        },
    };

    static Task<List<string?>> GroupsAsync(ClaimContext c, ProjectionListOptions? options) =>
        c.CallAsync(async ledger =>
        {
            var keys = new List<string?>();
            await foreach (var group in ledger.Keeping().ListProjectionAsync(Balances, options, c.CancellationToken)) keys.Add(group.Key);
            return keys;
        }).AsTask();
}
