namespace Factstone.Tests.KeyValues;

/// <summary>Current values by name, as values of a type.</summary>
public sealed class KeyValueTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_value_is_put_read_replaced_and_deleted()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var leases = ledger.KeyValue("leases", LeaseJson.Default.Lease);
        Assert.Null(await leases.GetAsync("nightly", Cancellation));
        Assert.False(await leases.HasAsync("nightly", Cancellation));

        var stored = await leases.PutAsync("nightly", new Lease("a", 30), Cancellation);
        var read = (await leases.GetAsync("nightly", Cancellation))!;

        Assert.Equal(("leases", "nightly", 1L, new Lease("a", 30)), (stored.Bucket, stored.Name, stored.Version.Value, stored.Value));
        Assert.Equal(("leases", "nightly", 1L, new Lease("a", 30)), (read.Bucket, read.Name, read.Version.Value, read.Value));
        Assert.Equal(stored.RecordedAt, read.RecordedAt);
        Assert.Same(read.Value, read.Value);
        Assert.True(await leases.HasAsync("nightly", Cancellation));
        Assert.Equal("""{"owner":"a","seconds":30}""", (await ledger.ReadCellAsync("leases", "nightly", Cancellation))?.Text);

        Assert.Equal(2, (await leases.PutAsync("nightly", new Lease("b", 60), Cancellation)).Version.Value);
        Assert.Equal(3, (await leases.DeleteAsync("nightly", Cancellation)).CellVersions[0].Version.Value);
        Assert.Null(await leases.GetAsync("nightly", Cancellation));
        Assert.Equal(4, (await leases.PutAsync("nightly", new Lease("c", 90), Cancellation)).Version.Value);
        Assert.Equal(0, (await ledger.GetHeadAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task An_entry_without_a_value_gives_the_default()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);

        Assert.Equal(7, await counters.GetValueOrDefaultAsync("runs", 7, Cancellation));
        await counters.PutAsync("runs", 1, Cancellation);
        Assert.Equal(1, await counters.GetValueOrDefaultAsync("runs", 7, Cancellation));
        await counters.DeleteAsync("runs", Cancellation);
        Assert.Equal(7, await counters.GetValueOrDefaultAsync("runs", 7, Cancellation));
        await counters.PutAsync("", 3, Cancellation);
        Assert.Equal(3, (await counters.GetAsync("", Cancellation))?.Value);
    }

    [Fact]
    public async Task Entries_are_listed_by_prefix_and_page()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
        for (var i = 0; i < 50; i++) await counters.PutAsync($"run-{i:D2}", i, Cancellation);
        for (var i = 0; i < 50; i += 2) await counters.DeleteAsync($"run-{i:D2}", Cancellation);
        await counters.PutAsync("other", -1, Cancellation);
        await ledger.KeyValue("counters2", LeaseJson.Default.Int64).PutAsync("run-51", 51, Cancellation);

        var values = new List<long>();
        for (string? after = null; ;)
        {
            var options = new CellListOptions { Prefix = "run-", After = after, Limit = 4 };
            var names = await counters.ListNamesAsync(options, Cancellation).ToListAsync(Cancellation);
            var entries = await counters.ListAsync(options, Cancellation).ToListAsync(Cancellation);
            Assert.Equal(names, entries.Select(static entry => entry.Name));
            values.AddRange(entries.Select(static entry => entry.Value));
            if (names.Count < 4) break;
            after = names[^1];
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(static i => (2L * i) + 1), values);
        Assert.Equal("other", await counters.ListNamesAsync(cancellationToken: Cancellation).FirstAsync(Cancellation));
        Assert.Empty(await counters.ListNamesAsync(new CellListOptions { Limit = 0 }, Cancellation).ToListAsync(Cancellation));
        Assert.Empty(await counters.ListAsync(new CellListOptions { Prefix = "none" }, Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task A_reopened_ledger_has_its_entries_after_a_power_loss()
    {
        var disk = new SimulatedDisk(seed: 5);
        var ledger = await disk.OpenLedgerAsync(cancellationToken: Cancellation);
        var counters = ledger.KeyValue("counters", LeaseJson.Default.Int64);
        await counters.PutAsync("gone", 1, Cancellation);
        await counters.DeleteAsync("gone", Cancellation);
        var before = await counters.UpdateAsync("runs", seed: 0L, static count => count + 1, cancellationToken: Cancellation);

        disk.LosePower();

        await using var reopened = await disk.OpenLedgerAsync(cancellationToken: Cancellation);
        counters = reopened.KeyValue("counters", LeaseJson.Default.Int64);
        Assert.Equal(["runs"], await counters.ListNamesAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));
        var after = (await counters.GetAsync("runs", Cancellation))!;
        Assert.Equal((before.Value, before.Version, before.RecordedAt), (after.Value, after.Version, after.RecordedAt));

        // An entry that was read before the crash is still the one that is expected.
        Assert.IsType<KeyValueOutcome<long>.Stored>(await counters.CompareAndSwapAsync("runs", expected: before, 2, Cancellation));
    }

    [Fact]
    public async Task A_stored_value_that_does_not_fit_its_type_names_the_entry_and_harms_no_other()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var leases = ledger.KeyValue("leases", LeaseJson.Default.Lease);
        await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("leases", "a", "not JSON"), NewCell.Put("leases", "b", "null"), NewCell.Put("leases", "c", "")] }, Cancellation);
        await leases.PutAsync("d", new Lease("x", 1), Cancellation);

        var entries = await leases.ListAsync(cancellationToken: Cancellation).ToListAsync(Cancellation);

        Refused("Cell leases/a v1 does not become a Factstone.Tests.KeyValues.Lease: ", entries[0]);
        Refused("Cell leases/b v1 does not become a Factstone.Tests.KeyValues.Lease: it is null.", entries[1]);
        Refused("Cell leases/c v1 does not become a Factstone.Tests.KeyValues.Lease: it is empty.", entries[2]);
        Assert.Equal(new Lease("x", 1), entries[3].Value);
        Assert.True(await leases.HasAsync("a", Cancellation));
        await Assert.ThrowsAsync<CellValueException>(async () => await leases.GetValueOrDefaultAsync("a", new Lease("y", 1), Cancellation));
        await Assert.ThrowsAsync<CellValueException>(async () => await leases.UpdateAsync("a", new Lease("y", 1), static lease => lease, cancellationToken: Cancellation));
        Assert.Equal("not JSON", (await ledger.ReadCellAsync("leases", "a", Cancellation))?.Text);

        Assert.IsType<KeyValueOutcome<Lease>.Stored>(await leases.CompareAndSwapAsync("a", expected: entries[0], new Lease("z", 1), Cancellation));
        Assert.IsType<KeyValueOutcome<Lease>.Deleted>(await leases.CompareAndDeleteAsync("b", expected: entries[1], Cancellation));

        static void Refused(string why, KeyValueEntry<Lease> entry)
        {
            var failure = Assert.Throws<CellValueException>(() => entry.Value);
            Assert.StartsWith(why, failure.Message, StringComparison.Ordinal);
            Assert.Equal((entry.Name, entry.Version), (failure.Cell.Cell.Name, failure.Cell.Version));
        }
    }
}
