namespace Factstone.Conformance.Claims;

internal static class ProjectClaims
{
    public static ClaimList All { get; } = new("project")
    {
        {
            "A projection folds the facts of a stream in order", async c =>
            {
                await c.AppendAsync(Account, new Deposited(5), new Withdrawn(2));
                await c.DepositAsync(Account, 3);
                Check.Equal("+5-2+3", (await ProjectAsync(c, Journal)).State);
            }
        },
        {
            "A stream that does not exist gives the seed and version 0", async c =>
            {
                var projected = await ProjectAsync(c, Balance with { Seed = 100 });
                Check.Equal((100, StreamVersion.None, Position.None), (projected.State, projected.Version, projected.Position));
            }
        },
        {
            "The result has the version and the position of the last fact in it", async c =>
            {
                await c.DepositAsync(Account, 1);
                var last = await c.AppendAsync(Account, new Deposited(2));
                var projected = await ProjectAsync(c, Balance);
                Check.Equal((2, last.LastPosition), (projected.Version.Value, projected.Position));
            }
        },
        {
            "A fold from a state folds only what has come since", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var before = await ProjectAsync(c, Journal);
                await c.DepositAsync(Account, 3, 4);
                var folded = new List<long>();
                var counting = Journal with
                {
                    Step = (journal, fact) =>
                    {
                        folded.Add(fact.StreamVersion.Value);
                        return Journal.Step(journal, fact);
                    },
                };
                Check.Equal("+1+2+3+4", (await c.Ledger.ProjectAsync(counting, Account, before, c.CancellationToken)).State);
                Check.Sequence([3L, 4], folded.Distinct());
            }
        },
        {
            "A fold from the seed is the whole fold", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                Check.Equal(await ProjectAsync(c, Journal), await c.Ledger.ProjectAsync(Journal, Account, Journal.Empty, c.CancellationToken));
            }
        },
        {
            "A fold from a state when nothing has come is that state", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var before = await ProjectAsync(c, Journal);
                await c.DepositAsync("accounts/b", 9);
                Check.Equal(before, await c.Ledger.ProjectAsync(Journal, Account, before, c.CancellationToken));
            }
        },
        {
            "A fold in two parts is the whole fold, wherever it is divided", async c =>
            {
                var states = new List<Projected<string>> { Journal.Empty };
                for (var i = 1; i <= 6; i++)
                {
                    await c.DepositAsync(Account, i);
                    states.Add(await ProjectAsync(c, Journal));
                }

                foreach (var state in states) Check.Equal(states[^1], await c.Ledger.ProjectAsync(Journal, Account, state, c.CancellationToken), $"from version {state.Version}");
            }
        },
        {
            "Facts of other streams are not folded", async c =>
            {
                await c.DepositAsync(Account, 1);
                await c.DepositAsync("accounts/b", 10);
                await c.DepositAsync("accounts/a/1", 100);
                Check.Equal(1L, (await ProjectAsync(c, Balance)).State);
            }
        },
        {
            "A projection of a query folds several streams in the order of commits", async c =>
            {
                await c.DepositAsync(Account, 1);
                await c.DepositAsync("accounts/b", 2);
                await c.DepositAsync("loans/c", 9);
                await c.DepositAsync(Account, 3);
                var projected = await c.Ledger.ProjectAsync(Journal, FactQuery.Store("accounts"), c.CancellationToken);
                Check.Equal("+1+2+3", projected.State);
                await c.DepositAsync("accounts/b", 4);
                Check.Equal("+1+2+3+4", (await c.Ledger.ProjectAsync(Journal, FactQuery.Store("accounts"), projected, c.CancellationToken)).State);
            }
        },
        {
            "A projection of the past has nothing later", async c =>
            {
                await c.DepositAsync(Account, 1);
                var then = (await c.AppendAsync(Account, new Deposited(2))).LastPosition;
                await c.DepositAsync(Account, 3);
                Check.Equal("+1+2", (await c.Ledger.AsOf(then).ProjectAsync(Journal, Account, c.CancellationToken)).State);
            }
        },
        {
            "Different projections of a stream do not affect each other", async c =>
            {
                await c.AppendAsync(Account, new Deposited(5), new Withdrawn(2));
                Check.Equal(3L, (await ProjectAsync(c, Balance)).State);
                Check.Equal("+5-2", (await ProjectAsync(c, Journal)).State);
            }
        },
        {
            "A fold goes on from an earlier state after a reopen", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var before = await ProjectAsync(c, Journal);
                await c.ReopenAsync();
                await c.DepositAsync(Account, 3);
                Check.Equal("+1+2+3", (await c.Ledger.ProjectAsync(Journal, Account, before, c.CancellationToken)).State);
            }
        },
        {
            "The facts of a conflict bring a state up to date without a read", async c =>
            {
                await c.DepositAsync(Account, 1);
                var before = await ProjectAsync(c, Journal);
                await c.DepositAsync(Account, 2, 3);
                var conflict = Check.Is<AppendOutcome.Conflict>(await c.TryAsync(new AppendRequest(new NewFact(Account, new Deposited(9))) { Conditions = [AppendCondition.StreamAt(Account, before.Version)] }));
                Check.True(conflict.IsComplete);
                Check.Equal(await ProjectAsync(c, Journal), Journal.Fold(before, conflict.Facts));
            }
        },
        {
            "A fold beside writers has the first facts of the stream, each once", async c =>
            {
                var writing = AtOnceAsync(3, async caller =>
                {
                    for (var i = 0; i < 6; i++) await c.DepositAsync(Account, 1);
                    return caller;
                });
                for (var i = 0; i < 8; i++)
                {
                    var state = await ProjectAsync(c, Balance);
                    Check.Equal(state.Version.Value, state.State, "the sum of the first versions");
                }

                await writing;
                Check.Equal((18L, 18L), ((await ProjectAsync(c, Balance)).State, (await ProjectAsync(c, Balance)).Version.Value));
            }
        },
        {
            "A state of another stream is refused", async c =>
            {
                await c.DepositAsync(Account, 1);
                var state = await ProjectAsync(c, Journal);
                await Check.ThrowsAsync<ArgumentException>(() => c.Ledger.ProjectAsync(Journal, "accounts/b", state, c.CancellationToken).AsTask());
            }
        },
        {
            "What a step throws reaches the caller, and changes nothing", async c =>
            {
                await c.DepositAsync(Account, 1);
                var throwing = Balance with { Step = static (_, _) => throw new InvalidOperationException("no") };
                await Check.ThrowsAsync<InvalidOperationException>(() => ProjectAsync(c, throwing));
                Check.Equal(1L, (await ProjectAsync(c, Balance)).State);
            }
        },
    };

    static Task<Projected<TState>> ProjectAsync<TState>(ClaimContext c, Projection<TState> projection) => c.Ledger.ProjectAsync(projection, Account, c.CancellationToken).AsTask();
}
