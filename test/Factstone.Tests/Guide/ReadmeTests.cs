using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Guide.Readme;

/// <summary>README.md</summary>
[Collection<OneAtATime>]
public sealed class ReadmeTests
{
    [Fact]
    public async Task The_code_of_the_readme_runs()
    {
        using var folder = new ScratchFolder();
        var output = Console.Capture();

        await RunAsync();

        Assert.Equal(
            [
                "version 2, durable at position 2",
                "OrderPlaced { Customer = Ada, Total = 129.90 }",
                "OrderShipped { Carrier = DHL }",
            ],
            output);
    }

    static async Task RunAsync()
    {
        await using var ledger = await Ledger.OpenAsync("./data", new LedgerOptions
        {
            Types = new FactTypes(FactsJson.Default).Add<OrderPlaced>("order-placed").Add<OrderShipped>("order-shipped"),
        });
        var receipt = await ledger.AppendAsync("orders/42", [new OrderPlaced("Ada", 129.90m)]);

        var isShipped = new Projection<bool>
        {
            Name = "is-shipped",
            Seed = false,
            Step = (shipped, fact) => shipped || fact.Value is OrderShipped,
        };
        var decided = await ledger.DecideAsync(isShipped, "orders/42", shipped => shipped ? [] : [new OrderShipped("DHL")]);
        Console.WriteLine($"version {decided.Version}, durable at position {decided.Receipt?.LastPosition}");

        var then = ledger.AsOf(receipt.LastPosition);
        Console.WriteLine((await then.ReadLatestAsync("orders/42"))?.Value);     // OrderPlaced { Customer = Ada, Total = 129.90 }
        Console.WriteLine((await ledger.ReadLatestAsync("orders/42"))?.Value);   // OrderShipped { Carrier = DHL }
    }
}

public sealed record OrderPlaced(string Customer, decimal Total);

public sealed record OrderShipped(string Carrier);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderShipped))]
internal sealed partial class FactsJson : JsonSerializerContext;
