using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone.Tests.Guide;
using Console = Factstone.Tests.Guide.Console;

namespace Factstone.Tests.Samples.Inline;

/// <summary>An inline projection with snapshots.</summary>
[Collection<OneAtATime>]
public sealed class StockSample
{
    [Fact]
    public async Task A_read_after_an_append_sees_it_in_this_process_and_in_the_next()
    {
        using var folder = new ScratchFolder();
        var output = Console.Capture();

        await ProgramAsync();
        await ProgramAsync();

        Assert.Equal(["70 on hand as of position 2", "140 on hand as of position 4"], output);
    }

    static async Task ProgramAsync()
    {
        await using var ledger = await Ledger.OpenAsync("./warehouse", new LedgerOptions
        {
            Types = new FactTypes(StockJson.Default).Add<Received>("received").Add<Picked>("picked"),
            InlineProjections = [Stock.Projection],
        });

        await ledger.AppendAsync("stock/sku-1", [new Received(100), new Picked(30)]);

        var stock = await ledger.ReadProjectionAsync(Stock.Projection, key: "sku-1");
        Console.WriteLine($"{stock.State.OnHand} on hand as of position {stock.Position}");   // 70
    }
}

public sealed record Received(int Quantity);
public sealed record Picked(int Quantity);

public sealed record Stock(int OnHand)
{
    public static readonly Projection<Stock> Projection = new()
    {
        Name = "stock",
        Version = 1,
        Source = FactQuery.Store("stock"),
        GroupBy = fact => fact.Stream.Key,
        Seed = new Stock(0),
        Step = (stock, fact) => fact.Value switch
        {
            Received e => stock with { OnHand = stock.OnHand + e.Quantity },
            Picked e => stock with { OnHand = stock.OnHand - e.Quantity },
            _ => stock,
        },
        Json = StockJson.Default.Stock,
        SnapshotEvery = 500,
    };
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Received))]
[JsonSerializable(typeof(Picked))]
[JsonSerializable(typeof(Stock))]
internal sealed partial class StockJson : JsonSerializerContext;
