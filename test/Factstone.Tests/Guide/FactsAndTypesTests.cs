using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Guide.FactsAndTypes;

/// <summary>docs/guide/facts-and-types.md, up to the change of a type.</summary>
public sealed class FactsAndTypesTests
{
    [Fact]
    public async Task Values_have_tags_and_are_read_back()
    {
        var output = Console.Capture();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Sales.Types });

        await ledger.AppendAsync("orders/42", [new OrderPlaced("c7", 129.90m)]);
        await ledger.AppendAsync(new NewFact("orders/43", new OrderPlaced("c7", 20m)) { Tags = ["gift"] });

        await foreach (var fact in ledger.ReadAsync(FactQuery.Tags("customer:c7")))
            Console.WriteLine($"{fact.Stream} {fact.Type} {fact.Json} {string.Join(' ', fact.Tags)}");

        Assert.Equal(CodeBlocks.OutputOf("facts-and-types.md")[0], output);
        await ledger.AppendAsync(new NewFact("orders/43", "of-another-program", """{"total":1000}"""));

        var total = 0m;
        await foreach (var fact in ledger.ReadAsync(FactQuery.Store("orders")))
        {
            total += fact.Value switch
            {
                OrderPlaced order => order.Total,
                _ => 0,                                  // other types, also those that this program does not know
            };
        }

        Assert.Equal(149.90m, total);

        var sum = await ledger.FoldAsync(FactQuery.Types("order-placed"), 0m, static (ref decimal sum, in FactView fact) =>
        {
            if (fact.ReadValue() is OrderPlaced order) sum += order.Total;
            return true;
        });

        Assert.Equal(149.90m, sum);
    }

    [Fact]
    public void Stored_facts_can_still_be_read() => Sales.Types.Verify(
        new FactSample(new OrderPlaced("c7", 129.90m), """{"customer":"c7","total":129.90}"""),
        new FactSample(new OrderShipped("DHL"), """{"carrier":"DHL"}"""));

    [Fact]
    public async Task A_fact_of_a_newer_release_is_refused_when_its_value_is_read()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Sales.Types });
        await ledger.AppendAsync(new NewFact("orders/42", "order-placed", """{"customer":"c7","total":1,"currency":"EUR"}""") { SchemaVersion = 2 });

        var fact = await ledger.ReadAsync().SingleAsync();

        Assert.Contains("A newer release has written it", Assert.Throws<FactValueException>(() => fact.Value).Message, StringComparison.Ordinal);
        Assert.Equal(["customer", "total", "currency"], JsonDocument.Parse(fact.Json!).RootElement.EnumerateObject().Select(static member => member.Name));
    }

    [Fact]
    public void A_member_that_may_be_missing_leaves_the_samples_as_they_are() =>
        new FactTypes(NotesJson.Default).Add<CustomerNoted>("customer-noted").Verify(new FactSample(new CustomerNoted("called"), """{"text":"called"}"""));
}

public sealed record OrderPlaced(string Customer, decimal Total);

public sealed record OrderShipped(string Carrier);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderShipped))]
internal sealed partial class SalesJson : JsonSerializerContext;

public static class Sales
{
    public static readonly FactTypes Types = new FactTypes(SalesJson.Default)
        .Add<OrderPlaced>("order-placed", order => [$"customer:{order.Customer}"])
        .Add<OrderShipped>("order-shipped");
}

public sealed record CustomerNoted(string Text, string? Author = null);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CustomerNoted))]
internal sealed partial class NotesJson : JsonSerializerContext;
