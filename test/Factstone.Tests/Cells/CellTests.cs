using System.Text;
using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Cells;

public sealed class CellTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static AppendRequest Writing(params IReadOnlyList<NewCell> cells) => new() { Cells = cells };

    static async Task<string?> Value(Ledger ledger, string bucket, string name) => (await ledger.ReadCellAsync(bucket, name, Cancellation))?.Text;

    [Fact]
    public async Task A_cell_holds_the_value_that_was_put_last()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        Assert.Null(await ledger.ReadCellAsync("settings", "theme", Cancellation));

        var first = await ledger.AppendAsync(Writing(NewCell.Put("settings", "theme", "dark")), Cancellation);
        var second = await ledger.AppendAsync(Writing(NewCell.Put("settings", "theme", "light")), Cancellation);

        var cell = await ledger.ReadCellAsync("settings", "theme", Cancellation);
        Assert.Equal(("settings", "theme", 2, "light", second.RecordedAt), (cell!.Bucket, cell.Name, cell.Version.Value, cell.Text, cell.RecordedAt));
        Assert.True(second.RecordedAt > first.RecordedAt);
        Assert.Equal("settings/theme v2", Assert.Single(second.CellVersions).ToString());
    }

    [Fact]
    public async Task A_version_counts_every_write_and_goes_on_after_a_delete()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var versions = new List<long>();
        foreach (var write in new[] { NewCell.Delete("b", ""), NewCell.Put("b", "", "1"), NewCell.Delete("b", ""), NewCell.Delete("b", ""), NewCell.Put("b", "", "") })
            versions.Add((await ledger.AppendAsync(Writing(write), Cancellation)).CellVersions[0].Version.Value);

        Assert.Equal([1, 2, 3, 4, 5], versions);
        Assert.Equal((5, 0), ((await ledger.ReadCellAsync("b", "", Cancellation))!.Version.Value, (await ledger.ReadCellAsync("b", "", Cancellation))!.Value.Length));
    }

    [Fact]
    public async Task Cells_and_facts_of_one_append_are_committed_together()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        await ledger.AppendAsync(new AppendRequest(new NewFact("orders/1", "placed", "1")) { Cells = [NewCell.Put("state", "orders", "1")] }, Cancellation);
        var refused = await ledger.TryAppendAsync(
            new AppendRequest(new NewFact("orders/1", "paid", "2")) { Cells = [NewCell.Put("state", "orders", "2")], Conditions = [AppendCondition.StreamMissing("orders/1")] },
            Cancellation);

        Assert.IsType<AppendOutcome.Conflict>(refused);
        Assert.Equal("1", await Value(ledger, "state", "orders"));
        Assert.Equal(1, (await ledger.GetHeadAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task An_append_of_cells_only_has_a_time_and_no_position()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var empty = await ledger.AppendAsync(Writing(NewCell.Put("b", "n", "1")), Cancellation);
        var fact = await ledger.AppendAsync(NewFact.WithoutPayload("s/1", "t"), Cancellation);
        var between = await ledger.AppendAsync(Writing(NewCell.Put("b", "n", "2")), Cancellation);
        var next = await ledger.AppendAsync(NewFact.WithoutPayload("s/1", "t"), Cancellation);

        Assert.Equal((0, 0), (empty.LastPosition.Value, empty.Count));
        Assert.Equal((1, 0), (between.LastPosition.Value, between.Count));
        Assert.Equal((1, 2), (fact.FirstPosition.Value, next.FirstPosition.Value));
        Assert.Equal([empty.RecordedAt, fact.RecordedAt, between.RecordedAt, next.RecordedAt], new[] { empty.RecordedAt, fact.RecordedAt, between.RecordedAt, next.RecordedAt }.Order().Distinct());
        Assert.Equal(new Position(1), (await ledger.ResolveAsync(LedgerTime.RecordedBy(between.RecordedAt), Cancellation)).Position);
        Assert.Empty(between.Versions);
    }

    public static TheoryData<string> Names => ["closed", "killed", "read-only", "read-only beside"];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task What_was_acknowledged_is_there(string after)
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin, PreallocationBytesMax = 0, PreallocationBytesMin = 0 };
        var ledger = await Ledger.OpenAsync("l", options, Cancellation);
        var last = default(AppendReceipt);
        for (var i = 0; i < 40; i++)
        {
            await ledger.AppendAsync(new AppendRequest { AppendId = $"id-{i}", Cells = [NewCell.Put("b", $"n{i % 7}", new string((char)('a' + (i % 26)), 6_000))] }, Cancellation);
            if (i % 5 == 0) await ledger.AppendAsync(NewFact.WithoutPayload("s/1", "t"), Cancellation);
            last = await ledger.AppendAsync(Writing(NewCell.Delete("b", $"n{(i + 3) % 7}"), NewCell.Put("c", "count", $"{i}")), Cancellation);
        }

        var copy = after == "killed" ? files.Clone() : files;
        if (after is "closed" or "read-only") await ledger.DisposeAsync();
        await using var again = after.StartsWith("read-only", StringComparison.Ordinal)
            ? await Ledger.OpenReadOnlyAsync("l", options with { FileSystem = copy }, Cancellation)
            : await Ledger.OpenAsync("l", options with { FileSystem = copy, LockWait = TimeSpan.Zero }, Cancellation);

        Assert.Empty(again.Damage);
        Assert.Equal("39", await Value(again, "c", "count"));
        var count = await again.ReadCellAsync("c", "count", Cancellation);
        Assert.Equal((40, last!.RecordedAt), (count!.Version.Value, count.RecordedAt));
        for (var i = 0; i < 7; i++)
        {
            var (put, deleted) = (LastBelow(40, one => one % 7 == i), LastBelow(40, one => (one + 3) % 7 == i));
            Assert.Equal(put > deleted ? new string((char)('a' + (put % 26)), 6_000) : null, await Value(again, "b", $"n{i}"));
        }

        var named = await again.FindAppendAsync("id-39", Cancellation);
        Assert.Equal((new CellName("b", "n4"), 0), (Assert.Single(named!.CellVersions).Cell, (int)named.Count));
        Assert.True(named.RecordedAt < last.RecordedAt);
        if (again.IsReadOnly) return;

        var next = await again.AppendAsync(Writing(NewCell.Put("c", "count", "x")), Cancellation);
        Assert.True(next.RecordedAt > last.RecordedAt);
        Assert.Equal(41, next.CellVersions[0].Version.Value);
    }

    [Fact]
    public async Task A_reader_beside_the_writer_sees_each_acknowledged_cell()
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin, PreallocationBytesMax = 0 };
        await using var ledger = await Ledger.OpenAsync("l", options, Cancellation);
        await using var reader = await Ledger.OpenReadOnlyAsync("l", options, Cancellation);
        for (var i = 0; i < 100; i++)
        {
            await ledger.AppendAsync(Writing(NewCell.Put("b", $"n{i % 3}", $"{i}{new string(' ', 3_000)}")), Cancellation);
            Assert.StartsWith($"{i} ", await Value(reader, "b", $"n{i % 3}"), StringComparison.Ordinal);
        }

        Assert.True((await ledger.GetStatisticsAsync(Cancellation)).Segments > 3);
    }

    [Fact]
    public async Task Conditions_on_cells_say_what_holds()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        await ledger.AppendAsync(Writing(NewCell.Put("b", "is", "value"), NewCell.Put("b", "gone", "x")), Cancellation);
        await ledger.AppendAsync(Writing(NewCell.Delete("b", "gone"), NewCell.Put("b", "empty", "")), Cancellation);

        await Holds(AppendCondition.CellEquals("b", "is", "value"), AppendCondition.CellAt("b", "is", 1), AppendCondition.CellAbsent("b", "gone"), AppendCondition.CellAbsent("b", "never"), AppendCondition.CellEquals("b", "empty", ""));
        await Fails(AppendCondition.CellEquals("b", "is", "Value"), 1, "cell b/is equals Value");
        await Fails(AppendCondition.CellEquals("b", "gone", "x"), 2, "cell b/gone equals x");
        await Fails(AppendCondition.CellEquals("b", "never", ""), 0, "cell b/never equals ");
        await Fails(AppendCondition.CellAt("b", "is", 2), 1, "cell b/is is at version 2");
        await Fails(AppendCondition.CellAt("b", "gone", 2), 2, "cell b/gone is at version 2");
        await Fails(AppendCondition.CellAbsent("b", "is"), 1, "cell b/is has no value");
        await Fails(AppendCondition.CellAbsent("b", "empty"), 1, "cell b/empty has no value");

        async Task Holds(params AppendCondition[] conditions) =>
            Assert.IsType<AppendOutcome.Committed>(await ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("s/1", "t")) { Conditions = conditions }, Cancellation));

        async Task Fails(AppendCondition condition, long actual, string says)
        {
            var request = new AppendRequest(NewFact.WithoutPayload("s/1", "t")) { Conditions = [AppendCondition.CellAbsent("b", "never"), condition] };
            var conflict = Assert.IsType<AppendOutcome.Conflict>(await ledger.TryAppendAsync(request, Cancellation));
            Assert.Same(condition, conflict.Condition);
            Assert.Equal((actual, 0, true), (conflict.ActualCellVersion.Value, conflict.Facts.Count, conflict.IsComplete));
            Assert.Equal(says, condition.ToString());
            var thrown = await Assert.ThrowsAsync<AppendConflictException>(async () => await ledger.AppendAsync(request, Cancellation));
            Assert.Contains($"the cell is at version {actual}", thrown.Message, StringComparison.Ordinal);
        }
    }

    // After a reopen no digest of a value is in memory. The value is read and compared before the append is queued.
    [Fact]
    public async Task A_condition_on_a_value_from_before_the_open_is_decided_on_the_newest_value()
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
        await using (var ledger = await Ledger.OpenAsync("l", options, Cancellation)) await ledger.AppendAsync(Writing(NewCell.Put("b", "n", "old")), Cancellation);

        var scheduler = new SteppedScheduler();
        await using var again = await Ledger.OpenAsync("l", options with { Scheduler = scheduler }, Cancellation);
        var wrong = again.TryAppendAsync(Writing(NewCell.Put("b", "m", "1")) with { Conditions = [AppendCondition.CellEquals("b", "n", "other")] }, Cancellation);
        var right = again.TryAppendAsync(Writing(NewCell.Put("b", "n", "new")) with { Conditions = [AppendCondition.CellEquals("b", "n", "old")] }, Cancellation);
        var late = again.TryAppendAsync(Writing(NewCell.Put("b", "n", "newer")) with { Conditions = [AppendCondition.CellEquals("b", "n", "old")] }, Cancellation);
        var next = again.TryAppendAsync(Writing(NewCell.Put("b", "n", "newest")) with { Conditions = [AppendCondition.CellEquals("b", "n", "new")] }, Cancellation);
        scheduler.TurnAll();

        Assert.IsType<AppendOutcome.Conflict>(await wrong);
        Assert.IsType<AppendOutcome.Committed>(await right);
        Assert.Equal(2, Assert.IsType<AppendOutcome.Conflict>(await late).ActualCellVersion.Value);
        Assert.IsType<AppendOutcome.Committed>(await next);
        Assert.Equal("newest", await Value(again, "b", "n"));
    }

    [Theory]
    [InlineData(AppendConditionKind.CellAt, Defect.None, 1)]
    [InlineData(AppendConditionKind.CellAbsent, Defect.None, 1)]
    [InlineData(AppendConditionKind.CellEquals, Defect.None, 1)]
    [InlineData(AppendConditionKind.CellAt, Defect.DecideWithoutGroup, 64)]
    [InlineData(AppendConditionKind.CellAbsent, Defect.DecideWithoutGroup, 64)]
    [InlineData(AppendConditionKind.CellEquals, Defect.DecideWithoutGroup, 64)]
    internal async Task Of_64_racers_in_one_group_one_wins_and_all_do_where_the_group_is_not_looked_at(AppendConditionKind kind, Defect defect, int winners)
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler, Defect = defect }, Cancellation);
        await Turned(ledger.AppendAsync(Writing(NewCell.Put("b", "n", "0")), Cancellation));
        for (var round = 1; round <= (defect == Defect.None ? 200 : 1); round++)
        {
            var condition = kind switch
            {
                AppendConditionKind.CellAt => AppendCondition.CellAt("b", "n", round),
                AppendConditionKind.CellAbsent => AppendCondition.CellAbsent("b", $"m{round}"),
                _ => AppendCondition.CellEquals("b", "n", (await Value(ledger, "b", "n"))!),
            };
            var racers = Enumerable.Range(0, 64).Select(caller => Writing(NewCell.Put("b", "n", $"{round}-{caller}"), NewCell.Put("b", $"m{round}", "x")) with { Conditions = [condition] })
                .Select(request => ledger.TryAppendAsync(request, Cancellation).AsTask()).ToList();
            Assert.Equal(1, scheduler.TurnAll());
            var outcomes = await Task.WhenAll(racers);
            Assert.Equal(winners, outcomes.Count(outcome => outcome is AppendOutcome.Committed));
            if (defect == Defect.None)
                Assert.All(outcomes.OfType<AppendOutcome.Conflict>(), conflict => Assert.Equal(kind == AppendConditionKind.CellAbsent ? 1 : round + 1, conflict.ActualCellVersion.Value));
        }

        async Task Turned(ValueTask<AppendReceipt> append)
        {
            scheduler.TurnAll();
            await append;
        }
    }

    [Fact]
    public async Task Of_racers_on_other_threads_one_wins_each_round()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        await ledger.AppendAsync(Writing(NewCell.Put("b", "n", "0")), Cancellation);
        for (var round = 1; round <= 300; round++)
        {
            var before = (await ledger.ReadCellAsync("b", "n", Cancellation))!;
            var condition = round % 2 == 0 ? AppendCondition.CellAt("b", "n", before.Version) : AppendCondition.CellEquals("b", "n", before.Value);
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(caller =>
                Task.Run(async () => await ledger.TryAppendAsync(Writing(NewCell.Put("b", "n", $"{round}-{caller}")) with { Conditions = [condition] }, Cancellation), Cancellation)));
            Assert.Single(outcomes.OfType<AppendOutcome.Committed>());
            Assert.Equal(round + 1, (await ledger.ReadCellAsync("b", "n", Cancellation))!.Version.Value);
        }
    }

    [Fact]
    public async Task A_listing_is_in_the_order_of_UTF_8_bytes_by_prefix_and_page_without_what_was_deleted()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        string[] names = ["", "a", "a/b", "ab", "b", "é", "\uE000", "😀"];
        await ledger.AppendAsync(Writing([.. names.Reverse().Select(name => NewCell.Put("b", name, $"<{name}>")), NewCell.Put("b", "aa", "x"), NewCell.Put("bb", "a", "other")]), Cancellation);
        await ledger.AppendAsync(Writing(NewCell.Delete("b", "aa")), Cancellation);

        Assert.Equal(names, await Listed(new CellListOptions()));
        Assert.Equal(["a", "a/b", "ab"], await Listed(new CellListOptions { Prefix = "a" }));
        Assert.Equal(["a/b", "ab"], await Listed(new CellListOptions { Prefix = "a", After = "a" }));
        Assert.Equal(["a", "a/b"], await Listed(new CellListOptions { Prefix = "a", After = "", Limit = 2 }));
        Assert.Equal(names[1..], await Listed(new CellListOptions { After = "" }));
        Assert.Equal(["ab", "b"], await Listed(new CellListOptions { After = "aa", Limit = 2 }));
        Assert.Empty(await Listed(new CellListOptions { Prefix = "a", After = "b" }));
        Assert.Empty(await Listed(new CellListOptions { After = "😀" }));
        Assert.Empty(await Listed(new CellListOptions { Limit = 0 }));
        Assert.Empty(await ledger.ListCellsAsync("none", cancellationToken: Cancellation).ToListAsync(Cancellation));
        Assert.Equal(names.Select(name => $"<{name}>"), await ledger.ListCellsAsync("b", cancellationToken: Cancellation).Select(cell => cell.Text).ToListAsync(Cancellation));

        async Task<List<string>> Listed(CellListOptions options)
        {
            var cells = await ledger.ListCellsAsync("b", options, Cancellation).Select(cell => cell.Name).ToListAsync(Cancellation);
            Assert.Equal(cells, await ledger.ListCellNamesAsync("b", options, Cancellation).Select(cell => cell.Name).ToListAsync(Cancellation));
            return cells;
        }
    }

    [Fact]
    public async Task A_bucket_of_many_pages_is_listed_whole_while_it_grows()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        await ledger.AppendAsync(Writing([.. Enumerable.Range(0, 1_000).Select(i => NewCell.Put("b", $"{i:D4}", "x"))]), Cancellation);
        var listed = new List<string>();
        await foreach (var cell in ledger.ListCellNamesAsync("b", cancellationToken: Cancellation))
        {
            listed.Add(cell.Name);
            if (listed.Count == 10) await ledger.AppendAsync(Writing(NewCell.Put("b", "0000-new", "x"), NewCell.Put("b", "0999-new", "x"), NewCell.Delete("b", "0998")), Cancellation);
        }

        Assert.Equal([.. Enumerable.Range(0, 1_000).Where(i => i != 998).Select(i => $"{i:D4}"), "0999-new"], listed);
    }

    [Theory]
    [InlineData("the same", true)]
    [InlineData("other metadata", true)]
    [InlineData("other value", false)]
    [InlineData("other name", false)]
    [InlineData("other bucket", false)]
    [InlineData("deleted", false)]
    [InlineData("one more", false)]
    [InlineData("no cells", false)]
    [InlineData("other order", false)]
    public async Task An_append_id_stands_for_its_cells_too_also_after_a_reopen(string how, bool isRepeat)
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
        var request = new AppendRequest(new NewFact("s/1", "t", "1")) { AppendId = "a", Cells = [NewCell.Put("b", "n", "1"), NewCell.Put("b", "m", "2")] };
        IReadOnlyList<NewCell> cells = how switch
        {
            "other value" => [NewCell.Put("b", "n", "2"), NewCell.Put("b", "m", "2")],
            "other name" => [NewCell.Put("b", "N", "1"), NewCell.Put("b", "m", "2")],
            "other bucket" => [NewCell.Put("B", "n", "1"), NewCell.Put("b", "m", "2")],
            "deleted" => [NewCell.Delete("b", "n"), NewCell.Put("b", "m", "2")],
            "one more" => [.. request.Cells, NewCell.Put("b", "o", "2")],
            "no cells" => [],
            "other order" => [request.Cells[1], request.Cells[0]],
            _ => request.Cells,
        };
        var again = request with { Cells = cells, Facts = [how == "other metadata" ? request.Facts[0] with { Metadata = """{"trace":"2"}""" } : request.Facts[0]] };

        AppendReceipt receipt;
        await using (var ledger = await Ledger.OpenAsync("l", options, Cancellation))
        {
            receipt = await ledger.AppendAsync(request, Cancellation);
            await ledger.AppendAsync(Writing(NewCell.Put("b", "n", "newer")), Cancellation);
            await Check(ledger);
        }

        await using var reopened = await Ledger.OpenAsync("l", options, Cancellation);
        await Check(reopened);

        async Task Check(Ledger ledger)
        {
            var outcome = await ledger.TryAppendAsync(again, Cancellation);
            var found = isRepeat ? Assert.IsType<AppendOutcome.Duplicate>(outcome).Receipt : Assert.IsType<AppendOutcome.AppendIdReused>(outcome).Receipt;
            Assert.Equal(receipt.CellVersions, found.CellVersions);
            Assert.Equal((receipt.FirstPosition, receipt.LastPosition, receipt.RecordedAt), (found.FirstPosition, found.LastPosition, found.RecordedAt));
            Assert.Equal("newer", await Value(ledger, "b", "n"));
        }
    }

    [Fact]
    public async Task An_append_id_of_cells_only_is_recognised_in_its_group_and_for_ever()
    {
        var files = new MemoryFileSystem();
        var scheduler = new SteppedScheduler();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0, Scheduler = scheduler };
        AppendReceipt receipt;
        await using (var ledger = await Ledger.OpenAsync("l", options, Cancellation))
        {
            var request = Writing(NewCell.Put("b", "n", "1")) with { AppendId = "a" };
            var (first, second, other) = (ledger.TryAppendAsync(request, Cancellation), ledger.TryAppendAsync(request, Cancellation), ledger.TryAppendAsync(Writing(NewCell.Delete("b", "n")) with { AppendId = "a" }, Cancellation));
            scheduler.TurnAll();
            receipt = Assert.IsType<AppendOutcome.Committed>(await first).Receipt;
            Assert.Equal(receipt.ToString(), Assert.IsType<AppendOutcome.Duplicate>(await second).Receipt.ToString());
            Assert.IsType<AppendOutcome.AppendIdReused>(await other);
        }

        await using var again = await Ledger.OpenAsync("l", options, Cancellation);
        var found = await again.FindAppendAsync("a", Cancellation);
        Assert.Equal((receipt.RecordedAt, receipt.LastPosition, 0, "b/n v1"), (found!.RecordedAt, found.LastPosition, (int)found.Count, Assert.Single(found.CellVersions).ToString()));
        Assert.Equal(1, (await again.ReadCellAsync("b", "n", Cancellation))!.Version.Value);
    }

    // A version that does not support cells reads such a ledger up to the first cell, and refuses the segment that contains it.
    [Fact]
    public async Task Cells_are_never_written_into_a_segment_of_format_1()
    {
        using var copy = new Golden.FixtureCopy(Path.Combine(AppContext.BaseDirectory, "Golden", "format-1"));
        var first = Path.Combine(copy.Path, "segments", "00000000000000000001.000001.log");
        await using (var ledger = await Ledger.OpenAsync(copy.Path, cancellationToken: Cancellation))
        {
            await ledger.AppendAsync(NewFact.WithoutPayload("orders/42", "before"), Cancellation);
            Assert.Single(Directory.GetFiles(Path.GetDirectoryName(first)!, "*.log"));
            await ledger.AppendAsync(Writing(NewCell.Put("settings", "theme", "dark")), Cancellation);
            await ledger.AppendAsync(NewFact.WithoutPayload("orders/42", "after"), Cancellation);
        }

        var manifest = new ManifestFile(new DiskFileSystem(), new LedgerLayout(copy.Path)).Read()!;
        Assert.Equal([(1, 1L), (2, 7L)], manifest.Segments.Select(segment => (segment.Format, segment.BasePosition.Value)));
        Assert.DoesNotContain("theme", Encoding.UTF8.GetString(await File.ReadAllBytesAsync(first, Cancellation)), StringComparison.Ordinal);

        await using var again = await Ledger.OpenAsync(copy.Path, cancellationToken: Cancellation);
        Assert.Equal("dark", await Value(again, "settings", "theme"));
        Assert.Equal(7, (await again.GetHeadAsync(Cancellation)).Value);
        Assert.Empty((await Ledger.VerifyAsync(copy.Path, cancellationToken: Cancellation)).Damage);
    }

    // A run that is rebuilt from the log must reach its old end. Behind its last fact, the segments up to that end hold cells only. The
    // rebuild stopped at the last fact, and the next open did not know the cells behind it.
    [Fact]
    public async Task A_run_that_is_made_again_has_the_cells_behind_its_last_fact()
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0, SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin };
        await using (var ledger = await Ledger.OpenAsync("l", options, Cancellation))
        {
            await ledger.AppendAsync(Writing(NewCell.Put("b", "n", "old")), Cancellation);
            await ledger.AppendAsync(new AppendRequest { Facts = [.. Enumerable.Range(0, 3_000).Select(i => NewFact.WithoutPayload($"s/{i}", "t"))] }, Cancellation);
            for (var i = 0; i < 4; i++) await ledger.AppendAsync(Writing(NewCell.Put("b", "large", new byte[30_000])) with { AppendId = $"id-{i}" }, Cancellation);
            await ledger.AppendAsync(Writing(NewCell.Put("b", "n", "new")), Cancellation);
        }

        files.FlipBit(Assert.Single(files.Paths, path => path.EndsWith(".run", StringComparison.Ordinal)), 10 * 8);
        await using (var rebuild = await Ledger.OpenAsync("l", options, Cancellation))
        {
            Assert.Equal("s/2", (await rebuild.ReadAtAsync(new Position(3), Cancellation))!.Stream.ToString());
            Assert.Equal("new", await Value(rebuild, "b", "n"));
        }

        await using var again = await Ledger.OpenAsync("l", options, Cancellation);
        Assert.Equal("s/2", (await again.ReadAtAsync(new Position(3), Cancellation))!.Stream.ToString());
        Assert.Equal("new", await Value(again, "b", "n"));
        Assert.Equal("b/large v4", Assert.Single((await again.FindAppendAsync("id-3", Cancellation))!.CellVersions).ToString());
        Assert.Equal(3, (await again.AppendAsync(Writing(NewCell.Delete("b", "n")), Cancellation)).CellVersions[0].Version.Value);
    }

    [Fact]
    public async Task A_torn_append_of_cells_is_cut_and_a_whole_one_is_written_anew()
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0, PreallocationBytesMin = 0 };
        var ledger = await Ledger.OpenAsync("l", options, Cancellation);
        await ledger.AppendAsync(Writing(NewCell.Put("b", "n", "1")), Cancellation);
        var last = await ledger.AppendAsync(Writing(NewCell.Put("b", "n", "2"), NewCell.Put("b", "m", "2")), Cancellation);

        var whole = files.Clone();
        await using (var again = await Ledger.OpenAsync("l", options with { FileSystem = whole }, Cancellation))
        {
            Assert.False(again.Opening.WasClosedCleanly);
            Assert.Equal(("2", "2"), (await Value(again, "b", "n"), await Value(again, "b", "m")));
            Assert.True((await again.AppendAsync(Writing(NewCell.Put("b", "n", "3")), Cancellation)).RecordedAt > last.RecordedAt);
            Assert.Equal(3, (await again.ReadCellAsync("b", "n", Cancellation))!.Version.Value);
        }

        var torn = files.Clone();
        torn.Delete("l/HEAD"); // which would say that what is missing was durable
        var segment = Assert.Single(torn.Paths, LedgerLayout.IsSegment);
        using (var file = torn.Open(segment, FileOpening.Existing)) file.Write(new byte[4], torn.LastWrittenByte(segment) - 20);
        await using (var again = await Ledger.OpenAsync("l", options with { FileSystem = torn }, Cancellation))
        {
            Assert.True(again.Opening.TornTailBytes > 0);
            Assert.Empty(again.Damage);
            Assert.Equal(("1", null), (await Value(again, "b", "n"), await Value(again, "b", "m")));
        }

        await ledger.DisposeAsync();
    }

    static int LastBelow(int count, Func<int, bool> isIt) => Enumerable.Range(0, count).Where(isIt).DefaultIfEmpty(-1).Last();
}
