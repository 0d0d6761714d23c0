using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone;

namespace Factstone.Tests.Guide.FirstAppend;

/// <summary>docs/guide/first-append.md</summary>
[Collection<OneAtATime>]
public sealed class FirstAppendTests
{
    [Fact]
    public async Task The_program_prints_what_the_guide_shows()
    {
        using var folder = new ScratchFolder();
        var output = Console.Capture();

        await ProgramAsync();

        Assert.Equal(CodeBlocks.OutputOf("first-append.md")[0], output);
        await using var ledger = await Ledger.OpenReadOnlyAsync("./data", new LedgerOptions { Types = Orders.Types });
        Assert.Equal(new OrderPlaced("Ada", 129.90m), (await ledger.ReadLatestAsync("orders/42"))?.Value);

        static async Task ProgramAsync()
        {
            await using var ledger = await Ledger.OpenAsync("./data", new LedgerOptions { Types = Orders.Types });

            var receipt = await ledger.AppendAsync("orders/42", [new OrderPlaced("Ada", 129.90m)]);
            Console.WriteLine($"durable at position {receipt.LastPosition}");

            await foreach (var fact in ledger.ReadStreamAsync("orders/42"))
                Console.WriteLine($"{fact.Stream} v{fact.StreamVersion} {fact.Type} {fact.Value}");
        }
    }

    [Fact]
    public async Task Each_outcome_is_handled()
    {
        var output = Console.Capture();
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync("orders/42", [new OrderPlaced("Ada", 129.90m)]);
        await ShipAsync(ledger);
        await ShipAsync(ledger);

        await using var conflicting = await OpenAsync();
        await conflicting.AppendAsync("orders/42", [new OrderPlaced("Ada", 129.90m), new OrderShipped("UPS")]);
        await ShipAsync(conflicting);

        await using var reusing = await OpenAsync();
        await reusing.AppendAsync(new AppendRequest(new NewFact("orders/42", new OrderShipped("UPS"))) { AppendId = "ship-42" });
        await ShipAsync(reusing);

        Assert.Equal(
            [
                "shipped at position 2",
                "shipped before, at position 2",
                "not shipped: the order is at version 2",
                "not shipped: the id is that of another append (facts[0].payload)",
            ],
            output);

        static ValueTask<Ledger> OpenAsync() => Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Orders.Types });
    }

    [Fact]
    public async Task An_unknown_outcome_is_known_after_a_reopen()
    {
        var output = Console.Capture();
        var disk = new SimulatedDisk(seed: 1);
        var ledger = await disk.OpenLedgerAsync(new LedgerOptions { Types = Orders.Types });
        await ledger.AppendAsync("orders/42", [new OrderPlaced("Ada", 129.90m)]);
        disk.Faults[Fault.SyncFailureDroppingPages] = 1;
        await ShipAsync(ledger);
        disk.LosePower();
        disk.Faults.Clear();

        await using var reopened = await disk.OpenLedgerAsync(new LedgerOptions { Types = Orders.Types });
        await ShipAsync(reopened);

        Assert.StartsWith("not known to be shipped: ", output[0], StringComparison.Ordinal);
        Assert.Contains(output[1], (string[])["shipped at position 2", "shipped before, at position 2"]);
    }

    static async Task ShipAsync(Ledger ledger)
    {
        var outcome = await ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/42", new OrderShipped("DHL")))
        {
            Conditions = [AppendCondition.StreamAt("orders/42", 1)],   // nothing came after version 1
            AppendId = "ship-42",                                      // a retry does not ship twice
        });

        Console.WriteLine(outcome switch
        {
            AppendOutcome.Committed(var done) => $"shipped at position {done.LastPosition}",
            AppendOutcome.Duplicate(var first) => $"shipped before, at position {first.LastPosition}",
            AppendOutcome.Conflict conflict => $"not shipped: the order is at version {conflict.ActualVersion}",
            AppendOutcome.AppendIdReused reused => $"not shipped: the id is that of another append ({reused.Difference})",
            AppendOutcome.Unknown unknown => $"not known to be shipped: {unknown.Cause.Message}",
            _ => $"not shipped: {outcome}",
        });
    }

    [Fact]
    public async Task A_ledger_in_memory_is_a_ledger()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Orders.Types });

        Assert.Equal(1, (await ledger.AppendAsync("orders/42", [new OrderPlaced("Ada", 129.90m)])).LastPosition.Value);
    }

    [Fact]
    public async Task What_was_acknowledged_survives_a_power_cut()
    {
        var disk = new SimulatedDisk(seed: 7);
        var ledger = await disk.OpenLedgerAsync(new LedgerOptions { Types = Orders.Types });
        await ledger.AppendAsync("orders/42", [new OrderPlaced("Ada", 129.90m)]);

        disk.LosePower();

        await using var reopened = await disk.OpenLedgerAsync(new LedgerOptions { Types = Orders.Types });
        Fact? survivor = await reopened.ReadLatestAsync("orders/42");

        Assert.Equal(new OrderPlaced("Ada", 129.90m), survivor?.Value);
    }
}

public sealed record OrderPlaced(string Customer, decimal Total);

public sealed record OrderShipped(string Carrier);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderShipped))]
internal sealed partial class OrderJson : JsonSerializerContext;

public static class Orders
{
    public static readonly FactTypes Types = new FactTypes(OrderJson.Default)
        .Add<OrderPlaced>("order-placed")
        .Add<OrderShipped>("order-shipped");
}
