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
    }

    static JsonObject With(JsonObject json, string name, JsonNode value)
    {
        json[name] = value;
        return json;
    }
}
