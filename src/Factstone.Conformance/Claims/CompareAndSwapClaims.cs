namespace Factstone.Conformance.Claims;

internal static class CompareAndSwapClaims
{
    public static ClaimList All { get; } = new("cas")
    {
        {
            "A swap of the expected value is stored", async c =>
            {
                await c.Counters.PutAsync("seats", 5, c.CancellationToken);
                Check.Equal(4L, Stored(await c.Counters.CompareAndSwapAsync("seats", 5L, 4L, c.CancellationToken)).Value);
                Check.Equal<long?>(4, await ValueAsync(c));
            }
        },
        {
            "A swap of another value is a conflict, and nothing is written", async c =>
            {
                await c.Counters.PutAsync("seats", 5, c.CancellationToken);
                Check.Is<KeyValueOutcome<long>.Conflict>(await c.Counters.CompareAndSwapAsync("seats", 6L, 4L, c.CancellationToken));
                Check.Equal<long?>(5, await ValueAsync(c));
                Check.Equal<long?>(1, (await c.Counters.GetAsync("seats", c.CancellationToken))?.Version.Value);
            }
        },
        {
            "A conflict has the actual value", async c =>
            {
                await c.Counters.PutAsync("seats", 5, c.CancellationToken);
                Check.Equal<long?>(5, Conflict(await c.Counters.CompareAndSwapAsync("seats", 6L, 4L, c.CancellationToken)).Actual?.Value);
            }
        },
        {
            "A retry with the actual entry is stored", async c =>
            {
                await c.Counters.PutAsync("seats", 5, c.CancellationToken);
                var actual = Check.NotNull(Conflict(await c.Counters.CompareAndSwapAsync("seats", 6L, 4L, c.CancellationToken)).Actual);
                Stored(await c.Counters.CompareAndSwapAsync("seats", actual, 4L, c.CancellationToken));
                Check.Equal<long?>(4, await ValueAsync(c));
            }
        },
        {
            "A swap of an absent entry is a conflict without a value", async c =>
                Check.Equal(null, Conflict(await c.Counters.CompareAndSwapAsync("seats", 5L, 4L, c.CancellationToken)).Actual)
        },
        {
            "An absent entry is expected by version 0", async c =>
            {
                Stored(await c.Counters.CompareAndSwapAsync("seats", CellVersion.None, 5L, c.CancellationToken));
                Conflict(await c.Counters.CompareAndSwapAsync("seats", CellVersion.None, 6L, c.CancellationToken));
                Check.Equal<long?>(5, await ValueAsync(c));
            }
        },
        {
            "A swap at an old version is a conflict, also if the value is the same again", async c =>
            {
                var first = await c.Counters.PutAsync("seats", 5, c.CancellationToken);
                await c.Counters.PutAsync("seats", 6, c.CancellationToken);
                await c.Counters.PutAsync("seats", 5, c.CancellationToken);
                Conflict(await c.Counters.CompareAndSwapAsync("seats", first, 4L, c.CancellationToken));
                Check.Equal<long?>(5, await ValueAsync(c));
            }
        },
        {
            "A put of a new entry is stored only if there is none", async c =>
            {
                Stored(await c.Counters.PutNewAsync("seats", 5, c.CancellationToken));
                Check.Equal<long?>(5, Conflict(await c.Counters.PutNewAsync("seats", 6, c.CancellationToken)).Actual?.Value);
                Check.Equal<long?>(5, await ValueAsync(c));
            }
        },
        {
            "A deleted entry can be put as a new one", async c =>
            {
                await c.Counters.PutAsync("seats", 5, c.CancellationToken);
                await c.Counters.DeleteAsync("seats", c.CancellationToken);
                Stored(await c.Counters.PutNewAsync("seats", 6, c.CancellationToken));
                Check.Equal<long?>(6, await ValueAsync(c));
            }
        },
        {
            "A delete of the expected entry deletes, and of an old one does not", async c =>
            {
                var old = await c.Counters.PutAsync("seats", 5, c.CancellationToken);
                var present = await c.Counters.PutAsync("seats", 6, c.CancellationToken);
                Conflict(await c.Counters.CompareAndDeleteAsync("seats", old, c.CancellationToken));
                Check.Equal<long?>(6, await ValueAsync(c));
                Check.Is<KeyValueOutcome<long>.Deleted>(await c.Counters.CompareAndDeleteAsync("seats", present, c.CancellationToken));
                Check.Equal(null, await ValueAsync(c));
            }
        },
        {
            "Values are compared as values, however they are spelled", async c =>
            {
                await c.Ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("settings", "theme", """{ "size": 3, "name": "dark" }""")] }, c.CancellationToken);
                Check.Is<KeyValueOutcome<Setting>.Stored>(await c.Settings.CompareAndSwapAsync("theme", new Setting("dark", 3), new Setting("light", 4), c.CancellationToken));
                Check.Equal(new Setting("light", 4), (await c.Settings.GetAsync("theme", c.CancellationToken))?.Value);
            }
        },
        {
            "Of callers at once that swap one value, one wins", async c =>
            {
                await c.Counters.PutAsync("seats", 100, c.CancellationToken);
                var outcomes = await AtOnceAsync(8, caller => c.Counters.CompareAndSwapAsync("seats", 100L, caller, c.CancellationToken).AsTask());
                Check.Equal(1, outcomes.Count(static outcome => outcome is KeyValueOutcome<long>.Stored));
                Check.Equal(Stored(outcomes.Single(static outcome => outcome is KeyValueOutcome<long>.Stored)).Value, await ValueAsync(c));
            }
        },
        {
            "Of callers at once that put a new entry, one wins", async c =>
            {
                var outcomes = await AtOnceAsync(8, caller => c.Counters.PutNewAsync("seats", caller, c.CancellationToken).AsTask());
                Check.Equal(1, outcomes.Count(static outcome => outcome is KeyValueOutcome<long>.Stored));
            }
        },
        {
            "A fact is appended only if an entry is as expected", async c =>
            {
                var seats = await c.Counters.PutAsync("seats", 5, c.CancellationToken);
                var request = new AppendRequest(new NewFact(Account, new Deposited(1))) { Cells = [c.Counters.NewValue("seats", 4)], Conditions = [c.Counters.CellAt("seats", seats.Version)] };
                Check.Is<AppendOutcome.Committed>(await c.TryAsync(request));
                Check.Equal(2L, Check.Is<AppendOutcome.Conflict>(await c.TryAsync(request)).ActualCellVersion.Value);
                Check.Equal(1L, await c.VersionAsync(Account));
                Check.Equal<long?>(4, await ValueAsync(c));
            }
        },
        {
            "The bytes of a cell are compared, and its absence", async c =>
            {
                var request = new AppendRequest { Cells = [NewCell.Put("raw", "a", "1")], Conditions = [AppendCondition.CellAbsent("raw", "a")] };
                Check.Is<AppendOutcome.Committed>(await c.TryAsync(request));
                Check.Is<AppendOutcome.Conflict>(await c.TryAsync(request));
                Check.Is<AppendOutcome.Conflict>(await c.TryAsync(request with { Conditions = [AppendCondition.CellEquals("raw", "a", "2")] }));
                Check.Is<AppendOutcome.Committed>(await c.TryAsync(request with { Cells = [NewCell.Put("raw", "a", "2")], Conditions = [AppendCondition.CellEquals("raw", "a", "1")] }));
                Check.Equal("2", (await c.Ledger.ReadCellAsync("raw", "a", c.CancellationToken))?.Text);
            }
        },
        {
            "An expectation from before a reopen holds after it", async c =>
            {
                var seats = await c.Counters.PutAsync("seats", 5, c.CancellationToken);
                await c.ReopenAsync();
                Stored(await c.Counters.CompareAndSwapAsync("seats", seats.Version, 4L, c.CancellationToken));
                await c.ReopenAsync();
                Conflict(await c.Counters.CompareAndSwapAsync("seats", seats.Version, 3L, c.CancellationToken));
                Check.Equal<long?>(4, await ValueAsync(c));
            }
        },
    };

    static KeyValueEntry<long> Stored(KeyValueOutcome<long> outcome) => Check.Is<KeyValueOutcome<long>.Stored>(outcome).Entry;

    static KeyValueOutcome<long>.Conflict Conflict(KeyValueOutcome<long> outcome) => Check.Is<KeyValueOutcome<long>.Conflict>(outcome);

    static async Task<long?> ValueAsync(ClaimContext c) => (await c.Counters.GetAsync("seats", c.CancellationToken))?.Value;
}
