using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone.Tests.Guide;

namespace Factstone.Tests.Samples.ShipOrder;

/// <summary>A command handler with optimistic retry: by <c>DecideAsync</c>, and by hand.</summary>
public sealed class ShipOrderSample
{
    static readonly StreamName Order42 = new("orders", "42");

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_order_is_shipped_once_whoever_comes_between(bool isByHand)
    {
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync(Order42, [new OrderPlaced(129.90m)], Cancel);
        var interruptions = 1;
        var handler = new ShipOrderHandler(InterruptedLedger.Create(ledger, async () =>
        {
            if (Interlocked.Decrement(ref interruptions) >= 0) await ledger.AppendAsync(new NewFact(Order42, "noted", "{}"), Cancel);
        }));

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ShipAsync(handler, isByHand), Cancel)));

        var types = await ledger.ReadStreamAsync(Order42, cancellationToken: Cancel).Select(static fact => fact.Type).ToListAsync(Cancel);
        Assert.Equal(["noted", "order-placed", "order-shipped"], types.Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_order_that_was_not_placed_is_refused(bool isByHand)
    {
        await using var ledger = await OpenAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => ShipAsync(new ShipOrderHandler(ledger), isByHand));

        Assert.Equal("The order has not been placed.", refused.Message);
        Assert.Equal(Position.None, await ledger.GetHeadAsync(Cancel));
    }

    [Fact]
    public async Task By_hand_the_fifth_conflict_is_thrown()
    {
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync(Order42, [new OrderPlaced(129.90m)], Cancel);
        var handler = new ShipOrderHandler(InterruptedLedger.Create(ledger, async () => await ledger.AppendAsync(new NewFact(Order42, "noted", "{}"), Cancel)));

        var lost = await Assert.ThrowsAsync<AppendConflictException>(() => ShipAsync(handler, isByHand: true));

        Assert.Equal(AppendCondition.StreamAt(Order42, 5), lost.Conflict.Condition);
        Assert.Equal(6, (await ledger.GetVersionAsync(Order42, cancellationToken: Cancel)).Value);
    }

    static async Task ShipAsync(ShipOrderHandler handler, bool isByHand)
    {
        var command = new ShipOrder("42", "DHL");
        if (isByHand) await handler.HandleByHandAsync(command, Cancel);
        else Assert.Equal(new Order(true, true), await handler.HandleAsync(command, Cancel));
    }

    static ValueTask<Ledger> OpenAsync() => Ledger.OpenInMemoryAsync(new LedgerOptions
    {
        Types = new FactTypes(ShipOrderJson.Default).Add<OrderPlaced>("order-placed").Add<OrderShipped>("order-shipped"),
    });
}

public sealed record OrderPlaced(decimal Total);
public sealed record OrderShipped(string Carrier);
public sealed record ShipOrder(string OrderId, string Carrier);

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

public sealed class ShipOrderHandler(ILedger ledger)
{
    public async Task<Order> HandleAsync(ShipOrder command, CancellationToken cancellationToken)
    {
        var decided = await ledger.DecideAsync(
            Order.Projection,
            new StreamName("orders", command.OrderId),
            order => order.Ship(command.Carrier),
            cancellationToken: cancellationToken);

        return decided.State;
    }

    public async Task<AppendReceipt?> HandleByHandAsync(ShipOrder command, CancellationToken cancellationToken)
    {
        var stream = new StreamName("orders", command.OrderId);
        var order = await ledger.ProjectAsync(Order.Projection, stream, cancellationToken);

        for (var attempt = 1; ; attempt++)
        {
            var decision = order.State.Ship(command.Carrier);
            if (decision is []) return null;

            var outcome = await ledger.TryAppendAsync(new AppendRequest
            {
                Facts = [.. decision.Select(value => new NewFact(stream, value))],
                Conditions = [AppendCondition.StreamAt(stream, order.Version)],
            }, cancellationToken);

            if (outcome is not AppendOutcome.Conflict conflict || attempt == 5)
                return outcome.EnsureCommittedOrDuplicate();             // throws AppendConflictException

            order = conflict.IsComplete
                ? Order.Projection.Fold(order, conflict.Facts)           // no second read
                : await ledger.ProjectAsync(Order.Projection, stream, cancellationToken);
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderShipped))]
internal sealed partial class ShipOrderJson : JsonSerializerContext;
