
namespace Factstone.Tests.Types;

/// <summary>Appends of values.</summary>
public sealed class TypedAppendTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_value_is_stored_under_its_type_with_its_tags_and_read_back()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = ShopTypes.All.Add<Price>("price", schemaVersion: 3) }, Cancellation);

        var receipt = await ledger.AppendAsync("orders/42", [new OrderPlaced("Ada", 129.90m), new OrderShipped("DHL")], Cancellation);
        await ledger.AppendAsync(new NewFact("prices/1", new Price(7, "EUR", 2, "list", "shop", true)) { Tags = ["b", "a"], Correlation = "c" }, Cancellation);
        await ledger.AppendAsync(new NewFact("orders/42", new OrderPlaced("Eve", 1)) { Tags = ["vip", "customer:Eve"] }, Cancellation);

        Assert.Equal(2, receipt.LastPosition.Value);
        var facts = await ledger.ReadAsync(cancellationToken: Cancellation).ToListAsync(Cancellation);
        Assert.Equal(["order-placed", "order-shipped", "price", "order-placed"], facts.Select(static fact => fact.Type));
        Assert.Equal("""{"customer":"Ada","total":129.90}""", facts[0].Json);
        Assert.Equal([new OrderPlaced("Ada", 129.90m), new OrderShipped("DHL"), new Price(7, "EUR", 2, "list", "shop", true), new OrderPlaced("Eve", 1)], facts.Select(static fact => fact.Value));
        Assert.Equal(["customer:Ada"], facts[0].Tags);
        Assert.Equal(["a", "b"], facts[2].Tags);
        Assert.Equal(["customer:Eve", "vip"], facts[3].Tags);
        Assert.Equal(3, facts[2].SchemaVersion);
        Assert.Equal("c", facts[2].Correlation);
        Assert.Equal(2, await ledger.CountAsync(FactQuery.Types("order-placed"), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_value_that_cannot_be_stored_as_it_is_meant_is_refused_and_nothing_is_written()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = ShopTypes.All }, Cancellation);
        await using var untyped = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var order = new OrderPlaced("Ada", 1);

        await Refused<FactTypesException>(ledger, new NewFact("s/1", new Price(1, "", 0, "", "", true)), ".Add<Price>(\"price\")");
        await Refused<FactTypesException>(ledger, new NewFact("s/1", (object)"text"), "System.String is not registered");
        await Refused<FactTypesException>(untyped, new NewFact("s/1", order), "Types = new FactTypes(...).Add<OrderPlaced>");
        await Refused<ArgumentException>(ledger, new NewFact("s/1", order) { Type = "other" }, "Leave them out");
        await Refused<ArgumentException>(ledger, new NewFact("s/1", order) { Payload = "{}"u8.ToArray() }, "Leave them out");
        await Refused<ArgumentException>(ledger, new NewFact("s/1", order) { SchemaVersion = 2 }, "Leave them out");
        await Refused<ArgumentException>(ledger, new NewFact("s/1", new NewFact("s/2", order)), "itself a NewFact");
        Assert.Equal(0, (await ledger.GetHeadAsync(Cancellation)).Value);
        Assert.Equal(0, (await untyped.GetHeadAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task A_repeat_of_a_value_is_recognised()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = ShopTypes.All }, Cancellation);
        AppendRequest Request(decimal total) => new(new NewFact("orders/42", new OrderPlaced("Ada", total))) { AppendId = "hook-1" };

        Assert.IsType<AppendOutcome.Committed>(await ledger.TryAppendAsync(Request(1), Cancellation));
        Assert.IsType<AppendOutcome.Duplicate>(await ledger.TryAppendAsync(Request(1), Cancellation));
        Assert.IsType<AppendOutcome.AppendIdReused>(await ledger.TryAppendAsync(Request(2), Cancellation));
    }

    static async Task Refused<T>(Ledger ledger, NewFact fact, string why) where T : Exception =>
        Assert.Contains(why, (await Assert.ThrowsAsync<T>(async () => await ledger.AppendAsync(fact, Cancellation))).Message, StringComparison.Ordinal);
}
