using System.Text.Json.Nodes;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Types;

/// <summary>The payload of a fact as a value of a CLR type, on every way to read it, and older schema versions of it.</summary>
public sealed class FactValueTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_read_gives_the_value()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = ShopTypes.All }, Cancellation);
        await ledger.AppendAsync(new NewFact("orders/42", "order-placed", """{"customer":"Ada","total":129.90}"""), Cancellation);
        var expected = new OrderPlaced("Ada", 129.90m);

        Assert.Equal(expected, (await ledger.ReadLatestAsync("orders/42", cancellationToken: Cancellation))!.Value);
        Assert.Equal(expected, (await ledger.ReadAsync(cancellationToken: Cancellation).SingleAsync(Cancellation)).Value);
        Assert.Equal(expected, (await ledger.ReadAsync(FactQuery.Types("order-placed"), cancellationToken: Cancellation).SingleAsync(Cancellation)).Value);
        Assert.Equal(expected, (await ledger.ReadStreamAsync("orders/42", cancellationToken: Cancellation).SingleAsync(Cancellation)).Value);
        Assert.Equal(expected, await ledger.FoldAsync<object?>(null, static (ref value, in fact) =>
        {
            value = fact.ToFact().Value;
            return true;
        }, cancellationToken: Cancellation));
        Assert.Equal([expected], await InPlaceAsync(ledger));
        Assert.Equal(expected, await ledger.FoldLatestAsync<object?>("orders/42", null, static (ref value, in fact) =>
        {
            value = fact.ReadValue();
            return true;
        }, cancellationToken: Cancellation));
        var conflict = Assert.IsType<AppendOutcome.Conflict>(await ledger.TryAppendAsync(
            new AppendRequest(new NewFact("orders/42", "order-placed", "{}")) { Conditions = [AppendCondition.StreamMissing("orders/42")] }, Cancellation));
        Assert.Equal(expected, Assert.Single(conflict.Facts).Value);
        await foreach (var fact in ledger.FollowAsync(cancellationToken: Cancellation))
        {
            Assert.Equal(expected, fact.Value);
            Assert.Same(fact.Value, fact.Value);
            break;
        }
    }

    [Fact]
    public async Task A_fact_without_a_registered_type_or_without_json_has_no_value()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = ShopTypes.All }, Cancellation);
        await ledger.AppendAsync(new NewFact("s/1", "of-another-program", """{"a":1}"""), Cancellation);
        await ledger.AppendAsync(new NewFact("s/1", "order-placed", new byte[] { 1, 2 }) { ContentType = "image/png" }, Cancellation);
        await ledger.AppendAsync(NewFact.Retraction("s/1", "order-placed"), Cancellation);

        var facts = await ledger.ReadAsync(cancellationToken: Cancellation).ToListAsync(Cancellation);

        Assert.All(facts, static fact => Assert.Null(fact.Value));
        Assert.Equal(new object?[] { null, null, null }, await InPlaceAsync(ledger));
        Assert.Equal("""{"a":1}""", facts[0].Json);
    }

    [Fact]
    public async Task A_payload_that_does_not_fit_names_its_fact_and_harms_no_other()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = ShopTypes.All }, Cancellation);
        await ledger.AppendAsync(new NewFact("orders/1", "order-placed", """{"customer":"Ada","total":"much"}"""), Cancellation);
        await ledger.AppendAsync(new NewFact("orders/2", "order-placed", "null"), Cancellation);
        await ledger.AppendAsync(new NewFact("orders/3", "order-placed", """{"customer":"Eve","total":1}"""), Cancellation);

        var facts = await ledger.ReadAsync(cancellationToken: Cancellation).ToListAsync(Cancellation);

        var failure = Assert.Throws<FactValueException>(() => facts[0].Value);
        Assert.Same(facts[0], failure.Fact);
        Assert.Contains("@1 orders/1 v1 order-placed", failure.Message, StringComparison.Ordinal);
        Assert.Contains("@2 orders/2", Assert.Throws<FactValueException>(() => facts[1].Value).Message, StringComparison.Ordinal);
        Assert.Equal(new OrderPlaced("Eve", 1), facts[2].Value);
        Assert.Equal("null", facts[1].Json);
        Assert.Equal(failure.Message, (await Assert.ThrowsAsync<FactValueException>(() => InPlaceAsync(ledger))).Message);
    }

    [Fact]
    public async Task Facts_of_six_schema_versions_become_values_of_the_last()
    {
        var types = ShopTypes.Empty.Add<Price>("price", schemaVersion: 6)
            .Upcast("price", 1, static json => With(json, "currency", "EUR"))
            .Upcast("price", 2, static json => With(json, "decimals", 2))
            .Upcast("price", 3, static json => With(json, "kind", "list"))
            .Upcast("price", 4, static json => new JsonObject { ["amount"] = json["amount"]!.DeepClone(), ["currency"] = (string)json["currency"]!, ["decimals"] = (int)json["decimals"]!, ["kind"] = (string)json["kind"]!, ["source"] = "shop" })
            .Upcast("price", 5, static json => With(json, "isNet", true));
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = types }, Cancellation);
        string[] payloads =
        [
            """{"amount":7}""",
            """{"amount":7,"currency":"EUR"}""",
            """{"amount":7,"currency":"EUR","decimals":2}""",
            """{"amount":7,"currency":"EUR","decimals":2,"kind":"list"}""",
            """{"amount":7,"currency":"EUR","decimals":2,"kind":"list","source":"shop"}""",
            """{"amount":7,"currency":"EUR","decimals":2,"kind":"list","source":"shop","isNet":true}""",
        ];
        for (var i = 0; i < payloads.Length; i++) await ledger.AppendAsync(new NewFact("prices/1", "price", payloads[i]) { SchemaVersion = i + 1 }, Cancellation);

        var facts = await ledger.ReadAsync(cancellationToken: Cancellation).ToListAsync(Cancellation);

        Assert.All(facts, static fact => Assert.Equal(new Price(7, "EUR", 2, "list", "shop", true), fact.Value));
        Assert.Equal(facts.Select(static fact => fact.Value), await InPlaceAsync(ledger));
        Assert.Equal(payloads, facts.Select(static fact => fact.Json)); // what is stored stays
    }

    [Theory]
    [InlineData(1, "planted")]
    [InlineData(2, "the upcaster from schema version 2 returned null")]
    [InlineData(3, "Add to FactTypes: .Upcast(\"price\", from: 3, json => ...)")]
    [InlineData(5, "A newer release has written it")]
    public async Task An_older_or_newer_version_that_cannot_be_read_names_the_fact(long version, string why)
    {
        var types = ShopTypes.Empty.Add<Price>("price", schemaVersion: 4)
            .Upcast("price", 1, static _ => throw new InvalidOperationException("planted"))
            .Upcast("price", 2, static _ => null!);
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = types }, Cancellation);
        await ledger.AppendAsync(new NewFact("prices/1", "price", """{"amount":7}""") { SchemaVersion = version }, Cancellation);
        var fact = await ledger.ReadAsync(cancellationToken: Cancellation).SingleAsync(Cancellation);

        var failure = Assert.Throws<FactValueException>(() => fact.Value);

        Assert.StartsWith("Fact @1 prices/1 v1 price does not become", failure.Message, StringComparison.Ordinal);
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        Assert.Equal("""{"amount":7}""", fact.Json);
        Assert.Equal(failure.Message, (await Assert.ThrowsAsync<FactValueException>(() => InPlaceAsync(ledger))).Message);
    }

    /// <summary>The values of all facts, read from the ledger's file.</summary>
    static async Task<List<object?>> InPlaceAsync(Ledger ledger) => await ledger.FoldAsync(new List<object?>(), static (ref values, in fact) =>
    {
        values.Add(fact.ReadValue());
        return true;
    }, cancellationToken: Cancellation);

    [Fact]
    public async Task A_fact_of_an_older_version_has_its_value_on_every_read()
    {
        var types = ShopTypes.Empty.Add<OrderShipped>("order-shipped", schemaVersion: 3)
            .Upcast("order-shipped", 1, static json => new JsonObject { ["by"] = (string)json["old"]! })
            .Upcast("order-shipped", 2, static json => new JsonObject { ["carrier"] = (string)json["by"]! });
        var store = new RecordStore<OrderShipped>("orders", ShopJson.Default.OrderShipped);
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = types, Records = [store] }, Cancellation);
        StreamName stream = "orders/1";
        await ledger.AppendAsync(new NewFact(stream, "order-shipped", """{"old":"a"}"""), Cancellation);
        await ledger.AppendAsync(new NewFact(stream, "order-shipped", """{"by":"b"}""") { SchemaVersion = 2 }, Cancellation);
        await ledger.AppendAsync(new NewFact(stream, new OrderShipped("c")), Cancellation);
        OrderShipped[] expected = [new("a"), new("b"), new("c")];
        var query = FactQuery.Types("order-shipped");
        var last = (await ledger.ReadAtAsync(new Position(3), Cancellation))!;

        Assert.Equal(expected, await ledger.ReadAsync(cancellationToken: Cancellation).Select(static fact => fact.Value).ToListAsync(Cancellation));
        Assert.Equal(expected.Reverse(), await ledger.ReadAsync(query, new ReadOptions { Backward = true }, Cancellation).Select(static fact => fact.Value).ToListAsync(Cancellation));
        Assert.Equal(expected, await ledger.ReadStreamAsync(stream, cancellationToken: Cancellation).Select(static fact => fact.Value).ToListAsync(Cancellation));
        Assert.Equal(expected, await ledger.FoldAsync(new List<object?>(), Add, cancellationToken: Cancellation));
        Assert.Equal(expected, await ledger.FoldAsync(query, new List<object?>(), Add, cancellationToken: Cancellation));
        Assert.Equal(expected, await ledger.FoldStreamAsync(stream, new List<object?>(), Add, cancellationToken: Cancellation));
        Assert.Equal(expected[2], (await ledger.FindAsync(last.Id, Cancellation))!.Value);
        var projection = new Projection<string>() { Name = "carriers", Seed = "", Step = static (carriers, fact) => carriers + ((OrderShipped)fact.Value!).Carrier };
        Assert.Equal("abc", (await ledger.ProjectAsync(projection, stream, Cancellation)).State);
        for (var position = 1; position <= 3; position++)
        {
            var (then, value) = (ledger.AsOf(new Position(position)), expected[position - 1]);
            Assert.Equal(value, (await ledger.ReadAtAsync(new Position(position), Cancellation))!.Value);
            Assert.Equal(value, (await then.ReadLatestAsync(stream, cancellationToken: Cancellation))!.Value);
            Assert.Equal([value], await then.FoldLatestAsync(stream, new List<object?>(), Add, cancellationToken: Cancellation));
            Assert.Equal(value, (await then.ListAsync("orders", cancellationToken: Cancellation).SingleAsync(Cancellation)).Value);
            Assert.Equal(value, (await then.ListStreamsAsync("orders", new ListOptions { WithLatestFacts = true }, Cancellation).SingleAsync(Cancellation)).LatestFact!.Value);
            Assert.Equal(value, (await then.Records(store).ReadAsync("1", Cancellation))!.Value);
            Assert.Equal(value, (await then.Records(store).ListAsync(cancellationToken: Cancellation).SingleAsync(Cancellation)).Value);
        }

        Assert.Equal(expected, await ledger.Records(store).ReadHistoryAsync("1", cancellationToken: Cancellation).Select(static change => change.Record!.Value).ToListAsync(Cancellation));
        var conflict = Assert.IsType<AppendOutcome.Conflict>(await ledger.TryAppendAsync(new AppendRequest(new NewFact(stream, new OrderShipped("d"))) { Conditions = [AppendCondition.StreamMissing(stream)] }, Cancellation));
        Assert.Equal(expected, conflict.Facts.Select(static fact => fact.Value));
        Assert.Equal(expected[2], Assert.IsType<RecordOutcome<OrderShipped>.Conflict>(await ledger.Records(store).CompareAndWriteAsync("1", new StreamVersion(2), new OrderShipped("d"), Cancellation)).Actual!.Value);
        Assert.Equal("abc", (await ledger.DecideAsync(projection, stream, static _ => [], cancellationToken: Cancellation)).State);

        var follower = ledger.OpenFollower(query);
        var consumer = ledger.Consumer("values", query);
        await using var consumed = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        foreach (var value in expected)
        {
            Assert.True(follower.TryRead(out var fact));
            Assert.Equal(value, fact.Value);
            Assert.True(await consumed.MoveNextAsync());
            Assert.Equal(value, consumed.Current.Value);
        }

        static bool Add(ref List<object?> values, in FactView fact)
        {
            values.Add(fact.ToFact().Value);
            return true;
        }
    }

    // The first upcaster returned one object for all facts, and the second one changed it in place. So the value of a fact depended on
    // how many facts had been read before it.
    [Fact]
    public async Task An_upcaster_gets_an_object_of_its_own_also_when_the_one_before_returns_a_shared_one()
    {
        var shared = new JsonObject { ["carrier"] = "a" };
        var types = ShopTypes.Empty.Add<OrderShipped>("order-shipped", schemaVersion: 3)
            .Upcast("order-shipped", 1, _ => shared)
            .Upcast("order-shipped", 2, static json => With(json, "carrier", (string)json["carrier"]! + "b"));
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = types }, Cancellation);
        for (var i = 0; i < 3; i++) await ledger.AppendAsync(new NewFact("orders/1", "order-shipped", "{}"), Cancellation);

        await foreach (var fact in ledger.ReadAsync(cancellationToken: Cancellation)) Assert.Equal(new OrderShipped("ab"), fact.Value);
        Assert.Equal("""{"carrier":"a"}""", shared.ToJsonString());
    }

    // An upcaster kept what it got and what it returned, and changed both when the next fact was read.
    [Fact]
    public async Task What_an_upcaster_keeps_and_changes_later_changes_no_value()
    {
        var kept = new List<JsonObject>();
        var types = ShopTypes.Empty.Add<OrderShipped>("order-shipped", schemaVersion: 2).Upcast("order-shipped", 1, json =>
        {
            foreach (var earlier in kept) earlier["carrier"] = "changed";
            kept.Add(json);
            return json;
        });
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = types }, Cancellation);
        for (var i = 0; i < 3; i++) await ledger.AppendAsync(new NewFact("orders/1", "order-shipped", $$"""{"carrier":"{{i}}"}"""), Cancellation);

        var facts = await ledger.ReadAsync(cancellationToken: Cancellation).ToListAsync(Cancellation);
        for (var read = 0; read < 2; read++)
            for (var i = 0; i < facts.Count; i++) Assert.Equal(new OrderShipped($"{i}"), facts[i].Value);
        Assert.Equal(3, kept.Count);
    }

    // The ledger takes JSON that is nested up to 128 deep. A payload deeper than 64 had a value in its present version, and none in an older one.
    [Fact]
    public async Task A_payload_of_any_depth_that_the_ledger_takes_can_be_upcast()
    {
        var types = ShopTypes.Empty.Add<OrderShipped>("order-shipped", schemaVersion: 2).Upcast("order-shipped", 1, static json => new JsonObject { ["carrier"] = (string)json["old"]! });
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = types }, Cancellation);
        var deep = new string('[', 127) + new string(']', 127);
        await ledger.AppendAsync(new NewFact("orders/1", "order-shipped", $$"""{"old":"ship","route":{{deep}}}"""), Cancellation);

        Assert.Equal(new OrderShipped("ship"), (await ledger.ReadLatestAsync("orders/1", cancellationToken: Cancellation))!.Value);
    }

    static JsonObject With(JsonObject json, string name, JsonNode value)
    {
        json[name] = value;
        return json;
    }
}
