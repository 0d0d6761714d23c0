namespace Factstone.Conformance.Claims;

/// <summary>A state that its caller keeps in a cell.</summary>
internal static class SnapshotClaims
{
    public static ClaimList All { get; } = new("snapshot")
    {
        {
            "Without a snapshot, a replay begins with the seed", async c =>
            {
                Check.Equal(Journal.Empty, await LoadAsync(c));
                Check.Equal("", (await ReplayAsync(c)).State);
            }
        },
        {
            "A saved state is loaded as it was", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var saved = await CheckpointAsync(c);
                Check.Equal(saved, await LoadAsync(c));
            }
        },
        {
            "Snapshot and tail are the whole fold, value and place", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await CheckpointAsync(c);
                await c.DepositAsync(Account, 3);
                Check.Equal(await c.Ledger.ProjectAsync(Journal, Account, c.CancellationToken), await ReplayAsync(c));
            }
        },
        {
            "A replay folds only the facts after the snapshot", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                var saved = await CheckpointAsync(c);
                await c.DepositAsync(Account, 4);
                Check.Sequence([4L], await c.AmountsAsync(Account, new StreamReadOptions { From = saved.Version.Next() }));
                Check.Equal("+1+2+3+4", (await ReplayAsync(c)).State);
            }
        },
        {
            "A snapshot that is saved again advances", async c =>
            {
                await c.DepositAsync(Account, 1);
                Check.Equal(1L, (await CheckpointAsync(c)).Version.Value);
                await c.DepositAsync(Account, 2, 3);
                Check.Equal(3L, (await CheckpointAsync(c)).Version.Value);
                Check.Equal("+1+2+3", (await LoadAsync(c)).State);
            }
        },
        {
            "Snapshots of different names are independent", async c =>
            {
                await c.DepositAsync(Account, 1);
                await CheckpointAsync(c, "first");
                await c.DepositAsync(Account, 2);
                await CheckpointAsync(c, "second");
                Check.Equal("+1", (await LoadAsync(c, "first")).State);
                Check.Equal("+1+2", (await LoadAsync(c, "second")).State);
            }
        },
        {
            "Saving a snapshot adds nothing to the stream", async c =>
            {
                await c.DepositAsync(Account, 1);
                await CheckpointAsync(c);
                Check.Equal(1L, await c.VersionAsync(Account));
                Check.Sequence([1L], await c.AmountsAsync(Account));
            }
        },
        {
            "A snapshot and its tail survive a reopen", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var saved = await CheckpointAsync(c);
                await c.DepositAsync(Account, 3);
                await c.ReopenAsync();
                Check.Equal(saved, await LoadAsync(c));
                Check.Equal("+1+2+3", (await ReplayAsync(c)).State);
            }
        },
        {
            "A snapshot after each fact gives the same as no snapshot at all", async c =>
            {
                for (var i = 1; i <= 5; i++)
                {
                    await c.DepositAsync(Account, i);
                    await CheckpointAsync(c);
                }

                Check.Equal(await c.Ledger.ProjectAsync(Journal, Account, c.CancellationToken), await LoadAsync(c));
            }
        },
        {
            "A state and the facts in it are saved in one append, or not at all", async c =>
            {
                await c.DepositAsync(Account, 1);
                var request = new AppendRequest(new NewFact(Account, new Deposited(2))) { Cells = [States(c).NewValue("journal", new SavedState("+1+2", 0, 2))], Conditions = [AppendCondition.StreamAt(Account, 0)] };
                Check.Is<AppendOutcome.Conflict>(await c.TryAsync(request));
                Check.Equal(null, await States(c).GetAsync("journal", c.CancellationToken));
                Check.Is<AppendOutcome.Committed>(await c.TryAsync(request with { Conditions = [AppendCondition.StreamAt(Account, 1)] }));
                Check.Equal<long?>(2, (await States(c).GetAsync("journal", c.CancellationToken))?.Value.Version);
                Check.Equal(2L, await c.VersionAsync(Account));
            }
        },
        {
            "An older snapshot does not replace a newer one that was saved meanwhile", async c =>
            {
                await c.DepositAsync(Account, 1);
                var seen = Check.NotNull(await SaveAsync(c, await ReplayAsync(c), "journal"));
                await c.DepositAsync(Account, 2);
                await CheckpointAsync(c);
                Check.Is<KeyValueOutcome<SavedState>.Conflict>(await States(c).CompareAndSwapAsync("journal", seen, new SavedState("old", 1, 1), c.CancellationToken));
                Check.Equal("+1+2", (await LoadAsync(c)).State);
            }
        },
    };

    public static KeyValue<SavedState> States(ClaimContext c) => c.Ledger.KeyValue("snapshots", ClaimJson.Default.SavedState);

    public static async Task<Projected<string>> LoadAsync(ClaimContext c, string name = "journal") =>
        await States(c).GetAsync(name, c.CancellationToken) is { Value: var saved } ? new Projected<string>(saved.State, new Position(saved.Position), saved.Version) { Stream = Account } : Journal.Empty;

    public static async Task<Projected<string>> ReplayAsync(ClaimContext c) => await c.Ledger.ProjectAsync(Journal, Account, await LoadAsync(c), c.CancellationToken);

    public static async Task<Projected<string>> CheckpointAsync(ClaimContext c, string name = "journal")
    {
        var state = await c.Ledger.ProjectAsync(Journal, Account, await LoadAsync(c, name), c.CancellationToken);
        await SaveAsync(c, state, name);
        return state;
    }

    static async Task<KeyValueEntry<SavedState>> SaveAsync(ClaimContext c, Projected<string> state, string name) =>
        await States(c).PutAsync(name, new SavedState(state.State, state.Position.Value, state.Version.Value), c.CancellationToken);
}
