using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Guide.Projections;

/// <summary>docs/guide/projections.md</summary>
[Collection<OneAtATime>]
public sealed class ProjectionsGuideTests
{
    [Fact]
    public async Task An_inline_projection_is_in_step_and_outlives_the_process()
    {
        using var folder = new ScratchFolder();
        var output = Console.Capture();

        await ProgramAsync();

        Assert.Equal(CodeBlocks.OutputOf("projections.md")[0], output);
        output = Console.Capture();
        await ReopenedAsync();
        Assert.Equal(CodeBlocks.OutputOf("projections.md")[1], output);

        static async Task ProgramAsync()
        {
            await using var ledger = await Ledger.OpenAsync("./warehouse", new LedgerOptions
            {
                Types = Warehouse.Types,
                InlineProjections = [Stock.Projection],
            });

            await ledger.AppendAsync("stock/sku-1", [new Received(100), new Picked(30)]);

            var stock = await ledger.ReadProjectionAsync(Stock.Projection, key: "sku-1");
            Console.WriteLine($"{stock.State.OnHand} on hand as of position {stock.Position}");
        }

        static async Task ReopenedAsync()
        {
            await using var ledger = await Ledger.OpenAsync("./warehouse", new LedgerOptions { Types = Warehouse.Types, InlineProjections = [Stock.Projection] });
            await ledger.AppendAsync("stock/sku-2", [new Received(5)]);

            await foreach (var stock in ledger.ListProjectionAsync(Stock.Projection, new() { Prefix = "sku-", Limit = 100 }))
                Console.WriteLine($"{stock.Key}: {stock.State.OnHand}");
        }
    }

    [Fact]
    public async Task An_async_projection_is_waited_for()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Warehouse.Types, AsyncProjections = [Movements.Projection] });

        Assert.Equal(2, await CountAsync());
        Assert.Equal(2, (await ledger.ReadProjectionAsync(Movements.Projection, "in")).State);

        async Task<long> CountAsync()
        {
            var receipt = await ledger.AppendAsync("stock/sku-1", [new Received(100), new Picked(30), new Received(1)]);

            var movements = await ledger.ReadProjectionAsync(Movements.Projection, "in", atLeast: receipt.LastPosition, timeout.Token);
            return movements.State;
        }
    }

    [Fact]
    public async Task A_new_version_takes_over_when_it_is_built()
    {
        var output = Console.Capture();
        using var folder = new ScratchFolder();
        await using (var ledger = await Ledger.OpenAsync("./warehouse", new LedgerOptions { Types = Warehouse.Types, InlineProjections = [Stock.Projection] }))
            await ledger.AppendAsync("stock/sku-1", [new Received(100), new Picked(30), new Returned(2)]);

        await RebuildAsync();

        Assert.Equal("72, by version 2", output[^1]);

        static async Task RebuildAsync()
        {
            await using var ledger = await Ledger.OpenAsync("./warehouse", new LedgerOptions { Types = Warehouse.Types, InlineProjections = [StockWithReturns.Projection] });

            await foreach (var progress in ledger.WatchRebuildAsync(StockWithReturns.Projection))
                Console.WriteLine($"v{progress.Version}: {progress.Position} of {progress.Head}, {progress.Remaining:g} left");

            var stock = await ledger.ReadProjectionAsync(StockWithReturns.Projection, "sku-1");
            Console.WriteLine($"{stock.State.OnHand}, by version {stock.ProjectionVersion}");
        }
    }

    [Fact]
    public async Task Projections_are_listed_and_dropped()
    {
        var output = Console.Capture();
        using var folder = new ScratchFolder();
        await using (var ledger = await Ledger.OpenAsync("./warehouse", new LedgerOptions { Types = Warehouse.Types, InlineProjections = [Stock.Projection] }))
            await ledger.AppendAsync("stock/sku-1", [new Received(100)]);

        await using var open = await Ledger.OpenAsync("./warehouse");
        await AdministerAsync(open);

        Assert.Equal(["stock v1 Current: 0 facts behind"], output);
        Assert.Empty(await open.ListProjectionsAsync().ToListAsync());

        static async Task AdministerAsync(Ledger ledger)
        {
            await foreach (var projection in ledger.ListProjectionsAsync())
                Console.WriteLine($"{projection.Name} v{projection.Version} {projection.State}: {projection.Lag?.Facts} facts behind");

            await ledger.DropProjectionAsync("stock");
        }
    }
}

public sealed record Received(int Quantity);

public sealed record Picked(int Quantity);

public sealed record Returned(int Quantity);

public sealed record Stock(int OnHand)
{
    public static readonly Projection<Stock> Projection = new()
    {
        Name = "stock",
        Source = FactQuery.Store("stock"),
        GroupBy = fact => fact.Stream.Key,
        Seed = new Stock(0),
        Step = (stock, fact) => fact.Value switch
        {
            Received received => new Stock(stock.OnHand + received.Quantity),
            Picked picked => new Stock(stock.OnHand - picked.Quantity),
            _ => stock,
        },
        Json = WarehouseJson.Default.Stock,
    };
}

public static class StockWithReturns
{
    public static readonly Projection<Stock> Projection = new()
    {
        Name = "stock",
        Version = 2,                                     // returns were forgotten
        Replaces = Stock.Projection,
        Source = FactQuery.Store("stock"),
        GroupBy = fact => fact.Stream.Key,
        Seed = new Stock(0),
        Step = (stock, fact) => fact.Value switch
        {
            Received received => new Stock(stock.OnHand + received.Quantity),
            Picked picked => new Stock(stock.OnHand - picked.Quantity),
            Returned returned => new Stock(stock.OnHand + returned.Quantity),
            _ => stock,
        },
        Json = WarehouseJson.Default.Stock,
    };
}

public static class Movements
{
    public static readonly Projection<long> Projection = new()
    {
        Name = "movements",
        Source = FactQuery.Store("stock"),
        GroupByMany = fact => fact.Value is Received ? ["in", "all"] : ["out", "all"],
        Seed = 0,
        Step = (count, _) => count + 1,
        Json = WarehouseJson.Default.Int64,
    };
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Received))]
[JsonSerializable(typeof(Picked))]
[JsonSerializable(typeof(Returned))]
[JsonSerializable(typeof(Stock))]
[JsonSerializable(typeof(long))]
internal sealed partial class WarehouseJson : JsonSerializerContext;

public static class Warehouse
{
    public static readonly FactTypes Types = new FactTypes(WarehouseJson.Default)
        .Add<Received>("received")
        .Add<Picked>("picked")
        .Add<Returned>("returned");
}
