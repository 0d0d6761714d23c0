using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Guide.Decide;

/// <summary>docs/guide/decide.md</summary>
public sealed class DecideGuideTests
{
    [Fact]
    public async Task A_decision_on_a_stream_is_appended_once()
    {
        var output = Console.Capture();
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync("orders/42", [new OrderPlaced(129.90m)]);

        var order = await ledger.ProjectAsync(Order.Projection, "orders/42");
        Console.WriteLine($"{order.State}, version {order.Version}, position {order.Position}");

        Assert.Equal(CodeBlocks.OutputOf("decide.md")[0], output);
        output = Console.Capture();
        await ShipAsync();
        Assert.Equal(CodeBlocks.OutputOf("decide.md")[1], output);
        Assert.Equal(new Order(true, true), (await ledger.ProjectAsync(Order.Projection, "orders/42", order)).State);
        Assert.Equal(new Order(true, false), (await ledger.AsOf(order.Position).ProjectAsync(Order.Projection, "orders/42")).State);

        await ShipAsync();
        Assert.Equal("Order { IsPlaced = True, IsShipped = True }, version 2, 0 attempt", output[1]);
        Assert.Equal(2, (await ledger.GetHeadAsync()).Value);

        async Task ShipAsync()
        {
            var decided = await ledger.DecideAsync(Order.Projection, "orders/42", order => order.Ship("DHL"));
            Console.WriteLine($"{decided.State}, version {decided.Version}, {decided.Attempts} attempt");
        }
    }

    [Fact]
    public async Task A_command_that_is_refused_appends_nothing()
    {
        await using var ledger = await OpenAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await ledger.DecideAsync(Order.Projection, "orders/41", order => order.Ship("DHL")));

        Assert.Equal(0, (await ledger.GetHeadAsync()).Value);
    }

    [Fact]
    public async Task As_many_seats_are_sold_as_there_are()
    {
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync("shows/7", [new ShowOpened("7", Seats: 3)]);

        var sold = await Task.WhenAll(Enumerable.Range(0, 20).Select(buyer => SellAsync("7", $"{buyer}")));

        Assert.Equal(3, sold.Count(static isSold => isSold));
        Assert.Equal(3, await ledger.CountAsync(FactQuery.Types("seat-sold")));

        async Task<bool> SellAsync(string show, string buyer)
        {
            var sale = await ledger.DecideAsync(Show.Projection, FactQuery.Tags($"show:{show}"), state => state.Sold < state.Seats
                ? [new NewFact(new StreamName("buyers", buyer), new SeatSold(show))]
                : []);
            return sale.Receipt is not null;
        }
    }

    [Fact]
    public async Task A_repeat_under_an_append_id_decides_nothing()
    {
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync("orders/43", [new OrderPlaced(20m)]);
        await Assert.ThrowsAsync<AppendConflictException>(async () => await ShipAsync());
        await ledger.AppendAsync(new NewFact("customers/c7", "registered", "{}"));

        var first = await ShipAsync();
        var again = await ShipAsync();

        Assert.Equal((false, 3L, 1), (first.IsRepeat, first.Receipt!.LastPosition.Value, first.Attempts));
        Assert.Equal((true, 3L, 0), (again.IsRepeat, again.Receipt!.LastPosition.Value, again.Attempts));
        Assert.Equal(first.State, again.State);

        async Task<Decided<Order>> ShipAsync()
        {
            var options = new DecideOptions
            {
                AttemptsMax = 5,                                                    // 20 by default
                AppendId = "ship-43",                                               // a repeat decides nothing
                Conditions = [AppendCondition.StreamExists("customers/c7")],        // must hold as well
            };
            var shipped = await ledger.DecideAsync(Order.Projection, "orders/43", order => order.Ship("DHL"), options);

            return shipped;
        }
    }

    [Fact]
    public async Task By_hand_it_is_a_loop()
    {
        await using var durable = await OpenAsync();
        await durable.AppendAsync("orders/42", [new OrderPlaced(129.90m)]);
        await durable.AppendAsync("orders/43", [new OrderPlaced(20m)]);
        StreamName busy = "orders/42";
        var left = 2;
        var ledger = InterruptedLedger.Create(durable, async () =>
        {
            if (left-- > 0) await durable.AppendAsync(new NewFact(busy, "noted", "{}"));
        });

        Assert.Equal(4, (await ShipByHandAsync("orders/42", "DHL"))?.StreamVersion.Value);
        Assert.Null(await ShipByHandAsync("orders/42", "DHL"));

        (busy, left) = ("orders/43", 5);
        await Assert.ThrowsAsync<AppendConflictException>(() => ShipByHandAsync("orders/43", "DHL"));
        Assert.Equal(6, (await durable.GetVersionAsync("orders/43")).Value);

        async Task<AppendReceipt?> ShipByHandAsync(StreamName stream, string carrier)
        {
            var order = await ledger.ProjectAsync(Order.Projection, stream);

            for (var attempt = 1; ; attempt++)
            {
                var decision = order.State.Ship(carrier);
                if (decision is []) return null;

                var outcome = await ledger.TryAppendAsync(new AppendRequest
                {
                    Facts = [.. decision.Select(value => new NewFact(stream, value))],
                    Conditions = [AppendCondition.StreamAt(stream, order.Version)],
                });

                if (outcome is not AppendOutcome.Conflict conflict || attempt == 5)
                    return outcome.EnsureCommittedOrDuplicate();             // throws AppendConflictException

                order = conflict.IsComplete
                    ? Order.Projection.Fold(order, conflict.Facts)           // no second read
                    : await ledger.ProjectAsync(Order.Projection, stream, order);
            }
        }
    }

    static ValueTask<Ledger> OpenAsync() => Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Shipping.Types });
}

public sealed record OrderPlaced(decimal Total);

public sealed record OrderShipped(string Carrier);

public sealed record Order(bool IsPlaced, bool IsShipped)
{
    public static readonly Projection<Order> Projection = new()
    {
        Name = "order",
        Seed = new Order(false, false),
        Step = (order, fact) => fact.Value switch
        {
            OrderPlaced => order with { IsPlaced = true },
            OrderShipped => order with { IsShipped = true },
            _ => order,
        },
    };

    public IReadOnlyList<object> Ship(string carrier) => this switch
    {
        { IsPlaced: false } => throw new InvalidOperationException("The order has not been placed."),
        { IsShipped: true } => [],                       // nothing to do, nothing is appended
        _ => [new OrderShipped(carrier)],
    };
}

public sealed record Show(int Seats, int Sold)
{
    public static readonly Projection<Show> Projection = new()
    {
        Name = "show",
        Seed = new Show(0, 0),
        Step = (show, fact) => fact.Value switch
        {
            ShowOpened opened => show with { Seats = opened.Seats },
            SeatSold => show with { Sold = show.Sold + 1 },
            _ => show,
        },
    };
}

public sealed record ShowOpened(string Show, int Seats);

public sealed record SeatSold(string Show);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderShipped))]
[JsonSerializable(typeof(ShowOpened))]
[JsonSerializable(typeof(SeatSold))]
internal sealed partial class ShippingJson : JsonSerializerContext;

public static class Shipping
{
    public static readonly FactTypes Types = new FactTypes(ShippingJson.Default)
        .Add<OrderPlaced>("order-placed")
        .Add<OrderShipped>("order-shipped")
        .Add<ShowOpened>("show-opened", show => [$"show:{show.Show}"])
        .Add<SeatSold>("seat-sold", sold => [$"show:{sold.Show}"]);
}
