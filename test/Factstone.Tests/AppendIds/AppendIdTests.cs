using System.Globalization;
using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>An append id is recognised for ever. Whether other content under it is a repeat is the choice of the request.</summary>
public sealed class AppendIdTests
{
    const string Id = "order-42:place";

    static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task One_append_sent_1000_times_by_16_callers_and_across_a_reopen_is_stored_once_with_one_receipt()
    {
        var directory = TemporaryDirectory();
        var answers = new List<AppendOutcome>();
        for (var session = 0; session < 2; session++)
        {
            await using var ledger = await Ledger.OpenAsync(directory);
            var callers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
            {
                var mine = new List<AppendOutcome>();
                for (var i = 0; i < 32; i++) mine.Add(await ledger.TryAppendAsync(Request()));
                return mine;
            })));
            answers.AddRange(callers.SelectMany(mine => mine));

            Assert.Equal(new Position(3), await ledger.GetHeadAsync());
            Assert.Equal(1, (await ledger.GetStatisticsAsync()).AppendIds);
        }

        var first = Assert.Single(answers.OfType<AppendOutcome.Committed>()).Receipt;
        var repeats = answers.OfType<AppendOutcome.Duplicate>().ToList();
        Assert.True(answers.Count >= 1_000);
        Assert.Equal(answers.Count - 1, repeats.Count);
        foreach (var repeat in repeats) AssertSame(first, repeat.Receipt);
        Assert.Equal(["orders/42 2", "orders/43 1"], first.Versions.Select(one => $"{one.Stream} {one.Version}"));

        await using var again = await Ledger.OpenReadOnlyAsync(directory);
        AssertSame(first, (await again.FindAppendAsync(Id))!);
        Assert.Null(await again.FindAppendAsync(Id + "!"));
        Directory.Delete(directory, recursive: true);
    }

    // In one group, only the writer holds the first of the two appends.
    [Fact]
    public async Task A_repeat_in_the_same_group_has_the_receipt_of_the_first()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        var first = ledger.TryAppendAsync(Request());
        var repeat = ledger.TryAppendAsync(Request());
        var other = ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/42", "placed", "0")) { AppendId = Id });
        Assert.True(scheduler.Turn());

        var receipt = Assert.IsType<AppendOutcome.Committed>(await first).Receipt;
        AssertSame(receipt, Assert.IsType<AppendOutcome.Duplicate>(await repeat).Receipt);
        AssertSame(receipt, Assert.IsType<AppendOutcome.AppendIdReused>(await other).Receipt);
        Assert.Equal(new Position(3), await ledger.GetHeadAsync());
    }

    [Fact]
    public async Task Other_content_under_a_used_id_is_refused_also_after_a_reopen_and_a_million_other_ids()
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
        AppendReceipt receipt;
        await using (var ledger = await Ledger.OpenAsync("million", options))
        {
            receipt = await ledger.AppendAsync(Request());
            await using var appender = ledger.OpenAppender(new AppenderOptions { MaxInFlight = 8_192 });
            NewFact[] fact = [new NewFact("others/1", null, "0")];
            for (var i = 0; i < 1_000_000; i++)
                await appender.SendAsync(new AppendRequest { Facts = fact, AppendId = i.ToString(CultureInfo.InvariantCulture) });
            await appender.FlushAsync();
            await RefusesOtherContent(ledger);
        }

        await using (var ledger = await Ledger.OpenAsync("million", options))
        {
            Assert.Equal(1_000_001, (await ledger.GetStatisticsAsync()).AppendIds);
            await RefusesOtherContent(ledger);
            Assert.Equal(new Position(777_781), (await ledger.FindAppendAsync("777777"))!.FirstPosition);
        }

        async Task RefusesOtherContent(Ledger ledger)
        {
            var head = await ledger.GetHeadAsync();
            var other = Assert.IsType<AppendOutcome.AppendIdReused>(await ledger.TryAppendAsync(Request() with { Facts = [new NewFact("orders/42", "cancelled", "{}")] }));
            AssertSame(receipt, other.Receipt);
            Assert.Equal(Id, other.AppendId);
            AssertSame(receipt, Assert.IsType<AppendOutcome.Duplicate>(await ledger.TryAppendAsync(Request())).Receipt);
            var thrown = await Assert.ThrowsAsync<AppendIdReusedException>(async () => await ledger.AppendAsync(new AppendRequest(NewFact.WithoutPayload("orders/42", null)) { AppendId = Id }));
            Assert.Contains("position 1", thrown.Message, StringComparison.Ordinal);
            Assert.Equal(head, await ledger.GetHeadAsync());
        }
    }

    static NewFact Original { get; } = new("orders/42", "placed", """{"total":50,"for":"Jo"}""")
    {
        Tags = ["course:c1", "course:c2"],
        ValidFrom = Noon,
        ValidTo = Noon.AddDays(1),
        SchemaVersion = 2,
        Correlation = "order-42",
        Causation = Guid.Parse("018f0000-0000-7000-8000-000000000001"),
        Producer = """{"name":"shop"}""",
        Metadata = """{"traceparent":"00-aa-bb-01"}""",
    };

    public static TheoryData<string> SameContent() => ["as it was", "traceparent", "no metadata", "correlation", "causation", "producer", "order of tags", "payload as bytes", "JSON called by its name", "finer than a microsecond",
        "blanks", "order of members", "escape", "fraction of zero"];

    [Theory]
    [MemberData(nameof(SameContent))]
    public async Task What_a_retry_may_have_anew_is_not_other_content(string change)
    {
        var retry = change switch
        {
            "as it was" => Original,
            "traceparent" => Original with { Metadata = """{"traceparent":"00-aa-cc-01","user":"7"}""" },
            "no metadata" => Original with { Metadata = null },
            "correlation" => Original with { Correlation = "another" },
            "causation" => Original with { Causation = null },
            "producer" => Original with { Producer = """{"name":"shop","version":"2"}""" },
            "order of tags" => Original with { Tags = ["course:c2", "course:c1"] },
            "payload as bytes" => Original with { Payload = """{"total":50,"for":"Jo"}"""u8.ToArray() },
            "blanks" => Original with { Payload = "\t{ \"total\" : 50 , \"for\":\"Jo\" }\r\n"u8.ToArray() },
            "order of members" => Original with { Payload = """{"for":"Jo","total":50}"""u8.ToArray() },
            "escape" => Original with { Payload = """{"total":50,"f\u006Fr":"\u004ao"}"""u8.ToArray() },
            "fraction of zero" => Original with { Payload = """{"total":5.0e1,"for":"Jo"}"""u8.ToArray() },
            "JSON called by its name" => Original with { ContentType = "application/json" },
            _ => Original with { ValidFrom = Noon.AddTicks(9) },
        };
        Assert.IsType<AppendOutcome.Duplicate>(await SecondUnderTheSameId([Original], [retry]));
    }

    [Theory]
    [InlineData("key", "facts[0].stream")]
    [InlineData("store", "facts[0].stream")]
    [InlineData("type", "facts[0].type")]
    [InlineData("no type", "facts[0].type")]
    [InlineData("tag", "facts[0].tags")]
    [InlineData("fewer tags", "facts[0].tags")]
    [InlineData("valid from", "facts[0].validFrom")]
    [InlineData("no valid from", "facts[0].validFrom")]
    [InlineData("valid to", "facts[0].validTo")]
    [InlineData("no valid to", "facts[0].validTo")]
    [InlineData("schema version", "facts[0].schemaVersion")]
    [InlineData("retracts", "facts[0].retracts")]
    [InlineData("content type", "facts[0].contentType")]
    [InlineData("payload", "facts[0].payload")]
    [InlineData("one member more", "facts[0].payload")]
    [InlineData("text for a number", "facts[1].payload")]
    [InlineData("integer beyond a double", "facts[1].payload")]
    [InlineData("no payload", "facts[0].payload")]
    [InlineData("no payload of the second", "facts[1].payload")]
    [InlineData("one fact more", "facts.count")]
    [InlineData("fewer facts", "facts.count")]
    [InlineData("order of facts", "facts[0].stream")]
    [InlineData("a cell", "cells.count")]
    public async Task Everything_else_is_other_content_and_the_answer_names_the_field(string change, string field)
    {
        var second = new NewFact("orders/43", "noted", "9007199254740993");
        AppendRequest first = new([Original, second]) { AppendId = Id };
        NewFact[] retry = change switch
        {
            "key" => [Original with { Stream = "orders/421" }, second],
            "store" => [Original with { Stream = "order/s42" }, second],
            "type" => [Original with { Type = "Placed" }, second],
            "no type" => [Original with { Type = null }, second],
            "tag" => [Original with { Tags = ["course:c1", "course:c3"] }, second],
            "fewer tags" => [Original with { Tags = ["course:c1"] }, second],
            "valid from" => [Original with { ValidFrom = Noon.AddMicroseconds(1) }, second],
            "no valid from" => [Original with { ValidFrom = null }, second],
            "valid to" => [Original with { ValidTo = Noon.AddDays(2) }, second],
            "no valid to" => [Original with { ValidTo = null }, second],
            "schema version" => [Original with { SchemaVersion = 1 }, second],
            "retracts" => [Original with { Retracts = true, Payload = default }, second],
            "content type" => [Original with { ContentType = "application/xml" }, second],
            "payload" => [Original with { Payload = """{"total":51,"for":"Jo"}"""u8.ToArray() }, second],
            "one member more" => [Original with { Payload = """{"total":50,"for":"Jo","currency":"EUR"}"""u8.ToArray() }, second],
            "text for a number" => [Original, second with { Payload = "\"9007199254740993\""u8.ToArray() }],
            "integer beyond a double" => [Original, second with { Payload = "9007199254740992"u8.ToArray() }],
            "no payload" => [Original with { Payload = default }, second],
            "no payload of the second" => [Original, second with { Payload = default }],
            "one fact more" => [Original, second, second],
            "fewer facts" => [Original],
            "order of facts" => [second, Original],
            _ => [Original, second],
        };
        var later = first with { Facts = retry, Cells = change == "a cell" ? [NewCell.Put("b", "n", "1")] : [] };
        await using var ledger = await Ledger.OpenInMemoryAsync();
        var receipt = await ledger.AppendAsync(first);

        var reused = Assert.IsType<AppendOutcome.AppendIdReused>(await ledger.TryAppendAsync(later));
        var repeat = Assert.IsType<AppendOutcome.Duplicate>(await ledger.TryAppendAsync(later with { OnRepeat = RepeatPolicy.SameId }));

        Assert.Equal(field, reused.Difference);
        Assert.Equal(field, repeat.Difference);
        AssertSame(receipt, reused.Receipt);
        AssertSame(receipt, repeat.Receipt);
        Assert.Equal(new Position(2), await ledger.GetHeadAsync());
    }

    // Only JSON has another spelling. Text, and a cell that happens to hold JSON, are bytes.
    [Fact]
    public async Task Payloads_that_are_not_JSON_and_cells_are_compared_byte_for_byte()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        var first = new AppendRequest(new NewFact("a/1", null, "{}"u8.ToArray()) { ContentType = "text/plain" }) { AppendId = "text" };
        var cells = new AppendRequest { Cells = [NewCell.Put("b", "n", "{}"), NewCell.Put("b", "m", "{}")], AppendId = "cells" };
        await ledger.AppendAsync(first);
        await ledger.AppendAsync(cells);

        Assert.Equal("facts[0].payload", await Difference(first with { Facts = [first.Facts[0] with { Payload = "{ }"u8.ToArray() }] }));
        Assert.Equal("cells[1].value", await Difference(cells with { Cells = [cells.Cells[0], NewCell.Put("b", "m", "{ }")] }));
        Assert.Equal("cells[0].cell", await Difference(cells with { Cells = [NewCell.Put("b", "o", "{}"), cells.Cells[1]] }));
        Assert.Equal("cells[0].isDelete", await Difference(cells with { Cells = [NewCell.Delete("b", "n"), cells.Cells[1]] }));

        async Task<string> Difference(AppendRequest later) => Assert.IsType<AppendOutcome.AppendIdReused>(await ledger.TryAppendAsync(later)).Difference;
    }

    // A number that no double holds has no canonical form, so the text equals only itself.
    [Fact]
    public async Task JSON_without_a_canonical_form_is_a_repeat_only_byte_for_byte()
    {
        Assert.IsType<AppendOutcome.Duplicate>(await SecondUnderTheSameId([new NewFact("a/1", null, "[1e400]")], [new NewFact("a/1", null, "[1e400]")]));
        Assert.IsType<AppendOutcome.AppendIdReused>(await SecondUnderTheSameId([new NewFact("a/1", null, "[1e400]")], [new NewFact("a/1", null, "[1e400 ]")]));
    }

    // A payment provider delivers an event again after a release in which the record of the receiver gained a property. The
    // receiver refused it as another append, for ever, and the provider sent it again, for ever.
    [Fact]
    public async Task A_webhook_that_comes_again_after_a_release_gets_its_first_receipt()
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
        AppendReceipt receipt;
        await using (var before = await Ledger.OpenAsync("payments", options)) receipt = (await Deliver(before, """{"orderId":"42","amount":50}""")).EnsureCommittedOrDuplicate();

        await using var after = await Ledger.OpenAsync("payments", options);
        var again = Assert.IsType<AppendOutcome.Duplicate>(await Deliver(after, """{"orderId":"42","amount":50,"currency":"EUR"}"""));

        AssertSame(receipt, again.Receipt);
        Assert.Equal("facts[0].payload", again.Difference);
        Assert.Null(Assert.IsType<AppendOutcome.Duplicate>(await Deliver(after, """{ "amount" : 50, "orderId" : "42" }""")).Difference);
        Assert.Equal(new Position(1), await after.GetHeadAsync());

        static ValueTask<AppendOutcome> Deliver(Ledger ledger, string captured) => ledger.TryAppendAsync(new AppendRequest(new NewFact("payments/p1", "payment-captured", captured)) { AppendId = "psp:evt-1", OnRepeat = RepeatPolicy.SameId });
    }

    // The writer sees both requests in one group, before the first has a place in the log. The answers are those of a later group.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_policy_answers_within_a_group_as_across_groups(bool isOneGroup)
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        var first = ledger.TryAppendAsync(Request());
        if (!isOneGroup) scheduler.TurnAll();
        var spelled = ledger.TryAppendAsync(Request("{ \"total\" : 50 }"));
        var other = ledger.TryAppendAsync(Request("""{"total":51}"""));
        var sameId = ledger.TryAppendAsync(Request("""{"total":51}""") with { OnRepeat = RepeatPolicy.SameId });
        scheduler.TurnAll();

        var receipt = Assert.IsType<AppendOutcome.Committed>(await first).Receipt;
        AssertSame(receipt, Assert.IsType<AppendOutcome.Duplicate>(await spelled).Receipt);
        var reused = Assert.IsType<AppendOutcome.AppendIdReused>(await other);
        AssertSame(receipt, reused.Receipt);
        Assert.Equal("facts[0].payload", reused.Difference);
        var repeat = Assert.IsType<AppendOutcome.Duplicate>(await sameId);
        AssertSame(receipt, repeat.Receipt);
        Assert.Equal("facts[0].payload", repeat.Difference);
        Assert.Equal(new Position(3), await ledger.GetHeadAsync());
    }

    [Fact]
    public async Task SameId_without_an_id_and_an_unknown_policy_are_refused()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.TryAppendAsync(Request() with { AppendId = null, OnRepeat = RepeatPolicy.SameId }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.TryAppendAsync(Request() with { OnRepeat = (RepeatPolicy)2 }));
        Assert.Equal(Position.None, await ledger.GetHeadAsync());
    }

    [Fact]
    public async Task A_retraction_and_a_fact_without_payload_are_not_the_same()
    {
        Assert.IsType<AppendOutcome.AppendIdReused>(await SecondUnderTheSameId([NewFact.WithoutPayload("a/1", null)], [NewFact.Retraction("a/1")]));
        Assert.IsType<AppendOutcome.Duplicate>(await SecondUnderTheSameId([NewFact.Retraction("a/1")], [NewFact.Retraction("a/1")]));
    }

    [Fact]
    public async Task A_conflict_does_not_use_an_id_up()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        var request = Request() with { Conditions = [AppendCondition.StreamExists("orders/1")] };
        Assert.IsType<AppendOutcome.Conflict>(await ledger.TryAppendAsync(request));
        Assert.Null(await ledger.FindAppendAsync(Id));
        await ledger.AppendAsync(NewFact.WithoutPayload("orders/1", "placed"));

        var receipt = Assert.IsType<AppendOutcome.Committed>(await ledger.TryAppendAsync(request)).Receipt;

        Assert.Equal(new Position(2), receipt.FirstPosition);
        AssertSame(receipt, (await ledger.FindAppendAsync(Id))!);
    }

    [Fact]
    public async Task A_full_disk_does_not_use_an_id_up()
    {
        var files = new MemoryFileSystem();
        await using var ledger = await Ledger.OpenAsync("full", new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 });
        files.CapacityBytes = 0;
        var large = new AppendRequest(new NewFact("a/1", null, new byte[1_000_000]) { ContentType = "x" }) { AppendId = Id };
        await Assert.ThrowsAsync<LedgerFullException>(async () => await ledger.TryAppendAsync(large));
        Assert.Null(await ledger.FindAppendAsync(Id));

        files.CapacityBytes = long.MaxValue;
        Assert.Equal(new StreamVersion(1), (await ledger.AppendAsync(large)).StreamVersion);
    }

    // The condition of an append was "the stream does not exist". A retry finds the stream that the first attempt created.
    [Fact]
    public async Task A_repeat_is_answered_before_any_condition()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        var request = Request() with { Conditions = [AppendCondition.StreamMissing("orders/42")] };
        var first = ledger.TryAppendAsync(request);
        var inTheSameGroup = ledger.TryAppendAsync(request);
        scheduler.TurnAll();
        var later = ledger.TryAppendAsync(request);
        scheduler.TurnAll();

        Assert.IsType<AppendOutcome.Committed>(await first);
        Assert.IsType<AppendOutcome.Duplicate>(await inTheSameGroup);
        Assert.IsType<AppendOutcome.Duplicate>(await later);
        Assert.Equal(new Position(1), (await ledger.AppendAsync(request)).FirstPosition); // for those who want the receipt, a repeat is done
    }

    [Fact]
    public async Task The_receipt_of_the_largest_append_is_repeated_as_it_was()
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
        var facts = Enumerable.Range(0, FactLimits.FactsPerAppendMax).Select(i => new NewFact($"s/{i * 7 % 1_000}", null, $"{i}")).ToArray();
        AppendReceipt receipt;
        await using (var ledger = await Ledger.OpenAsync("large", options)) receipt = await ledger.AppendAsync(new AppendRequest(facts) { AppendId = Id });
        await using (var ledger = await Ledger.OpenAsync("large", options))
        {
            AssertSame(receipt, (await ledger.FindAppendAsync(Id))!);
            Assert.Equal(1_000, receipt.Versions.Count);
            Assert.Equal(FactLimits.FactsPerAppendMax, receipt.Count);
            AssertSame(receipt, Assert.IsType<AppendOutcome.Duplicate>(await ledger.TryAppendAsync(new AppendRequest(facts) { AppendId = Id })).Receipt);
        }
    }

    // The id was looked up and not found. Before the other lookups, another caller committed the same append, and it moved from memory to a
    // run. The writer took the snapshot as complete and wrote the append a second time.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_id_that_is_used_and_goes_to_a_run_while_it_is_looked_for_is_recognised(bool isCellsAlone)
    {
        var scheduler = new SteppedScheduler();
        var files = new WatchedFiles(new MemoryFileSystem());
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0, MappedReads = false, Scheduler = scheduler };
        var long100 = new string('i', 100);
        await using (var ledger = await Ledger.OpenAsync("slow", options)) await Fill(ledger, 500);

        await using var again = await Ledger.OpenAsync("slow", options with { MemoryFactsMax = 4, MemoryBytesMax = isCellsAlone ? 1_000 : 1_000_000 });
        var rival = default(Task<AppendOutcome>);
        files.Reading = path =>
        {
            if (!path.EndsWith(".run", StringComparison.Ordinal)) return;
            files.Reading = null;
            rival = again.TryAppendAsync(Wanted()).AsTask();
            scheduler.TurnAll();
            Fill(again, 40).GetAwaiter().GetResult();
        };
        var late = again.TryAppendAsync(Wanted());
        scheduler.TurnAll();

        var first = Assert.IsType<AppendOutcome.Committed>(await rival!).Receipt;
        Assert.Equal(first.RecordedAt, Assert.IsType<AppendOutcome.Duplicate>(await late).Receipt.RecordedAt);

        AppendRequest Wanted() => isCellsAlone ? new AppendRequest { Cells = [NewCell.Put("b", "n", "1")], AppendId = Id } : Request();

        async Task Fill(Ledger ledger, int appends)
        {
            for (var i = 0; i < appends; i++)
            {
                var append = ledger.AppendAsync(new AppendRequest { Facts = isCellsAlone ? [] : [new NewFact("s/1", null, "1")], Cells = isCellsAlone ? [NewCell.Put("b", $"{appends}-{i}", "")] : [], AppendId = $"{long100}-{appends}-{i}" });
                scheduler.TurnAll();
                await append;
            }
        }
    }

    static AppendRequest Request(string placed = """{"total":50}""") => new(new NewFact("orders/42", "placed", placed), NewFact.WithoutPayload("orders/43", "noted"), new NewFact("orders/42", "paid", "{}")) { AppendId = Id };

    static async Task<AppendOutcome> SecondUnderTheSameId(NewFact[] first, NewFact[] second)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync(new AppendRequest(first) { AppendId = Id });
        return await ledger.TryAppendAsync(new AppendRequest(second) { AppendId = Id });
    }

    static void AssertSame(AppendReceipt expected, AppendReceipt actual)
    {
        Assert.Equal(expected with { Versions = [] }, actual with { Versions = [] });
        Assert.Equal(expected.Versions, actual.Versions);
    }

    static string TemporaryDirectory() => Path.Combine(Path.GetTempPath(), $"factstone-ids-{Guid.NewGuid():N}");
}
