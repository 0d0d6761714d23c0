using System.Text.Json;
using System.Text.Json.Serialization;
using Console = Factstone.Tests.Guide.Console;

namespace Factstone.Tests.Samples.Tickets;

public sealed record ShowOpened(string Show, int Seats);
public sealed record OrderPlaced(string Show, string Customer, int Seats);
public sealed record OrderPaid(string Show, decimal Amount);
public sealed record OrderCancelled(string Show, int Seats);
public sealed record Customer(string Name, string City);
public sealed record Settings(int SeatsPerOrderMax);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ShowOpened))]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderPaid))]
[JsonSerializable(typeof(OrderCancelled))]
[JsonSerializable(typeof(Customer))]
[JsonSerializable(typeof(Settings))]
[JsonSerializable(typeof(decimal))]
internal sealed partial class TicketShopJson : JsonSerializerContext;

public sealed record Show(int Seats, int Sold)
{
    public static readonly Projection<Show> Projection = new()
    {
        Name = "show",
        Seed = new Show(0, 0),
        Step = (show, fact) => fact.Value switch
        {
            ShowOpened opened => show with { Seats = opened.Seats },
            OrderPlaced placed => show with { Sold = show.Sold + placed.Seats },
            OrderCancelled cancelled => show with { Sold = show.Sold - cancelled.Seats },
            _ => show,
        },
    };
}

public sealed record Order(string Show, string Customer, int Seats, string State)
{
    public static readonly Projection<Order> Projection = new()
    {
        Name = "order",
        Seed = new Order("", "", 0, "missing"),
        Step = (order, fact) => fact.Value switch
        {
            OrderPlaced placed => new Order(placed.Show, placed.Customer, placed.Seats, "placed"),
            OrderPaid => order with { State = "paid" },
            OrderCancelled => order with { State = "cancelled" },
            _ => order,
        },
    };
}

/// <summary>Sells the seats of shows. Orders have the keys SHOW-NUMBER, so those of a show follow each other.</summary>
public sealed class TicketShop(ILedger ledger)
{
    public static readonly FactTypes Types = new FactTypes(TicketShopJson.Default)
        .Add<ShowOpened>("show-opened", opened => [$"show:{opened.Show}"])
        .Add<OrderPlaced>("order-placed", placed => [$"show:{placed.Show}"])
        .Add<OrderPaid>("order-paid")
        .Add<OrderCancelled>("order-cancelled", cancelled => [$"show:{cancelled.Show}"]);

    static readonly RecordStore<Customer> CustomerStore = new("customers", TicketShopJson.Default.Customer);

    public Records<Customer> Customers => ledger.Records(CustomerStore);
    public KeyValue<Settings> Settings => ledger.KeyValue("settings", TicketShopJson.Default.Settings);
    KeyValue<decimal> Sales => ledger.KeyValue("sales", TicketShopJson.Default.Decimal);
    Consumer SalesConsumer => ledger.Consumer("sales", FactQuery.Types("order-paid"));

    public async Task OpenShowAsync(string show, int seats) =>
        await ledger.AppendAsync(new StreamName("shows", show), [new ShowOpened(show, seats)]);

    /// <summary>Places an order, if the show has the seats. All facts with the tag of the show decide.</summary>
    /// <returns>False if the show is sold out.</returns>
    public async Task<bool> PlaceAsync(string order, string show, string customer, int seats)
    {
        var settings = await Settings.GetValueOrDefaultAsync("shop", new Settings(SeatsPerOrderMax: 4));
        if (seats > settings.SeatsPerOrderMax) throw new ArgumentException("So many seats are not sold at once.");
        var stream = new StreamName("orders", order);
        var placed = new NewFact(stream, new OrderPlaced(show, customer, seats));
        var decided = await ledger.DecideAsync(
            Show.Projection,
            FactQuery.Tags($"show:{show}"),
            state => state.Sold + seats <= state.Seats ? [placed] : [],
            new DecideOptions { AppendId = $"place:{order}", Conditions = [AppendCondition.StreamMissing(stream)] });
        return decided.Receipt is not null;
    }

    public ValueTask<Projected<Order>> ReadOrderAsync(string order) =>
        ledger.ProjectAsync(Order.Projection, new StreamName("orders", order));

    /// <summary>Cancels an order as it was when a person read it.</summary>
    /// <returns>False if it has changed since.</returns>
    public async Task<bool> CancelAsync(string order, Projected<Order> asRead)
    {
        var stream = new StreamName("orders", order);
        var cancelled = new OrderCancelled(asRead.State.Show, asRead.State.Seats);
        return await ledger.TryAppendAsync(new AppendRequest(new NewFact(stream, cancelled))
        {
            Conditions = [AppendCondition.StreamAt(stream, asRead.Version)],
        }) is AppendOutcome.Committed;
    }

