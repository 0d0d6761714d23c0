namespace Factstone.Conformance.Claims;

internal static class KeyValueClaims
{
    public static ClaimList All { get; } = new("kv")
    {
        { "An absent entry is null", async c => Check.Equal(null, await c.Counters.GetAsync("runs", c.CancellationToken)) },
        {
            "A put returns the entry with its value", async c =>
            {
                var entry = await c.Counters.PutAsync("runs", 7, c.CancellationToken);
                Check.Equal(7L, entry.Value);
                Check.Equal("runs", entry.Name);
            }
        },
        {
            "A get returns what was put", async c =>
            {
                await c.Settings.PutAsync("theme", new Setting("dark", 3), c.CancellationToken);
                Check.Equal(new Setting("dark", 3), (await c.Settings.GetAsync("theme", c.CancellationToken))?.Value);
            }
        },
        {
            "A put overwrites", async c =>
            {
                for (var value = 1; value <= 3; value++) await c.Counters.PutAsync("runs", value, c.CancellationToken);
                Check.Equal<long?>(3, (await c.Counters.GetAsync("runs", c.CancellationToken))?.Value);
            }
        },
        {
            "A deleted entry is absent", async c =>
            {
                await c.Counters.PutAsync("runs", 1, c.CancellationToken);
                await c.Counters.DeleteAsync("runs", c.CancellationToken);
                Check.Equal(null, await c.Counters.GetAsync("runs", c.CancellationToken));
            }
        },
        {
            "A delete of an absent entry changes nothing", async c =>
            {
                await c.Counters.PutAsync("other", 1, c.CancellationToken);
                await c.Counters.DeleteAsync("runs", c.CancellationToken);
                Check.Equal(null, await c.Counters.GetAsync("runs", c.CancellationToken));
                Check.Sequence(["other"], await c.Counters.ListNamesAsync(cancellationToken: c.CancellationToken).ListAsync());
            }
        },
        {
            "A put after a delete is a new value", async c =>
            {
                await c.Counters.PutAsync("runs", 1, c.CancellationToken);
                await c.Counters.DeleteAsync("runs", c.CancellationToken);
                await c.Counters.PutAsync("runs", 2, c.CancellationToken);
                Check.Equal<long?>(2, (await c.Counters.GetAsync("runs", c.CancellationToken))?.Value);
            }
        },
        {
            "Has tells whether there is a value", async c =>
            {
                Check.True(!await c.Counters.HasAsync("runs", c.CancellationToken), "no value before the put");
                await c.Counters.PutAsync("runs", 0, c.CancellationToken);
                Check.True(await c.Counters.HasAsync("runs", c.CancellationToken), "a value after the put");
                await c.Counters.DeleteAsync("runs", c.CancellationToken);
                Check.True(!await c.Counters.HasAsync("runs", c.CancellationToken), "no value after the delete");
            }
        },
        {
            "The names are listed in the order of their bytes, without deleted ones", async c =>
            {
                foreach (var name in new[] { "b", "Z", "ü", "a", "gone" }) await c.Counters.PutAsync(name, 1, c.CancellationToken);
                await c.Counters.DeleteAsync("gone", c.CancellationToken);
                Check.Sequence(["Z", "a", "b", "ü"], await c.Counters.ListNamesAsync(cancellationToken: c.CancellationToken).ListAsync());
            }
        },
        {
            "Names are listed by prefix and in pages", async c =>
            {
                foreach (var name in new[] { "a1", "a2", "a3", "b1" }) await c.Counters.PutAsync(name, 1, c.CancellationToken);
                Check.Sequence(["a1", "a2"], await c.Counters.ListNamesAsync(new CellListOptions { Prefix = "a", Limit = 2 }, c.CancellationToken).ListAsync());
                Check.Sequence(["a3"], await c.Counters.ListNamesAsync(new CellListOptions { Prefix = "a", After = "a2" }, c.CancellationToken).ListAsync());
            }
        },
        {
            "Entries are listed with their values", async c =>
            {
                await c.Counters.PutAsync("a", 1, c.CancellationToken);
                await c.Counters.PutAsync("b", 2, c.CancellationToken);
                Check.Sequence([1L, 2], (await c.Counters.ListAsync(cancellationToken: c.CancellationToken).ListAsync()).Select(static entry => entry.Value));
            }
        },
        {
            "Get-or-default returns the default only if there is no value", async c =>
            {
                Check.Equal(9L, await c.Counters.GetValueOrDefaultAsync("runs", 9, c.CancellationToken));
                await c.Counters.PutAsync("runs", 0, c.CancellationToken);
                Check.Equal(0L, await c.Counters.GetValueOrDefaultAsync("runs", 9, c.CancellationToken));
            }
        },
        {
            "An update of an absent entry begins with the seed", async c =>
            {
                Check.Equal(11L, (await c.Counters.UpdateAsync("runs", 10, static value => value + 1, cancellationToken: c.CancellationToken)).Value);
            }
        },
        {
            "An update applies the function to the present value", async c =>
            {
                await c.Counters.PutAsync("runs", 5, c.CancellationToken);
                await c.Counters.UpdateAsync("runs", 0, static value => value * 2, cancellationToken: c.CancellationToken);
                Check.Equal<long?>(10, (await c.Counters.GetAsync("runs", c.CancellationToken))?.Value);
            }
        },
        {
            "Updates at once lose nothing", async c =>
            {
                await AtOnceAsync(6, async _ =>
                {
                    for (var i = 0; i < 4; i++) await c.Counters.UpdateAsync("runs", 0, static value => value + 1, cancellationToken: c.CancellationToken);
                    return true;
                });
                Check.Equal<long?>(24, (await c.Counters.GetAsync("runs", c.CancellationToken))?.Value);
            }
        },
        {
            "Entries touch no stream, and are not in the catalog", async c =>
            {
                await c.Counters.PutAsync("runs", 1, c.CancellationToken);
                Check.Sequence([], await c.ReadAllAsync());
                Check.Sequence([], await c.Ledger.ListStoresAsync(c.CancellationToken).ListAsync());
            }
        },
        {
            "Buckets do not see each other's entries", async c =>
            {
                await c.Ledger.KeyValue("left", ClaimJson.Default.Int64).PutAsync("n", 1, c.CancellationToken);
                await c.Ledger.KeyValue("right", ClaimJson.Default.Int64).PutAsync("n", 2, c.CancellationToken);
                Check.Equal<long?>(1, (await c.Ledger.KeyValue("left", ClaimJson.Default.Int64).GetAsync("n", c.CancellationToken))?.Value);
                Check.Equal(null, await c.Counters.GetAsync("n", c.CancellationToken));
            }
        },
        {
            "The version of an entry counts its writes, and goes on after a delete", async c =>
            {
                Check.Equal(1L, (await c.Counters.PutAsync("runs", 1, c.CancellationToken)).Version.Value);
                Check.Equal(2L, (await c.Counters.PutAsync("runs", 1, c.CancellationToken)).Version.Value);
                await c.Counters.DeleteAsync("runs", c.CancellationToken);
                Check.Equal(4L, (await c.Counters.PutAsync("runs", 1, c.CancellationToken)).Version.Value);
            }
        },
        {
            "Entries survive a reopen, and so do deletes", async c =>
            {
                await c.Counters.PutAsync("kept", 1, c.CancellationToken);
                await c.Counters.PutAsync("gone", 1, c.CancellationToken);
                await c.Counters.DeleteAsync("gone", c.CancellationToken);
                await c.ReopenAsync();
                Check.Sequence(["kept"], await c.Counters.ListNamesAsync(cancellationToken: c.CancellationToken).ListAsync());
                Check.Equal<long?>(1, (await c.Counters.GetAsync("kept", c.CancellationToken))?.Value);
            }
        },
        {
            "An entry and a fact are written together or not at all", async c =>
            {
                var request = new AppendRequest(new NewFact(Account, new Deposited(1))) { Cells = [c.Counters.NewValue("runs", 1)], Conditions = [AppendCondition.StreamMissing(Account)] };
                Check.Is<AppendOutcome.Committed>(await c.TryAsync(request));
                Check.Is<AppendOutcome.Conflict>(await c.TryAsync(request with { Cells = [c.Counters.NewValue("runs", 2)] }));
                Check.Equal<long?>(1, (await c.Counters.GetAsync("runs", c.CancellationToken))?.Value);
                Check.Equal(1L, await c.VersionAsync(Account));
            }
        },
        {
            "A name or bucket that is not possible is refused", async c =>
            {
                await Check.ThrowsAsync<ArgumentException>(() => c.TryAsync(new AppendRequest { Cells = [NewCell.Put("$consumers", "a", "1")] }));
                await Check.ThrowsAsync<ArgumentException>(() => c.Counters.PutAsync(new string('n', FactLimits.CellNameBytesMax + 1), 1, c.CancellationToken).AsTask());
                Check.Sequence([], await c.Counters.ListNamesAsync(cancellationToken: c.CancellationToken).ListAsync());
            }
        },
    };
}
