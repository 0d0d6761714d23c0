using System.Text.Json;
using System.Text.Json.Serialization;
using SalesJson = Factstone.Tests.Guide.ChangedTypes.ChangedSalesJson;

namespace Factstone.Tests.Guide.ChangedTypes;

/// <summary>docs/guide/facts-and-types.md, the change of a type.</summary>
public sealed class ChangedTypesTests
{
    [Fact]
    public void Samples_of_all_versions_are_read()
    {
        Sales.Types.Verify(
            new FactSample(new OrderPlaced("c7", 129.90m, "EUR"), """{"customer":"c7","total":129.90,"currency":"EUR"}"""),
            new FactSample(new OrderPlaced("c7", 129.90m, "EUR"), """{"customer":"c7","total":129.90}""", SchemaVersion: 1),
            new FactSample(new OrderShipped("DHL"), """{"carrier":"DHL"}"""));
    }

    [Fact]
    public async Task Facts_of_both_versions_are_values_of_the_second()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Sales.Types });
        await ledger.AppendAsync(new NewFact("orders/42", "order-placed", """{"customer":"c7","total":129.90}"""));
        await ledger.AppendAsync("orders/43", [new OrderPlaced("c7", 20m, "CHF")]);

        var facts = await ledger.ReadAsync().ToListAsync();

        Assert.Equal([new OrderPlaced("c7", 129.90m, "EUR"), new OrderPlaced("c7", 20m, "CHF")], facts.Select(static fact => fact.Value));
        Assert.Equal([1L, 2L], facts.Select(static fact => fact.SchemaVersion));
        Assert.Equal("""{"customer":"c7","total":129.90}""", facts[0].Json);
    }
}

public sealed record OrderPlaced(string Customer, decimal Total, string Currency);

public static class Sales
{
    public static readonly FactTypes Types = new FactTypes(SalesJson.Default)
        .Add<OrderPlaced>("order-placed", order => [$"customer:{order.Customer}"], schemaVersion: 2)
        .Upcast("order-placed", from: 1, json =>
        {
            json["currency"] = "EUR";
            return json;
        })
        .Add<OrderShipped>("order-shipped");
}

public sealed record OrderShipped(string Carrier);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderShipped))]
internal sealed partial class ChangedSalesJson : JsonSerializerContext;