    /// <summary>Handles the webhook of the payment service, which may send an event several times.</summary>
    public ValueTask<AppendReceipt> PayAsync(string eventId, string order, decimal amount)
    {
        var paid = new NewFact(new StreamName("orders", order), new OrderPaid(order.Split('-')[0], amount));
        return ledger.AppendAsync(new AppendRequest(paid)
        {
            AppendId = $"payment:{eventId}",
            OnRepeat = RepeatPolicy.SameId,
        });
    }

    /// <summary>Adds up the sales of each show, in one append with its checkpoint. A close ends it.</summary>
    public async Task CountSalesAsync()
    {
        var consumer = SalesConsumer;
        await foreach (var fact in consumer.FollowAsync())
        {
            var paid = (OrderPaid)fact.Value!;
            var total = await Sales.GetValueOrDefaultAsync(paid.Show, 0) + paid.Amount;
            var request = new AppendRequest { Cells = [Sales.NewValue(paid.Show, total)] };
            await consumer.CommitAsync(through: fact.Position, request);
        }
    }

    /// <summary>The sales of a show, with every payment up to a position.</summary>
    public async Task<decimal> ReadSalesAsync(string show, Position atLeast, CancellationToken cancellationToken)
    {
        await SalesConsumer.WaitForAsync(atLeast, cancellationToken);
        return await Sales.GetValueOrDefaultAsync(show, 0, cancellationToken);
    }

    /// <summary>A page of the orders of a show, in the order of their keys.</summary>
    public IAsyncEnumerable<string> ListOrdersAsync(string show, int limit, string? after) =>
        ledger.ListStreamsAsync("orders", new ListOptions { Prefix = $"{show}-", Limit = limit, After = after })
            .Select(found => found.Stream.Key);

    /// <summary>An evening of the shop.</summary>
    public static async Task RunAsync()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Types });
        var shop = new TicketShop(ledger);
        var counting = shop.CountSalesAsync();
        await shop.OpenShowAsync("hamlet", seats: 10);
        await shop.Settings.PutAsync("shop", new Settings(SeatsPerOrderMax: 2));
        await shop.Customers.WriteAsync("c7", new Customer("Ada", "London"));

        var placed = await Task.WhenAll(
            Enumerable.Range(1, 8).Select(n => shop.PlaceAsync($"hamlet-{n}", "hamlet", "c7", seats: 2)));
        Console.WriteLine($"{placed.Count(isPlaced => isPlaced)} of {placed.Length} orders are placed");

        var (pages, last) = (0, "");
        while (await shop.ListOrdersAsync("hamlet", limit: 2, after: last).ToListAsync() is [.., var end])
            (pages, last) = (pages + 1, end);
        Console.WriteLine($"{pages} pages of orders");

        var order = await ledger.ReadAsync(FactQuery.Types("order-placed")).FirstAsync();
        await shop.Customers.WriteAsync("c7", new Customer("Ada", "Paris"));
        var then = await shop.Customers.AsOf(order.Position).ReadAsync("c7");
        var now = await shop.Customers.ReadAsync("c7");
        var versions = await shop.Customers.ReadHistoryAsync("c7").CountAsync();
        Console.WriteLine($"ordered from {then?.Value.City}, lives in {now?.Value.City}, {versions} versions");

        var asRead = await shop.ReadOrderAsync(order.Stream.Key);
        var paid = await shop.PayAsync("evt-1", order.Stream.Key, 40m);
        var again = await shop.PayAsync("evt-1", order.Stream.Key, 40m);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Console.WriteLine($"paid once: {paid.LastPosition == again.LastPosition}");
        Console.WriteLine($"sales: {await shop.ReadSalesAsync("hamlet", paid.LastPosition, timeout.Token)}");

        var isCancelled = await shop.CancelAsync(order.Stream.Key, asRead);
        Console.WriteLine($"cancelled as it was before the payment: {isCancelled}");
        asRead = await shop.ReadOrderAsync(order.Stream.Key);
        isCancelled = await shop.CancelAsync(order.Stream.Key, asRead);
        Console.WriteLine($"cancelled when {asRead.State.State}: {isCancelled}");
        Console.WriteLine($"seats sold again: {await shop.PlaceAsync("hamlet-9", "hamlet", "c7", seats: 2)}");

        await ledger.DisposeAsync();
        await counting;
    }
}
