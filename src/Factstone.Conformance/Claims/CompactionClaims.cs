using static Factstone.Conformance.Claims.SnapshotClaims;

namespace Factstone.Conformance.Claims;

/// <summary>A compaction is a snapshot and a truncation through its version, in one append.</summary>
internal static class CompactionClaims
{
    public static ClaimList All { get; } = new("compaction")
    {
        {
            "The number of facts after the snapshot is known", async c =>
            {
                Check.Equal(0L, await UncompactedAsync(c));
                await c.DepositAsync(Account, 1, 2, 3);
                Check.Equal(3L, await UncompactedAsync(c));
                await CheckpointAsync(c);
                Check.Equal(0L, await UncompactedAsync(c));
                await c.DepositAsync(Account, 4);
                Check.Equal(1L, await UncompactedAsync(c));
            }
        },
        {
            "A compaction is due when that number reaches the threshold, and not before", async c =>
            {
                for (var i = 1; i <= 7; i++)
                {
                    await c.DepositAsync(Account, i);
                    await MaybeCompactAsync(c, every: 3);
                    Check.Equal<long>(i < 3 ? 1 : i < 6 ? 4 : 7, (await c.StreamAsync(Account)).Versions().FirstOrDefault(i + 1L), $"the first kept version, or the next one, after {i} facts");
                }
            }
        },
        {
            "A compaction saves the state, and drops the facts that are in it", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                var receipt = await CompactAsync(c);
                Check.Equal((3L, 3L), (receipt.Through.Value, receipt.Facts));
                Check.Equal("+1+2+3", (await LoadAsync(c)).State);
                Check.Sequence([], await c.StreamAsync(Account));
            }
        },
        {
            "A conditional compaction below the threshold drops nothing, and returns the state", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                Check.Equal("+1+2", (await MaybeCompactAsync(c, every: 3)).State);
                Check.Sequence([1L, 2], await c.AmountsAsync(Account));
            }
        },
        {
            "The last version survives a compaction", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                await CompactAsync(c);
                Check.Equal(3L, await c.VersionAsync(Account));
            }
        },
        {
            "An append after a compaction gets the next version", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                await CompactAsync(c);
                Check.Equal(4L, (await c.AppendAsync(Account, new Deposited(4))).StreamVersion.Value);
                Check.Sequence([4L], (await c.StreamAsync(Account)).Versions());
            }
        },
        {
            "A replay after a compaction equals the whole fold before it, value and place", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                var before = await c.Ledger.ProjectAsync(Journal, Account, c.CancellationToken);
                await CompactAsync(c);
                Check.Equal(before, await ReplayAsync(c));
                await c.DepositAsync(Account, 4);
                Check.Equal(before.State + "+4", (await ReplayAsync(c)).State);
            }
        },
        {
            "A compaction without facts after the snapshot changes nothing", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await CompactAsync(c);
                var before = await ReplayAsync(c);
                await CompactAsync(c);
                Check.Equal(before, await ReplayAsync(c));
                Check.Equal(2L, await c.VersionAsync(Account));
                Check.Equal(1, (await c.Ledger.ListReceiptsAsync(cancellationToken: c.CancellationToken).ListAsync()).Count(static receipt => receipt.Truncation is not null));
            }
        },
        {
            "A compaction leaves other streams alone", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await c.DepositAsync("accounts/b", 3, 4);
                await c.DepositAsync(new StreamName("accounts", "a/1"), 5);
                await CompactAsync(c);
                Check.Sequence([3L, 4], await c.AmountsAsync("accounts/b"));
                Check.Sequence([5L], await c.AmountsAsync(new StreamName("accounts", "a/1")));
                Check.Sequence([3L, 4, 5], (await c.ReadAllAsync()).Amounts());
            }
        },
        {
            "A compaction after each fact, reopened after each step, gives the whole fold", async c =>
            {
                var expected = "";
                for (var i = 1; i <= 5; i++)
                {
                    expected += $"+{i}";
                    await c.DepositAsync(Account, i);
                    await c.ReopenAsync();
                    await CompactAsync(c);
                    await c.ReopenAsync();
                    var state = await ReplayAsync(c);
                    Check.Equal((expected, (long)i), (state.State, state.Version.Value));
                    Check.Sequence([], await c.StreamAsync(Account));
                }
            }
        },
        {
            "A fold that needs dropped facts is refused, and names what was dropped", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                await c.Ledger.TruncateAsync(Account, 2, "test", cancellationToken: c.CancellationToken);
                var stopped = await Check.ThrowsAsync<HistoryDroppedException>(() => c.Ledger.ProjectAsync(Journal, Account, c.CancellationToken).AsTask());
                Check.Equal((new StreamName("accounts", "a"), 2L), (stopped.Dropped.Stream, stopped.Dropped.Through.Value));
                await Check.ThrowsAsync<HistoryDroppedException>(() => c.Ledger.ProjectAsync(Journal, FactQuery.Store("accounts"), c.CancellationToken).AsTask());
            }
        },
        {
            "A compaction whose condition fails saves nothing and drops nothing", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var options = new TruncateOptions { Cells = [States(c).NewValue("journal", new SavedState("wrong", 1, 1))], Conditions = [AppendCondition.StreamAt(Account, 1)] };
                await Check.ThrowsAsync<AppendConflictException>(() => c.Ledger.TruncateAsync(Account, 1, "test", options, c.CancellationToken).AsTask());
                Check.Equal(null, await States(c).GetAsync("journal", c.CancellationToken));
                Check.Sequence([1L, 2], await c.AmountsAsync(Account));
            }
        },
        {
            "A compaction beside writers loses no fact", async c =>
            {
                await c.DepositAsync(Account, 0);
                var writing = AtOnceAsync(3, async caller =>
                {
                    for (var i = 0; i < 5; i++) await c.DepositAsync(Account, 1);
                    return caller;
                });
                for (var i = 0; i < 4; i++) await CompactAsync(c);
                await writing;
                Check.Equal(16L, await c.VersionAsync(Account));
                Check.Equal(15, (await ReplayAsync(c)).State.Split("+1").Length - 1);
            }
        },
    };

    static async Task<long> UncompactedAsync(ClaimContext c) => await c.VersionAsync(Account) - (await LoadAsync(c)).Version.Value;

    /// <summary>Saves the state of the stream and drops the facts that are in it, in one append.</summary>
    public static async Task<TruncationReceipt> CompactAsync(ClaimContext c)
    {
        var state = await ReplayAsync(c);
        var cell = States(c).NewValue("journal", new SavedState(state.State, state.Position.Value, state.Version.Value));
        return await c.Ledger.TruncateAsync(Account, state.Version, "compacted", new TruncateOptions { Cells = [cell] }, c.CancellationToken);
    }

    static async Task<Projected<string>> MaybeCompactAsync(ClaimContext c, long every)
    {
        if (await UncompactedAsync(c) >= every) await CompactAsync(c);
        return await ReplayAsync(c);
    }
}
