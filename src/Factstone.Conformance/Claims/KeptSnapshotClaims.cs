namespace Factstone.Conformance.Claims;

/// <summary>Snapshots that the ledger writes by itself for the projections that it keeps.</summary>
internal static class KeptSnapshotClaims
{
    static readonly Projection<string> Doubled = new()
    {
        Name = KeptJournal.Name,
        Version = 2,
        Replaces = KeptJournal,
        Source = KeptJournal.Source,
        Seed = "v2:",
        Step = static (journal, fact) => Journal.Step(Journal.Step(journal, fact), fact),
        Json = ClaimJson.Default.String,
    };

    public static ClaimList All { get; } = new("snapshot")
    {
        {
            "Snapshot and tail of a kept projection are the whole fold, wherever the snapshot was written", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                for (var i = 1; i <= 6; i++)
                {
                    await c.DepositAsync(Account, i);
                    if (i % 2 == 0) await SnapshotAsync(c, KeptJournal);
                    await c.ReopenAsync();
                    Check.Equal((await c.Ledger.ProjectAsync(Journal, Account, c.CancellationToken)).State, (await c.KeptAsync(KeptJournal)).State);
                }
            }
        },
        {
            "A snapshot has every fact up to the position that it names", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                var last = (await c.AppendAsync(Account, new Deposited(1))).LastPosition;
                Check.True(await SnapshotAsync(c, KeptJournal) >= last, "the snapshot has the fact");
            }
        },
        {
            "A snapshot after every few facts changes no state", async c =>
            {
                var often = KeptJournal with { SnapshotEvery = 2 };
                await c.KeepAsync(background: often);
                for (var i = 1; i <= 7; i++)
                {
                    var last = (await c.AppendAsync(Account, new Deposited(i))).LastPosition;
                    if (i % 3 == 0) await c.ReopenAsync();
                    Check.Equal((await c.Ledger.ProjectAsync(Journal, Account, c.CancellationToken)).State, (await c.KeptAsync(often, atLeast: last)).State);
                }
            }
        },
        {
            "A snapshot of a kept projection adds no fact and no stream", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                await c.DepositAsync(Account, 1);
                await SnapshotAsync(c, KeptJournal);
                Check.Equal(1, (await c.ReadAllAsync()).Count);
                Check.Sequence(["accounts"], (await c.Ledger.ListStoresAsync(c.CancellationToken).ListAsync()).Select(static store => store.Store));
            }
        },
        {
            "Every group is in the snapshot", async c =>
            {
                await c.KeepAsync(inline: Balances);
                for (var i = 0; i < 12; i++) await c.DepositAsync($"accounts/{i % 5}", i);
                await SnapshotAsync(c, Balances);
                await c.DepositAsync("accounts/0", 100);
                await c.ReopenAsync();
                for (var key = 0; key < 5; key++) Check.Equal((await c.Ledger.ProjectAsync(Balance, $"accounts/{key}", c.CancellationToken)).State, (await c.KeptAsync(Balances, $"{key}")).State, $"group {key}");
            }
        },
        {
            "More groups than are held in memory have their states", async c =>
            {
                var few = Balances with { GroupsInMemoryMax = 2 };
                await c.KeepAsync(inline: few);
                for (var i = 0; i < 14; i++) await c.DepositAsync($"accounts/{i % 7}", i);
                for (var key = 0; key < 7; key++) Check.Equal(2L * key + 7, (await c.KeptAsync(few, $"{key}")).State, $"group {key}");
            }
        },
        {
            "A state that is larger than a cell is saved and loaded", async c =>
            {
                var large = new Projection<string> { Name = "large", Source = FactQuery.Stream(Account), Seed = "", Step = static (text, fact) => text + new string((char)('a' + fact.StreamVersion.Value), 1_500_000), Json = ClaimJson.Default.String };
                await c.KeepAsync(inline: large);
                await c.AppendAsync(Account, new Deposited(1), new Deposited(2), new Deposited(3));
                await SnapshotAsync(c, large);
                await c.ReopenAsync();
                var state = (await c.KeptAsync(large)).State;
                Check.Equal((4_500_000, 'b', 'c', 'd'), (state.Length, state[0], state[1_500_000], state[^1]));
            }
        },
        {
            "A new version of a projection is built, and takes over", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                await c.DepositAsync(Account, 1, 2);
                await SnapshotAsync(c, KeptJournal);
                await c.KeepAsync(inline: Doubled);
                await RebuiltAsync(c);
                var rebuilt = await c.KeptAsync(Doubled);
                Check.Equal(("v2:+1+1+2+2", 2), (rebuilt.State, rebuilt.ProjectionVersion));
                await c.DepositAsync(Account, 3);
                await c.ReopenAsync();
                Check.Equal("v2:+1+1+2+2+3+3", (await c.KeptAsync(Doubled)).State);
                Check.Sequence([2], (await SummariesAsync(c)).Where(static one => one.State == ProjectionState.Current).Select(static one => one.Version));
            }
        },
        {
            "While a new version is built, a read is answered by one of the two, and never by a mixture", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                for (var i = 1; i <= 8; i++) await c.DepositAsync(Account, i);
                await c.KeepAsync(inline: Doubled);
                for (var i = 0; i < 4; i++)
                {
                    var read = await c.KeptAsync(Doubled);
                    Check.Equal(read.ProjectionVersion == 1 ? "+1+2+3+4+5+6+7+8" : "v2:+1+1+2+2+3+3+4+4+5+5+6+6+7+7+8+8", read.State);
                }
            }
        },
        {
            "A dropped projection leaves nothing, and can be built again", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                await c.DepositAsync(Account, 1, 2);
                await SnapshotAsync(c, KeptJournal);
                await c.KeepAsync();
                await c.CallAsync(ledger => ledger.Keeping().DropProjectionAsync(KeptJournal.Name, cancellationToken: c.CancellationToken));
                Check.Equal(0, (await SummariesAsync(c)).Count);
                await c.KeepAsync(inline: KeptJournal);
                Check.Equal("+1+2", (await c.KeptAsync(KeptJournal)).State);
            }
        },
        {
            "A stored projection whose source has changed without a new version is refused", async c =>
            {
                await c.KeepAsync(inline: KeptJournal);
                await c.DepositAsync(Account, 1);
                await SnapshotAsync(c, KeptJournal);
                await Check.ThrowsAsync<ProjectionRefusedException>(() => c.KeepAsync(inline: KeptJournal with { Source = FactQuery.All }));
            }
        },
    };

    static Task<Position> SnapshotAsync(ClaimContext c, Projection projection) => c.CallAsync(ledger => ledger.Keeping().SnapshotAsync(projection, c.CancellationToken)).AsTask();

    static Task<List<ProjectionSummary>> SummariesAsync(ClaimContext c) =>
        c.CallAsync(async ledger =>
        {
            var list = new List<ProjectionSummary>();
            await foreach (var one in ledger.Keeping().ListProjectionsAsync(c.CancellationToken)) list.Add(one);
            return list;
        }).AsTask();

    /// <summary>Waits until the new version has taken over.</summary>
    static Task<bool> RebuiltAsync(ClaimContext c) =>
        c.CallAsync(async ledger =>
        {
            await foreach (var _ in ledger.Keeping().WatchRebuildAsync(Doubled, c.CancellationToken)) { }
            return true;
        }).AsTask();
}
