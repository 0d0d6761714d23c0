using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>Edge cases of each condition, and the content of a conflict.</summary>
public sealed class ConditionTests
{
    const string Stream = "orders/42";

    [Fact]
    public async Task A_stream_at_version_0_is_one_that_has_had_no_fact()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await Holds(ledger, AppendCondition.StreamAt(Stream, 0));
        await ledger.AppendAsync(NewFact.Retraction(Stream));

        var conflict = await Fails(ledger, AppendCondition.StreamAt(Stream, 0));

        Assert.Equal(new StreamVersion(1), conflict.ActualVersion);
        Assert.True(Assert.Single(conflict.Facts).Retracts);
    }

    // What was read as "not there" has version None, so that the version that was read is the condition to append on.
    [Fact]
    public async Task A_record_and_a_cell_at_version_0_have_no_value()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        var record = AppendCondition.RecordAt(Stream, StreamVersion.None);
        var cell = AppendCondition.CellAt("leases", "report", CellVersion.None);
        await Holds(ledger, record);
        await Holds(ledger, cell);
        await ledger.AppendAsync(new AppendRequest(new NewFact(Stream, null, "1")) { Cells = [NewCell.Put("leases", "report", "ada")] });

        var conflict = await Fails(ledger, record);
        Assert.Equal("1", Assert.Single(conflict.Facts).Json);
        Assert.Equal(1, (await Fails(ledger, cell)).ActualCellVersion.Value);

        await ledger.AppendAsync(new AppendRequest(NewFact.Retraction(Stream)) { Cells = [NewCell.Delete("leases", "report")] });
        await Holds(ledger, record);
        await Holds(ledger, cell);
    }

    // Conditions on streams concern the whole history, conditions on records the current value. A retraction affects only the latter.
    [Fact]
    public async Task A_retraction_ends_the_value_and_not_the_stream()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync(new NewFact(Stream, "placed", "1"));
        await Holds(ledger, AppendCondition.RecordAt(Stream, 1));
        await Holds(ledger, AppendCondition.RecordEquals(Stream, "1"));
        await Fails(ledger, AppendCondition.RecordMissing(Stream));

        await ledger.AppendAsync(NewFact.Retraction(Stream));

        await Holds(ledger, AppendCondition.StreamAt(Stream, 2));
        await Holds(ledger, AppendCondition.StreamExists(Stream));
        await Holds(ledger, AppendCondition.RecordMissing(Stream));
        Assert.Empty((await Fails(ledger, AppendCondition.RecordAt(Stream, 2))).Facts); // nothing came after version 2; it is the retraction
        Assert.Equal(new StreamVersion(2), Assert.Single((await Fails(ledger, AppendCondition.RecordAt(Stream, 1))).Facts).StreamVersion);
        Assert.True(Assert.Single((await Fails(ledger, AppendCondition.RecordEquals(Stream, "1"))).Facts).Retracts);
        await Fails(ledger, AppendCondition.StreamMissing(Stream));

        await ledger.AppendAsync(new NewFact(Stream, "placed", "null"));
        await Holds(ledger, AppendCondition.RecordAt(Stream, 3));
        await Holds(ledger, AppendCondition.RecordEquals(Stream, "null")); // JSON null is a value
    }

    [Fact]
    public async Task What_is_not_there_fails_with_version_0_and_no_facts()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        foreach (var condition in (AppendCondition[])[
            AppendCondition.StreamAt(Stream, 3), AppendCondition.StreamExists(Stream), AppendCondition.RecordAt(Stream, 1), AppendCondition.RecordEquals(Stream, "1")])
        {
            var conflict = await Fails(ledger, condition);
            Assert.Equal(StreamVersion.None, conflict.ActualVersion);
            Assert.Empty(conflict.Facts);
            Assert.True(conflict.IsComplete);
        }
    }

    // The caller's version is ahead of the ledger, so it comes from another ledger. No fact here conflicts with it.
    [Fact]
    public async Task A_version_ahead_of_the_stream_fails_without_facts()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync(new NewFact(Stream, "placed", "1"));

        foreach (var version in (long[])[2, 7, long.MaxValue])
        {
            Assert.Empty((await Fails(ledger, AppendCondition.StreamAt(Stream, version))).Facts);
            Assert.Empty((await Fails(ledger, AppendCondition.RecordAt(Stream, version))).Facts);
        }
    }

    [Theory]
    [InlineData("""{"a":1,"b":[true,null,"x"]}""", """{ "b" : [ true , null , "\u0078" ] , "a" : 1.0 }""", true)]
    [InlineData("100", "1e2", true)]
    [InlineData("100", "100.000", true)]
    [InlineData("-0", "0", true)]
    [InlineData("0.1", "1e-1", true)]
    [InlineData("1e400", "1e400", true)]
    [InlineData("1e400", "1.0e400", false)]
    [InlineData("9007199254740993", "9007199254740993", true)]
    [InlineData("9007199254740993", "9007199254740992", false)]
    [InlineData("9007199254740993", "9007199254740993.0", false)]
    [InlineData("\"1\"", "1", false)]
    [InlineData("[1,2]", "[2,1]", false)]
    [InlineData("""{"a":1}""", """{"a":1,"b":null}""", false)]
    [InlineData("\"é\"", "\"e\u0301\"", false)]
    [InlineData("\"é\"", "\"\\u00e9\"", true)]
    public async Task Values_are_compared_in_canonical_form(string stored, string asked, bool isEqual)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync(new NewFact(Stream, null, stored));

        if (isEqual) await Holds(ledger, AppendCondition.RecordEquals(Stream, asked));
        else Assert.Equal(stored, Assert.Single((await Fails(ledger, AppendCondition.RecordEquals(Stream, asked))).Facts).Json);
    }

    // The same comparison within one group, where the value is only in memory. A payload with the explicit content type application/json is
    // JSON like any other. In the group that wrote it, and only there, it was equal to no value.
    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"b":2,"a":1}""", null, true)]
    [InlineData("1", "2", null, false)]
    [InlineData("1", "1", "text/plain", false)]
    [InlineData("1", "1", "application/json", true)]
    [InlineData("", "1", null, false)]
    public async Task Values_of_the_same_group_are_compared_in_canonical_form(string stored, string asked, string? contentType, bool isEqual)
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        var write = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, System.Text.Encoding.UTF8.GetBytes(stored)) { ContentType = contentType }));
        var swap = ledger.TryAppendAsync(new AppendRequest(new NewFact("other/1", null, "0")) { Conditions = [AppendCondition.RecordEquals(Stream, asked)] });
        scheduler.TurnAll();

        Assert.IsType<AppendOutcome.Committed>(await write);
        Assert.Equal(isEqual, await swap is AppendOutcome.Committed);
    }

    [Fact]
    public async Task What_is_not_json_or_not_there_equals_nothing()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync(new NewFact("notes/1", null, "1"u8.ToArray()) { ContentType = "text/plain" });
        await ledger.AppendAsync(NewFact.WithoutPayload("notes/2", "seen"));

        await Fails(ledger, AppendCondition.RecordEquals("notes/1", "1"));
        await Fails(ledger, AppendCondition.RecordEquals("notes/2", "null"));
        await Holds(ledger, AppendCondition.RecordAt("notes/2", 1)); // it has a value, without a payload
    }

    [Fact]
    public async Task All_conditions_must_hold_and_the_first_that_fails_is_named()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync([new NewFact("a/1", null, "1"), new NewFact("b/1", null, "2"), new NewFact("b/1", null, "3"), NewFact.Retraction("c/1")]);
        AppendCondition[] holding =
        [
            AppendCondition.StreamAt("a/1", 1), AppendCondition.StreamMissing("d/1"), AppendCondition.StreamExists("c/1"),
            AppendCondition.RecordAt("b/1", 2), AppendCondition.RecordMissing("c/1"), AppendCondition.RecordEquals("b/1", "3.0"),
        ];
        AppendCondition[] failing =
        [
            AppendCondition.StreamAt("a/1", 0), AppendCondition.StreamMissing("c/1"), AppendCondition.StreamExists("d/1"),
            AppendCondition.RecordAt("b/1", 1), AppendCondition.RecordMissing("b/1"), AppendCondition.RecordEquals("b/1", "4"),
        ];
        await Holds(ledger, holding);
        for (var first = 0; first < failing.Length; first++)
        {
            AppendCondition[] mixed = [.. holding, failing[first], .. failing.Where((_, at) => at != first), .. holding];
            Assert.Same(failing[first], (await Fails(ledger, mixed)).Condition);
        }

        // The maximal number of conditions in an append.
        await Holds(ledger, [.. Enumerable.Range(0, FactLimits.ConditionsPerAppendMax).Select(i => holding[i % holding.Length])]);
    }

    [Fact]
    public async Task An_append_sees_what_appends_before_it_in_the_group_leave_and_not_its_own_facts()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        var create = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "1")) { Conditions = [AppendCondition.StreamMissing(Stream)] });
        var late = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "9")) { Conditions = [AppendCondition.StreamMissing(Stream)] });
        var next = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "2"), new NewFact(Stream, null, "3")) { Conditions = [AppendCondition.StreamAt(Stream, 1)] });
        var retract = ledger.TryAppendAsync(new AppendRequest(NewFact.Retraction(Stream)) { Conditions = [AppendCondition.RecordAt(Stream, 3)] });
        var missing = ledger.TryAppendAsync(new AppendRequest(new NewFact("other/1", null, "1")) { Conditions = [AppendCondition.RecordMissing(Stream)] });
        Assert.True(scheduler.Turn());
        Assert.False(scheduler.Turn());

        Assert.Equal(new Position(1), (await create).EnsureCommittedOrDuplicate().FirstPosition);
        Assert.Equal(new StreamVersion(1), Assert.IsType<AppendOutcome.Conflict>(await late).ActualVersion);
        Assert.Equal(new StreamVersion(3), (await next).EnsureCommittedOrDuplicate().StreamVersion);
        Assert.Equal(new StreamVersion(4), (await retract).EnsureCommittedOrDuplicate().StreamVersion);
        Assert.Equal(new Position(5), (await missing).EnsureCommittedOrDuplicate().LastPosition);
    }

    [Fact]
    public async Task A_conflict_brings_along_at_most_256_facts()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync([.. Enumerable.Range(1, 257).Select(i => new NewFact(Stream, null, $"{i}"))]);

        var all = await Fails(ledger, AppendCondition.StreamAt(Stream, 1));
        Assert.Equal(256, all.Facts.Count);
        Assert.True(all.IsComplete);
        Assert.Equal("2", all.Facts[0].Json);

        var some = await Fails(ledger, AppendCondition.StreamMissing(Stream));
        Assert.Equal(256, some.Facts.Count);
        Assert.False(some.IsComplete);
        Assert.Equal(new StreamVersion(257), some.ActualVersion);
        Assert.Equal("1", some.Facts[0].Json); // the oldest ones, so that a caller goes on from where it was
    }

    [Fact]
    public async Task A_conflict_brings_along_at_most_a_mebibyte()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        for (var i = 0; i < 5; i++) await ledger.AppendAsync(new NewFact(Stream, null, new byte[256 * 1_024]) { ContentType = "x" });

        var some = await Fails(ledger, AppendCondition.StreamMissing(Stream)); // four payloads alone are a mebibyte, and headers count too
        Assert.Equal(3, some.Facts.Count);
        Assert.False(some.IsComplete);
        var rest = await Fails(ledger, AppendCondition.StreamAt(Stream, 3));
        Assert.Equal(2, rest.Facts.Count);
        Assert.True(rest.IsComplete);

        await ledger.AppendAsync(new NewFact("large/1", null, new byte[2 * 1_024 * 1_024]) { ContentType = "x" });
        var none = await Fails(ledger, AppendCondition.StreamMissing("large/1"));
        Assert.Empty(none.Facts);
        Assert.False(none.IsComplete);
    }

    // The stream grows while a conflict is being returned. The conflict contains only the facts that it was decided on.
    [Fact]
    public async Task The_facts_of_a_conflict_end_with_the_version_it_names()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        var first = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "1")));
        var loser = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "0")) { Conditions = [AppendCondition.StreamMissing(Stream)] });
        var second = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "2")));
        scheduler.TurnAll();
        await first;
        await second;

        var conflict = Assert.IsType<AppendOutcome.Conflict>(await loser);
        Assert.Equal(new StreamVersion(1), conflict.ActualVersion);
        Assert.Equal("1", Assert.Single(conflict.Facts).Json);
    }

    [Fact]
    public async Task Append_throws_the_conflict_that_try_append_returns()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        var thrown = await Assert.ThrowsAsync<AppendConflictException>(async () => await ledger.AppendAsync(
            new AppendRequest(new NewFact(Stream, null, "1")) { Conditions = [AppendCondition.StreamExists(Stream)] }));

        Assert.Equal(AppendConditionKind.StreamExists, thrown.Conflict.Condition.Kind);
        Assert.Contains("stream orders/42 exists", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(Position.None, await ledger.GetHeadAsync());
    }

    // A caller reused one list of conditions for each append without waiting. The queued append was decided on the conditions of the next
    // one. With a shorter list, the writer's thread would have failed and ended the process.
    [Fact]
    public async Task A_list_of_conditions_may_be_used_again_at_once()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        var conditions = new List<AppendCondition> { AppendCondition.StreamExists("a/1") };
        var first = ledger.TryAppendAsync(new AppendRequest(new NewFact("a/1", null, "1")) { Conditions = conditions });
        conditions[0] = AppendCondition.StreamMissing("a/1");
        var second = ledger.TryAppendAsync(new AppendRequest(new NewFact("a/1", null, "1")) { Conditions = conditions });
        conditions.Clear();
        scheduler.TurnAll();

        Assert.IsType<AppendOutcome.Conflict>(await first);
        Assert.IsType<AppendOutcome.Committed>(await second);
    }

    // A caller put each expected value into the same buffer. That changed the value of a condition that was still queued.
    [Fact]
    public async Task A_buffer_with_an_expected_value_may_be_used_again_at_once()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        var expected = "1"u8.ToArray();
        var write = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "1")));
        var swap = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "2")) { Conditions = [AppendCondition.RecordEquals(Stream, expected)] });
        expected[0] = (byte)'7';
        scheduler.TurnAll();

        await write;
        Assert.IsType<AppendOutcome.Committed>(await swap);
    }

    // One caller sent three appends without waiting: the record becomes 2; if it is 2, it becomes 3;
    // then a fact elsewhere. The second was prepared while the record was 1 and decided a group
    // later. It was therefore prepared again and queued behind the third, which committed before it.
    [Fact]
    public async Task Appends_of_one_caller_keep_their_order_also_when_a_value_has_changed_since_they_were_prepared()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler, SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin });
        var first = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "1")));
        scheduler.TurnAll();
        await first;

        var become2 = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "2"), FillsAGroup()));
        var become3 = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "3")) { Conditions = [AppendCondition.RecordEquals(Stream, "2")] });
        var elsewhere = ledger.TryAppendAsync(new AppendRequest(new NewFact("elsewhere/1", null, "0")));
        Assert.True(scheduler.TurnAll() > 1);

        Assert.Equal(new Position(3), (await become2).EnsureCommittedOrDuplicate().LastPosition);
        Assert.Equal(new Position(4), (await become3).EnsureCommittedOrDuplicate().LastPosition);
        Assert.Equal(new Position(5), (await elsewhere).EnsureCommittedOrDuplicate().LastPosition);
    }

    // A value had changed after an append was prepared, and the disk refused the writer's read of the new one. Every append of the group
    // was told that nothing was written, but the writer kept those that it had already accepted.
    [Fact]
    public async Task A_value_that_cannot_be_read_fails_only_the_append_that_asks_for_it()
    {
        var scheduler = new SteppedScheduler();
        var files = new WatchedFiles(new MemoryFileSystem());
        await using var ledger = await Ledger.OpenAsync("unreadable", new LedgerOptions
        {
            FileSystem = files, PreallocationBytesMax = 0, Scheduler = scheduler, SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin,
        });
        var become2 = ledger.TryAppendAsync(new AppendRequest(FillsAGroup(), new NewFact(Stream, null, "2")));
        var before = ledger.TryAppendAsync(new AppendRequest(new NewFact("elsewhere/1", null, "0")));
        var become3 = ledger.TryAppendAsync(new AppendRequest(new NewFact(Stream, null, "3")) { Conditions = [AppendCondition.RecordEquals(Stream, "2")] });
        var behind = ledger.TryAppendAsync(new AppendRequest(new NewFact("elsewhere/1", null, "1")));
        Assert.True(scheduler.Turn());
        files.Reading = path => throw new LedgerIOException(path, "read", "Input/output error");
        Assert.True(scheduler.Turn());
        files.Reading = null;
        scheduler.TurnAll();

        Assert.Equal(new Position(2), (await become2).EnsureCommittedOrDuplicate().LastPosition);
        Assert.Equal(new Position(3), (await before).EnsureCommittedOrDuplicate().LastPosition);
        await Assert.ThrowsAsync<LedgerIOException>(async () => await become3);
        Assert.Equal(new Position(4), (await behind).EnsureCommittedOrDuplicate().LastPosition);
        Assert.Equal("2", (await ledger.ReadLatestAsync(Stream))!.Json);
    }

    /// <summary>A fact so large that its append forms a group of its own in segments of the minimal size.</summary>
    static NewFact FillsAGroup() => new("filler/1", null, new byte[StorageOptions.SegmentSizeBytesMin - 512]) { ContentType = "x" };

    static async Task Holds(Ledger ledger, params AppendCondition[] conditions) => Assert.IsType<AppendOutcome.Committed>(await Try(ledger, conditions));

    static async Task<AppendOutcome.Conflict> Fails(Ledger ledger, params AppendCondition[] conditions)
    {
        var head = await ledger.GetHeadAsync();
        var conflict = Assert.IsType<AppendOutcome.Conflict>(await Try(ledger, conditions));
        Assert.Equal(head, await ledger.GetHeadAsync());
        return conflict;
    }

    /// <summary>Appends to another stream, so that the streams in the conditions do not change.</summary>
    static async Task<AppendOutcome> Try(Ledger ledger, AppendCondition[] conditions) =>
        await ledger.TryAppendAsync(new AppendRequest(new NewFact("elsewhere/1", null, "0")) { Conditions = conditions });
}
