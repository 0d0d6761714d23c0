using Factstone.Tests.Damage;
using Factstone.Tests.Records;

namespace Factstone.Tests.Truncation;

/// <summary>What reads return after a truncation, and after reopens, rebuilds and merges of the index.</summary>
public sealed class TruncationTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Afterwards => ["at once", "reopened", "without index", "in runs"];

    /// <summary>Ten facts of orders/42 at the odd positions and ten of orders/7 at the even ones; orders/42 truncated through 4.</summary>
    static async Task<(TruncatedLedger Test, TruncationReceipt Receipt)> TruncatedAsync(string afterwards = "at once")
    {
        var test = new TruncatedLedger(afterwards == "in runs" ? 8 : 16_384);
        for (var i = 0; i < 10; i++)
        {
            await test.AppendAsync("orders/42", 1, "placed", "vip");
            await test.AppendAsync("orders/7", 1);
        }

        var receipt = await test.Ledger.TruncateAsync("orders/42", 4, "retention of 30 days", new() { By = "job 7" }, Cancellation);
        if (afterwards == "in runs") await test.AppendAsync("others/1", 40);
        if (afterwards is "reopened" or "in runs") test.Reopen();
        if (afterwards == "without index") test.Reopen(withoutIndex: true);
        return (test, receipt);
    }

    [Theory]
    [MemberData(nameof(Afterwards))]
    public async Task Dropped_facts_are_gone_for_every_read(string afterwards)
    {
        var (test, _) = await TruncatedAsync(afterwards);
        using var _ = test;
        var ledger = test.Ledger;

        Assert.Equal([5, 6, 7, 8, 9, 10], await test.VersionsAsync("orders/42"));
        Assert.Equal([10, 9, 8, 7, 6, 5], await test.VersionsAsync("orders/42", new() { Backward = true }));
        Assert.Equal([6, 7], await test.VersionsAsync("orders/42", new() { From = 6, Limit = 2 }));
        Assert.Equal([9, 11, 13, 15, 17, 19], await test.PositionsAsync(FactQuery.Tags("vip")));
        Assert.Equal([19, 17, 15, 13, 11, 9], await test.PositionsAsync(FactQuery.Stream("orders/42"), new() { Backward = true }));
        Assert.Equal([2, 4, 6, 8, 9, 10], await test.PositionsAsync(FactQuery.Store("orders"), new() { Limit = 6 }));
        Assert.Equal([2, 4, 6, 8, 9], (await ledger.ReadAsync(new ReadOptions { Limit = 5 }, Cancellation).ToListAsync(Cancellation)).Select(fact => fact.Position.Value));
        Assert.Equal(6, await ledger.CountAsync(FactQuery.Types("placed"), cancellationToken: Cancellation));
        Assert.Equal(16, await ledger.CountAsync(FactQuery.Store("orders"), cancellationToken: Cancellation));
        Assert.Null(await ledger.ReadAtAsync(new(7), Cancellation));
        Assert.NotNull(await ledger.ReadAtAsync(new(9), Cancellation));
        Assert.Equal("10", (await ledger.ReadLatestAsync("orders/42", cancellationToken: Cancellation))!.Json);
    }

    [Theory]
    [MemberData(nameof(Afterwards))]
    public async Task A_read_as_of_an_earlier_point_does_not_bring_them_back(string afterwards)
    {
        var (test, _) = await TruncatedAsync(afterwards);
        using var _ = test;
        var ledger = test.Ledger;

        Assert.Null(await ledger.ReadLatestAsync("orders/42", new Position(7), Cancellation));
        Assert.NotNull(await ledger.ReadLatestAsync("orders/42", new Position(9), Cancellation));
        Assert.Equal([2, 4, 6, 8], await test.PositionsAsync(FactQuery.Store("orders"), new() { AsOf = new Position(8) }));
        Assert.Empty(await test.VersionsAsync("orders/42", new() { AsOf = new Position(8) }));
        Assert.Equal(4, await ledger.CountAsync(FactQuery.Store("orders"), new Position(8), Cancellation));
        Assert.Equal(4, (await ledger.GetVersionAsync("orders/42", new Position(8), Cancellation)).Value);
    }

    [Fact]
    public async Task A_read_reports_what_it_passes_over_with_the_receipt()
    {
        var (test, receipt) = await TruncatedAsync();
        using var _ = test;
        DroppedFacts expected = new("orders/42", 4, new(7), receipt.Position);

        foreach (var read in new Func<Action<DroppedFacts>, Task>[]
        {
            report => test.VersionsAsync("orders/42", new() { Dropped = report }),
            report => test.VersionsAsync("orders/42", new() { Dropped = report, Backward = true }),
            report => test.VersionsAsync("orders/42", new() { Dropped = report, AsOf = new Position(3) }),
            report => test.PositionsAsync(FactQuery.Tags("vip"), new() { Dropped = report }),
            report => test.PositionsAsync(FactQuery.All, new() { Dropped = report, Backward = true }),
            async report => await test.Ledger.ReadAsync(new ReadOptions { Dropped = report }, Cancellation).ToListAsync(Cancellation),
        })
        {
            var reported = new List<DroppedFacts>();
            await read(reported.Add);
            Assert.Equal([expected], reported);
        }

        var none = new List<DroppedFacts>();
        await test.VersionsAsync("orders/42", new() { Dropped = none.Add, From = 5 });
        await test.VersionsAsync("orders/7", new() { Dropped = none.Add });
        await test.PositionsAsync(FactQuery.Tags("vip"), new() { Dropped = none.Add, From = new(8) });
        await test.VersionsAsync("orders/42", new() { Dropped = none.Add, AsOf = Position.None });
        Assert.Empty(none);
    }

    [Fact]
    public async Task Versions_go_on_and_are_never_given_again()
    {
        var (test, _) = await TruncatedAsync();
        using var _ = test;
        var deleted = await test.Ledger.DeleteAsync("orders/42", "closed", cancellationToken: Cancellation);
        Assert.Equal((5, 10, 6, true), (deleted.FirstVersion.Value, deleted.Through.Value, deleted.Facts, deleted.IsDelete));
        Assert.Empty(await test.VersionsAsync("orders/42"));
        Assert.Equal(10, (await test.Ledger.GetVersionAsync("orders/42", cancellationToken: Cancellation)).Value);

        test.Reopen();
        var next = await test.Ledger.AppendAsync(new NewFact("orders/42", "placed", "11"), Cancellation);
        Assert.Equal(11, next.StreamVersion.Value);
        Assert.Equal([11], await test.VersionsAsync("orders/42"));
    }

    [Theory]
    [MemberData(nameof(Afterwards))]
    public async Task The_receipt_says_what_was_dropped_why_and_by_whom(string afterwards)
    {
        var (test, receipt) = await TruncatedAsync(afterwards);
        using var _ = test;
        Assert.Equal(("orders/42", 1, 4, 4, 1, 7), (receipt.Stream.ToString(), receipt.FirstVersion.Value, receipt.Through.Value, receipt.Facts, receipt.FirstPosition.Value, receipt.LastPosition.Value));
        Assert.Equal(("retention of 30 days", "job 7", false, 20, 21), (receipt.Reason, receipt.By, receipt.IsDelete, receipt.Head.Value, receipt.Position.Value));

        var stored = Assert.Single(await test.Ledger.ListReceiptsAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));
        Assert.Equal("truncated", stored.Kind);
        Assert.Equal(receipt with { Append = null }, stored.Truncation);
        Assert.Equal("$receipts/truncate", stored.Fact.Stream.ToString());
        Assert.DoesNotContain(21, await test.PositionsAsync(FactQuery.All));
    }

    [Theory]
    [MemberData(nameof(Afterwards))]
    public async Task The_catalog_lists_the_stream_and_counts_what_was(string afterwards)
    {
        var (test, _) = await TruncatedAsync(afterwards);
        using var _ = test;
        await test.Ledger.DeleteAsync("orders/42", "closed", cancellationToken: Cancellation);

        var streams = await test.Ledger.ListStreamsAsync("orders", new() { WithLatestFacts = true }, Cancellation).ToListAsync(Cancellation);
        Assert.Equal([("42", 10L, 10L, false), ("7", 10L, 0L, true)], streams.Select(stream => (stream.Stream.Key, stream.Version.Value, stream.DroppedThrough.Value, stream.HasValue)));
        Assert.Null(streams[0].LatestFact);
        var store = (await test.Ledger.ListStoresAsync(Cancellation).ToListAsync(Cancellation))[0];
        Assert.Equal(("orders", 20L, 2L), (store.Store, store.Facts, store.Streams));
        Assert.Equal(["orders/7"], (await test.Ledger.ListAsync("orders", cancellationToken: Cancellation).ToListAsync(Cancellation)).Select(fact => fact.Stream.ToString()));
        Assert.Equal(["7"], await test.Ledger.Records(new RecordStore<long>("orders", ReadingJson.Default.Int64)).ListKeysAsync(cancellationToken: Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task A_list_of_values_with_a_limit_counts_values_only()
    {
        using var test = new TruncatedLedger();
        foreach (var key in new[] { "a", "b", "c", "d" }) await test.AppendAsync($"tasks/{key}", 2);
        await test.Ledger.DeleteAsync("tasks/a", "done", cancellationToken: Cancellation);
        await test.Ledger.DeleteAsync("tasks/c", "done", cancellationToken: Cancellation);

        Assert.Equal(["b", "d"], (await test.Ledger.ListAsync("tasks", new() { Limit = 2 }, Cancellation).ToListAsync(Cancellation)).Select(fact => fact.Stream.Key));
        Assert.Equal(["b"], (await test.Ledger.ListAsync("tasks", new() { Limit = 1 }, Cancellation).ToListAsync(Cancellation)).Select(fact => fact.Stream.Key));
    }

    [Fact]
    public async Task A_dry_run_says_what_would_be_dropped_and_changes_nothing()
    {
        var (test, receipt) = await TruncatedAsync();
        using var _ = test;
        var preview = await test.Ledger.PreviewTruncateAsync("orders/42", 6, Cancellation);
        Assert.Equal((5, 6, 2, 9, 11, 0), (preview.FirstVersion.Value, preview.Through.Value, preview.Facts, preview.FirstPosition.Value, preview.LastPosition.Value, preview.Position.Value));
        Assert.Equal(6, (await test.Ledger.PreviewTruncateAsync("orders/42", cancellationToken: Cancellation)).Facts);
        Assert.Equal(receipt.Position, await test.Ledger.GetHeadAsync(Cancellation));

        using var reader = SmallLedger.OpenReadOnly(test.Files);
        Assert.Equal(preview, await reader.PreviewTruncateAsync("orders/42", 6, Cancellation));
        Assert.Equal([5, 6, 7, 8, 9, 10], (await reader.ReadStreamAsync("orders/42", cancellationToken: Cancellation).ToListAsync(Cancellation)).Select(fact => fact.StreamVersion.Value));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await reader.TruncateAsync("orders/42", 6, "reason", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_reader_that_is_open_applies_a_truncation_at_its_next_read()
    {
        var (test, _) = await TruncatedAsync();
        using var _ = test;
        using var reader = SmallLedger.OpenReadOnly(test.Files);
        Assert.NotNull(await reader.ReadLatestAsync("orders/7", cancellationToken: Cancellation));
        await test.Ledger.DeleteAsync("orders/7", "closed", cancellationToken: Cancellation);
        Assert.Null(await reader.ReadLatestAsync("orders/7", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task What_was_dropped_before_is_not_dropped_again()
    {
        var (test, first) = await TruncatedAsync();
        using var _ = test;
        var again = await test.Ledger.TruncateAsync("orders/42", 3, "again", cancellationToken: Cancellation);
        Assert.Equal((0, first.Position, null), (again.Facts, again.Position, again.Append));
        Assert.Equal(first.Position, await test.Ledger.GetHeadAsync(Cancellation));

        var withSnapshot = await test.Ledger.TruncateAsync("orders/42", 4, "again", new() { Cells = [NewCell.Put("snapshots", "orders/42", "4")] }, Cancellation);
        Assert.NotNull(withSnapshot.Append);
        Assert.Equal("4", (await test.Ledger.ReadCellAsync("snapshots", "orders/42", Cancellation))!.Text);

        var further = await test.Ledger.TruncateAsync("orders/42", 6, "further", cancellationToken: Cancellation);
        Assert.Equal((5, 2), (further.FirstVersion.Value, further.Facts));
        var reported = new List<DroppedFacts>();
        Assert.Equal([7, 8, 9, 10], await test.VersionsAsync("orders/42", new() { Dropped = reported.Add }));
        Assert.Equal([new DroppedFacts("orders/42", 6, new(11), further.Position)], reported);
    }

    [Fact]
    public async Task A_snapshot_is_written_in_the_same_append()
    {
        var (test, _) = await TruncatedAsync();
        using var _ = test;
        var receipt = await test.Ledger.TruncateAsync(
            "orders/42",
            8,
            "compacted",
            new() { Cells = [NewCell.Put("snapshots", "orders/42", "8")], Facts = [new NewFact("orders/42", "summed-up", "36")], Conditions = [AppendCondition.StreamAt("orders/42", 10)] },
            Cancellation);
        Assert.Equal(receipt.Append!.RecordedAt, (await test.Ledger.ReadCellAsync("snapshots", "orders/42", Cancellation))!.RecordedAt);
        Assert.Equal([9, 10, 11], await test.VersionsAsync("orders/42"));

        await Assert.ThrowsAsync<AppendConflictException>(async () => await test.Ledger.TruncateAsync("orders/42", 9, "compacted", new() { Conditions = [AppendCondition.StreamAt("orders/42", 10)] }, Cancellation));
        Assert.Equal([9, 10, 11], await test.VersionsAsync("orders/42"));
    }

    [Fact]
    public async Task A_stream_with_the_longest_name_can_be_truncated()
    {
        using var test = new TruncatedLedger();
        var (one, other) = (new StreamName(new string('s', 128), new string('k', 1_024)), new StreamName(new string('s', 128), new string('k', 1_023) + "x"));
        await test.AppendAsync(one, 2);
        await test.AppendAsync(other, 2);
        await test.Ledger.TruncateAsync(one, 1, "long", cancellationToken: Cancellation);
        test.Reopen();
        Assert.Equal([2], await test.VersionsAsync(one));
        Assert.Equal([1, 2], await test.VersionsAsync(other));
    }

    [Fact]
    public async Task Bad_input_is_refused_and_changes_nothing()
    {
        var (test, receipt) = await TruncatedAsync();
        using var _ = test;
        var ledger = test.Ledger;
        foreach (var (stream, through, reason, options) in new (StreamName, long?, string, TruncateOptions?)[]
        {
            ("orders/42", 11, "why", null),
            ("orders/42", 0, "why", null),
            ("orders/42", -1, "why", null),
            ("orders/43", 1, "why", null),
            ("orders/43", null, "why", null),
            ("$receipts/truncate", 1, "why", null),
            ("$receipts/truncate", null, "why", null),
            ("./a", 1, "why", null),
            ("orders/42", 5, "", null),
            ("orders/42", 5, "  ", null),
            ("orders/42", 5, null!, null),
            ("orders/42", 5, "a\nb", null),
            ("orders/42", 5, new string('r', 1_025), null),
            ("orders/42", 5, "why", new() { By = "" }),
            ("orders/42", 5, "why", new() { Facts = null! }),
            ("orders/42", 5, "why", new() { Facts = [new NewFact(new StreamName("$receipts", "truncate"), "truncated", "{}")] }),
            ("orders/42", 5, "why", new() { Cells = [NewCell.Put("$truncated", "orders/42", "{}")] }),
        })
        {
            var refused = await Assert.ThrowsAnyAsync<ArgumentException>(async () => await ledger.TruncateAsync(stream, through is { } version ? new StreamVersion(version) : null, reason, options, Cancellation));
            Assert.NotEmpty(refused.Message);
        }

        Assert.Equal(receipt.Position, await ledger.GetHeadAsync(Cancellation));
        Assert.Equal(6, (await test.VersionsAsync("orders/42")).Count);
    }

    [Fact]
    public async Task Append_ids_remember_and_what_was_dropped_is_not_compared()
    {
        using var test = new TruncatedLedger();
        var first = await test.Ledger.AppendAsync(new AppendRequest(new NewFact("orders/1", "placed", "1"), new NewFact("orders/2", "placed", "2")) { AppendId = "a" }, Cancellation);
        await test.Ledger.DeleteAsync("orders/1", "closed", cancellationToken: Cancellation);
        test.Reopen();

        var same = await test.Ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/1", "other", "9"), new NewFact("orders/2", "placed", "2")) { AppendId = "a" }, Cancellation);
        Assert.Equal(first.Versions, Assert.IsType<AppendOutcome.Duplicate>(same).Receipt.Versions);
        var other = await test.Ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/1", "placed", "1"), new NewFact("orders/2", "placed", "3")) { AppendId = "a" }, Cancellation);
        Assert.Equal("facts[1].payload", Assert.IsType<AppendOutcome.AppendIdReused>(other).Difference);
        Assert.Equal(first.LastPosition, (await test.Ledger.FindAppendAsync("a", Cancellation))!.LastPosition);
    }

    [Fact]
    public async Task A_cursor_at_a_dropped_fact_still_fits()
    {
        var (test, _) = await TruncatedAsync();
        using var _ = test;
        var cursor = test.Ledger.CursorAt(new(12));
        await test.Ledger.DeleteAsync("orders/7", "closed", cancellationToken: Cancellation);
        Assert.Equal(12, test.Ledger.Resolve(cursor).Value);
        Assert.Equal(cursor, test.Ledger.CursorAt(new(12)));
    }
}
