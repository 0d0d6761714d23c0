using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone.Tests.Guide;
using Console = Factstone.Tests.Guide.Console;

namespace Factstone.Tests.Samples.Rebuilt;

/// <summary>An async projection, rebuilt without downtime.</summary>
[Collection<OneAtATime>]
public sealed class RevenueSample
{
    [Fact]
    public async Task The_second_version_takes_over_and_has_the_refunds()
    {
        using var folder = new ScratchFolder();
        var options = new LedgerOptions { Types = Revenue.Types, AsyncProjections = [Revenue.V1] };
        await using (var ledger = await Ledger.OpenAsync("./data", options))
        {
            var last = await ledger.AppendAsync("orders/41", [new OrderPaid("2026-11", 50m), new OrderRefunded("2026-11", 20m)]);
            Assert.Equal(50m, (await ledger.ReadProjectionAsync(Revenue.V1, "2026-11", atLeast: last.LastPosition)).State.Total);
        }

        var output = Console.Capture();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await ProgramAsync(stop);

        Assert.Equal("129", output[^1]);
        Assert.All(output.SkipLast(1), static line => Assert.Matches("^v2: [0-9]+ of 2, .* left$", line));
    }

    static async Task ProgramAsync(CancellationTokenSource stop)
    {
        await using var ledger = await Ledger.OpenAsync("./data", new LedgerOptions
        {
            Types = new FactTypes(RevenueJson.Default).Add<OrderPaid>("order-paid").Add<OrderRefunded>("order-refunded"),
            AsyncProjections = [Revenue.V2],
        }, stop.Token);

        await foreach (var progress in ledger.WatchRebuildAsync(Revenue.V2, stop.Token))
            Console.WriteLine($"v{progress.Version}: {progress.Position} of {progress.Head}, {progress.Remaining:g} left");

        var paid = await ledger.AppendAsync("orders/42", [new OrderPaid("2026-11", 99m)], stop.Token);

        // Waits until the projection has seen that position, so that this caller reads its own write.
        var revenue = await ledger.ReadProjectionAsync(Revenue.V2, "2026-11", atLeast: paid.LastPosition, stop.Token);
        Console.WriteLine(revenue.State.Total);
    }
}

public sealed record OrderPaid(string Month, decimal Amount);
public sealed record OrderRefunded(string Month, decimal Amount);

public sealed record Revenue(decimal Total)
{
    public static readonly FactTypes Types = new FactTypes(RevenueJson.Default).Add<OrderPaid>("order-paid").Add<OrderRefunded>("order-refunded");

    static readonly FactQuery Source = FactQuery.Types("order-paid", "order-refunded");

    static string Month(Fact fact) => fact.Value switch
    {
        OrderPaid e => e.Month,
        OrderRefunded e => e.Month,
        _ => "",
    };

    public static readonly Projection<Revenue> V1 = new()
    {
        Name = "revenue",
        Version = 1,
        Source = Source,
        GroupBy = Month,
        Seed = new Revenue(0),
        Step = (sum, fact) => fact.Value is OrderPaid e ? new Revenue(sum.Total + e.Amount) : sum,
        Json = RevenueJson.Default.Revenue,
    };

    public static readonly Projection<Revenue> V2 = new()
    {
        Name = "revenue",
        Version = 2,                                     // refunds were forgotten
        Replaces = V1,
        Source = Source,
        GroupBy = Month,
        Seed = new Revenue(0),
        Step = (sum, fact) => fact.Value switch
        {
            OrderPaid e => new Revenue(sum.Total + e.Amount),
            OrderRefunded e => new Revenue(sum.Total - e.Amount),
            _ => sum,
        },
        Json = RevenueJson.Default.Revenue,
    };
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPaid))]
[JsonSerializable(typeof(OrderRefunded))]
[JsonSerializable(typeof(Revenue))]
internal sealed partial class RevenueJson : JsonSerializerContext;
