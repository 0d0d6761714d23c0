// An order ledger that is fed by webhooks.
//
//     dotnet run --project samples/OrderLedger [-- directory]
//
// A shop sends an event for everything that happens to an order. It repeats an event until it is
// answered, and events overtake each other. Here each event becomes one fact, however often it is
// delivered: the id of the event is the id of the append. The state of an order does not depend on
// the order of arrival. A second run on the same directory is a shop that sends everything again.

using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone;

await using var ledger = await Ledger.OpenAsync(args is [var directory] ? directory : "./factstone-data/order-ledger", new LedgerOptions { Types = Order.Types });

// The bodies of the requests, as a web server would get them.
string[] deliveries =
[
    """{"id":"e2","type":"payment-captured","order":"1001","at":"2026-05-03T09:02:00Z","data":{"amount":129.90}}""",
    """{"id":"e1","type":"order-placed","order":"1001","at":"2026-05-03T09:00:00Z","data":{"customer":"c7","total":129.90}}""",
    """{"id":"e2","type":"payment-captured","order":"1001","at":"2026-05-03T09:02:00Z","data":{"amount":129.90}}""",
    """{"id":"e5","type":"order-shipped","order":"1001","at":"2026-05-04T08:00:00Z","data":{"carrier":"DHL"}}""",
    """{"id":"e3","type":"order-placed","order":"1002","at":"2026-05-03T10:00:00Z","data":{"customer":"c8","total":20}}""",
    """{"id":"e6","type":"order-rated","order":"1001","at":"2026-05-06T19:30:00Z","data":{"stars":5}}""",
    """{"id":"e4","type":"payment-captured","order":"1002","at":"2026-05-03T10:05:00Z","data":{"amount":15}}""",
    """{"id":"e6","type":"order-rated","order":"1001","at":"2026-05-06T19:30:00Z","data":{"stars":5,"scale":5}}""",
];

foreach (var delivery in deliveries.Select(Webhook.Read))
{
    Console.WriteLine($"{delivery.Id} {delivery.Type}: " + await ReceiveAsync(delivery) switch
    {
        AppendOutcome.Duplicate { Difference: { } difference } repeat => $"repeat of position {repeat.Receipt.LastPosition}, and differs in {difference}",
        AppendOutcome.Duplicate repeat => $"repeat of position {repeat.Receipt.LastPosition}",
        var outcome => $"new, at position {outcome.EnsureCommittedOrDuplicate().LastPosition}",
    });
}

// Several servers may get one event at the same moment.
var payment = Webhook.Read("""{"id":"e7","type":"payment-captured","order":"1002","at":"2026-05-05T11:00:00Z","data":{"amount":5}}""");
var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ReceiveAsync(payment))));
Console.WriteLine($"e7 eight times at once: {outcomes.Count(outcome => outcome is AppendOutcome.Committed)} new, {outcomes.Count(outcome => outcome is AppendOutcome.Duplicate)} repeats");

await foreach (var order in ledger.ListStreamsAsync("orders"))
{
    var state = (await ledger.ProjectAsync(Order.Projection, order.Stream)).State;
    Console.WriteLine($"order {order.Stream.Key}: {state.Status}, {state.Paid} of {state.Total} paid, {order.Version} facts");
}

// The versions are in the order of arrival. The valid time says when something happened.
Console.WriteLine("order 1001 in the order of events:");
await foreach (var fact in ledger.ReadStreamAsync("orders/1001").OrderBy(fact => fact.ValidFrom))
    Console.WriteLine($"  {fact.ValidFrom:yyyy-MM-dd HH:mm} v{fact.StreamVersion} {fact.Type} {fact.Json}");

// What was known after the first delivery: a payment, and no order yet.
var first = (await ledger.FindAppendAsync("shop:e2"))!;
var then = (await ledger.AsOf(first.LastPosition).ProjectAsync(Order.Projection, "orders/1001")).State;
Console.WriteLine($"order 1001 after the first delivery: {then.Status}, {then.Paid} paid");

// Committed and Duplicate both mean that the event is durable: the shop is answered with 200. It is answered with an
// error in all other cases, and when this throws, and delivers the event again.
async Task<AppendOutcome> ReceiveAsync(Webhook delivery) => await ledger.TryAppendAsync(new AppendRequest(delivery.ToFact())
{
    AppendId = $"shop:{delivery.Id}",
    OnRepeat = RepeatPolicy.SameId,              // the id decides, also if the shop sends another member today than yesterday
});

internal sealed record Webhook(string Id, string Type, string Order, DateTimeOffset At, JsonElement Data)
{
    public static Webhook Read(string body) => JsonSerializer.Deserialize(body, OrderJson.Default.Webhook)!;

    public NewFact ToFact()
    {
        var stream = new StreamName("orders", Order);
        var fact = Type switch
        {
            "order-placed" => new NewFact(stream, Data.Deserialize(OrderJson.Default.OrderPlaced)!),
            "payment-captured" => new NewFact(stream, Data.Deserialize(OrderJson.Default.PaymentCaptured)!),
            "order-shipped" => new NewFact(stream, Data.Deserialize(OrderJson.Default.OrderShipped)!),
            _ => new NewFact(stream, Type, Data.GetRawText()),       // not known yet: kept as it came
        };
        return fact with { ValidFrom = At };
    }
}

internal sealed record OrderPlaced(string Customer, decimal Total);
internal sealed record PaymentCaptured(decimal Amount);
internal sealed record OrderShipped(string Carrier);

internal sealed record Order(decimal? Total, decimal Paid, bool IsShipped)
{
    public static readonly FactTypes Types = new FactTypes(OrderJson.Default)
        .Add<OrderPlaced>("order-placed", order => [$"customer:{order.Customer}"])
        .Add<PaymentCaptured>("payment-captured")
        .Add<OrderShipped>("order-shipped");

    // Each step gives the same state in whatever order the facts came.
    public static readonly Projection<Order> Projection = new()
    {
        Name = "order",
        Seed = new Order(null, 0, false),
        Step = (order, fact) => fact.Value switch
        {
            OrderPlaced placed => order with { Total = placed.Total },
            PaymentCaptured payment => order with { Paid = order.Paid + payment.Amount },
            OrderShipped => order with { IsShipped = true },
            _ => order,
        },
    };

    public string Status => this switch
    {
        { Total: null } => "not placed yet",
        { IsShipped: true } => "shipped",
        _ when Paid >= Total => "paid",
        _ => "placed",
    };
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Webhook))]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(PaymentCaptured))]
[JsonSerializable(typeof(OrderShipped))]
internal sealed partial class OrderJson : JsonSerializerContext;
