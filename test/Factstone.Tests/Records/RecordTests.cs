namespace Factstone.Tests.Records;

/// <summary>Records as values of a type: what is written is read back, now and as of any point.</summary>
public sealed class RecordTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_record_is_its_latest_value()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        Assert.Null(await readings.ReadAsync("cellar", Cancellation));

        await readings.WriteAsync("cellar", new Reading(9.5), Cancellation);
        var receipt = await readings.WriteAsync("cellar", new Reading(11), Cancellation);
        var read = await readings.ReadAsync("cellar", Cancellation);

        Assert.NotNull(read);
        Assert.Equal(new Reading(11), read.Value);
        Assert.Same(read.Value, read.Value);
        Assert.Equal(("cellar", 2L, receipt.LastPosition), (read.Key, read.Version.Value, read.Fact.Position));
        Assert.Equal(("""{"celsius":11}""", null), (read.Fact.Json, read.Fact.Type));
        Assert.Null(await readings.ReadAsync("attic", Cancellation));
    }

    [Fact]
    public async Task A_value_type_is_a_value_as_well()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var counts = ledger.Records(Readings.Counts);
        await counts.WriteAsync("visits", 7, Cancellation);

        Assert.Equal(7, (await counts.ReadAsync("visits", Cancellation))?.Value);
        Assert.Null((await counts.ReadAsync("others", Cancellation))?.Value);
        Assert.IsType<RecordOutcome<long>.Written>(await counts.CompareAndWriteAsync("visits", expected: 7L, 8, Cancellation));
    }

    [Fact]
    public async Task The_empty_key_is_a_key()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        await readings.WriteAsync("", new Reading(1), Cancellation);

        Assert.Equal(new Reading(1), (await readings.ReadAsync("", Cancellation))?.Value);
        Assert.Equal([""], await readings.ListKeysAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task A_retracted_record_has_no_value_and_keeps_its_history()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        await readings.WriteAsync("cellar", new Reading(9.5), Cancellation);
        var retracted = await readings.RetractAsync("cellar", Cancellation);

        Assert.Null(await readings.ReadAsync("cellar", Cancellation));
        Assert.Empty(await readings.ListAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));
        Assert.Empty(await readings.ListKeysAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));
        Assert.Equal(2, retracted.StreamVersion.Value);

        await readings.WriteAsync("cellar", new Reading(8), Cancellation);
        var history = await readings.ReadHistoryAsync("cellar", cancellationToken: Cancellation).ToListAsync(Cancellation);
        Assert.Equal([new Reading(9.5), null, new Reading(8)], history.Select(static change => change.Record?.Value));
        Assert.Equal([1L, 2, 3], history.Select(static change => change.Fact.StreamVersion.Value));
        Assert.True(history[1].Fact.Retracts);
    }

    [Fact]
    public async Task A_history_is_read_in_pages_back_and_as_of_a_point()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        for (var i = 1; i <= 5; i++) await readings.WriteAsync("cellar", new Reading(i), Cancellation);

        Assert.Equal([1.0, 2], await Celsius(new StreamReadOptions { Limit = 2 }));
        Assert.Equal([3.0, 4], await Celsius(new StreamReadOptions { From = 3, Limit = 2 }));
        Assert.Equal([5.0, 4], await Celsius(new StreamReadOptions { Backward = true, Limit = 2 }));
        Assert.Equal([1.0, 2, 3], await Celsius(new StreamReadOptions { AsOf = new Position(3) }));
        Assert.Empty(await Celsius(new StreamReadOptions { Limit = 0 }));
        Assert.Empty(await readings.ReadHistoryAsync("attic", cancellationToken: Cancellation).ToListAsync(Cancellation));

        async Task<List<double?>> Celsius(StreamReadOptions options) =>
            await readings.ReadHistoryAsync("cellar", options, Cancellation).Select(static change => change.Record?.Value.Celsius).ToListAsync(Cancellation);
    }

    [Fact]
    public async Task A_read_as_of_an_earlier_time_sees_the_earlier_value()
    {
        var clock = new ManualTimeProvider(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Records = [Readings.Store], TimeProvider = clock }, Cancellation);
        var readings = ledger.Records(Readings.Store);

        var first = await readings.WriteAsync("cellar", new Reading(9.5), Cancellation);
        var eight = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromHours(1));
        await readings.WriteAsync("cellar", new Reading(11), Cancellation);
        await readings.WriteAsync("attic", new Reading(20), Cancellation);
        await readings.RetractAsync("cellar", Cancellation);

        foreach (var then in new[] { readings.AsOf(LedgerTime.RecordedBy(eight)), readings.AsOf(first.LastPosition), ledger.AsOf(first.LastPosition).Records(Readings.Store) })
        {
            Assert.Equal(new Reading(9.5), (await then.ReadAsync("cellar", Cancellation))?.Value);
            Assert.Null(await then.ReadAsync("attic", Cancellation));
            Assert.Equal(["cellar"], await then.ListKeysAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));
            Assert.Equal([new Reading(9.5)], await then.ListAsync(cancellationToken: Cancellation).Select(static record => record.Value).ToListAsync(Cancellation));
            Assert.Single(await then.ReadHistoryAsync("cellar", cancellationToken: Cancellation).ToListAsync(Cancellation));
            Assert.Same(Readings.Store, then.Store);
        }

        Assert.Null(await readings.ReadAsync("cellar", Cancellation));
        Assert.Null(await readings.AsOf(Position.None).ReadAsync("cellar", Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await readings.AsOf(new Position(99)).ReadAsync("cellar", Cancellation));
    }

    [Fact]
    public async Task Records_are_listed_by_prefix_and_page_without_those_that_are_retracted()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        for (var i = 0; i < 600; i++) await readings.WriteAsync($"room-{i:D3}", new Reading(i), Cancellation);
        for (var i = 0; i < 600; i += 2) await readings.RetractAsync($"room-{i:D3}", Cancellation);
        await readings.WriteAsync("attic", new Reading(-1), Cancellation);

        var keys = new List<string>();
        var values = new List<double>();
        for (string? after = null; ;)
        {
            var options = new ListOptions { Prefix = "room-", After = after, Limit = 7 };
            var page = await readings.ListKeysAsync(options, Cancellation).ToListAsync(Cancellation);
            var records = await readings.ListAsync(options, Cancellation).ToListAsync(Cancellation);
            Assert.Equal(page, records.Select(static record => record.Key));
            keys.AddRange(page);
            values.AddRange(records.Select(static record => record.Value.Celsius));
            if (page.Count < 7) break;
            after = page[^1];
        }

        Assert.Equal(Enumerable.Range(0, 300).Select(static i => $"room-{(2 * i) + 1:D3}"), keys);
        Assert.Equal(Enumerable.Range(0, 300).Select(static i => (2.0 * i) + 1), values);
        Assert.Equal("attic", await readings.ListKeysAsync(cancellationToken: Cancellation).FirstAsync(Cancellation));
        Assert.Empty(await readings.ListKeysAsync(new ListOptions { Limit = 0 }, Cancellation).ToListAsync(Cancellation));
        Assert.Empty(await readings.ListAsync(new ListOptions { Prefix = "none" }, Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task A_reopened_ledger_has_its_records_after_a_power_loss()
    {
        var disk = new SimulatedDisk(seed: 7);
        var ledger = await disk.OpenLedgerAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        await readings.WriteAsync("attic", new Reading(20), Cancellation);
        await readings.RetractAsync("attic", Cancellation);
        var written = await readings.WriteAsync("cellar", new Reading(9.5), Cancellation);

        disk.LosePower();

        await using var reopened = await disk.OpenLedgerAsync(new LedgerOptions { Records = [Readings.Store] }, Cancellation);
        var read = await reopened.Records(Readings.Store).ReadAsync("cellar", Cancellation);
        Assert.NotNull(read);
        Assert.Equal((written.LastPosition, new Reading(9.5)), (read.Fact.Position, read.Value));
        Assert.Equal(["cellar"], await reopened.Records(Readings.Store).ListKeysAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task A_record_a_cell_and_a_fact_are_written_together_or_not_at_all()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var readings = ledger.Records(Readings.Store);
        var counts = ledger.KeyValue("counts", ReadingJson.Default.Int64);
        AppendRequest Request(double celsius, long count) => new()
        {
            Facts = [Readings.Store.NewValue("cellar", new Reading(celsius)) with { Tags = ["house:1"] }, new NewFact("orders/42", "measured", "{}") { CausationIndex = 0 }],
            Cells = [counts.NewValue("readings", count)],
            Conditions = [Readings.Store.RecordMissing("cellar"), counts.CellAbsent("readings")],
        };

        var receipt = await ledger.AppendAsync(Request(9.5, 1), Cancellation);
        var refused = await ledger.TryAppendAsync(Request(11, 2), Cancellation);
        var refusedByCell = await ledger.TryAppendAsync(Request(11, 2) with { Conditions = [Readings.Store.RecordAt("cellar", 1), counts.CellAbsent("readings")] }, Cancellation);

        Assert.Equal((2L, 1L), (receipt.Count, receipt.CellVersions[0].Version.Value));
        Assert.IsType<AppendOutcome.Conflict>(refused);
        Assert.IsType<AppendOutcome.Conflict>(refusedByCell);
        var read = await readings.ReadAsync("cellar", Cancellation);
        Assert.Equal(new Reading(9.5), read?.Value);
        Assert.Equal(["house:1"], read!.Fact.Tags);
        Assert.Equal(1, await counts.GetValueOrDefaultAsync("readings", 0, Cancellation));
        Assert.Equal(2, (await ledger.GetHeadAsync(Cancellation)).Value);

        await ledger.AppendAsync(new AppendRequest
        {
            Facts = [Readings.Store.NewRetraction("cellar")],
            Cells = [counts.NewDelete("readings")],
            Conditions = [Readings.Store.RecordEquals("cellar", new Reading(9.5)), await counts.CellEqualsAsync("readings", 1, Cancellation), counts.CellAt("readings", 1)],
        }, Cancellation);
        Assert.Null(await readings.ReadAsync("cellar", Cancellation));
        Assert.False(await counts.HasAsync("readings", Cancellation));
    }
}
