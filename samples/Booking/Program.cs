// Booking without overselling: 100 buyers at once, 30 seats.
//
//     dotnet run --project samples/Booking [-- directory]
//
// Each sale is a fact of its buyer, with a tag for the show. The rule "no more than the seats of the
// show" is about many buyers, so no single stream can hold it: DecideAsync decides on all facts with
// the tag of the show, and appends only if no further one has come (a Dynamic Consistency Boundary).
// Each request has an append id, so a buyer whose request is repeated gets the same seat. A second
// run on the same directory repeats all of them.

using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone;

await using var ledger = await Ledger.OpenAsync(args is [var directory] ? directory : "./factstone-data/booking", new LedgerOptions { Types = Show.Types });

await OpenShowAsync("7", seats: 30);
var sales = await Task.WhenAll(Enumerable.Range(1, 100).Select(number => Task.Run(() => BookAsync("7", $"b{number}", request: $"r{number}"))));
Console.WriteLine($"show 7: 100 buyers at once, {sales.Count(seat => seat is not null)} got a seat, {sales.Count(seat => seat is null)} did not");
Console.WriteLine($"the seats: {string.Join(' ', sales.OfType<int>().Order())}");

// A rule for each buyer is part of the same decision: four seats at most.
await OpenShowAsync("8", seats: 30);
var greedy = await Task.WhenAll(Enumerable.Range(101, 10).Select(number => Task.Run(() => BookAsync("8", "b1", request: $"r{number}"))));
Console.WriteLine($"show 8: one buyer asks ten times at once and gets {greedy.Count(seat => seat is not null)} seats");

// A repeated request, such as one after a timeout, gets the answer of the first.
var again = await BookAsync("8", "b1", request: $"r{101 + Array.FindIndex(greedy, seat => seat is not null)}");
Console.WriteLine($"the first of them, repeated: {(again == greedy.First(seat => seat is not null) ? "the same seat" : "another seat")}");

// Without a state to decide on, a condition is enough: each voucher is redeemed once, by whatever buyer.
var vouchers = await Task.WhenAll(Enumerable.Range(1, 100).Select(number => Task.Run(() => RedeemAsync("SPRING-7", $"b{number}"))));
Console.WriteLine($"one voucher: 100 buyers at once, {vouchers.Count(isRedeemed => isRedeemed)} redeems it");

// What the facts say.
foreach (var show in new[] { "7", "8" })
{
    var state = (await ledger.ProjectAsync(Show.Projection, Show.Facts(show))).State;
    Console.WriteLine($"show {show}: {state.Sold} of {state.Seats} seats sold, at most {state.SeatsOfBuyer.Values.Max()} to one buyer");
}

async Task OpenShowAsync(string show, int seats) => await ledger.AppendAsync(new AppendRequest(new NewFact($"shows/{show}", new ShowOpened(show, seats)))
{
    AppendId = $"open-show:{show}",
});

// The number of the seat, or null if the request is refused.
async Task<int?> BookAsync(string show, string buyer, string request)
{
    var buyers = new StreamName("buyers", buyer);
    var sale = await ledger.DecideAsync(
        Show.Projection,
        Show.Facts(show),
        state => state.CanSellTo(buyer) ? [new NewFact(buyers, new SeatSold(show, buyer, Seat: state.Sold + 1))] : [],
        new DecideOptions { AppendId = $"book:{request}" });

    if (sale.Receipt is not { } receipt) return null;
    var sold = await ledger.ReadAtAsync(receipt.FirstPosition);
    return ((SeatSold)sold!.Value!).Seat;
}

async Task<bool> RedeemAsync(string code, string buyer)
{
    var outcome = await ledger.TryAppendAsync(new AppendRequest(new NewFact(new StreamName("buyers", buyer), new VoucherRedeemed(code)))
    {
        Conditions = [AppendCondition.NoMatch(FactQuery.Tags($"voucher:{code}"))],
        AppendId = $"redeem:{code}:{buyer}",
    });
    return outcome is AppendOutcome.Committed or AppendOutcome.Duplicate;
}

internal sealed record ShowOpened(string Show, int Seats);
internal sealed record SeatSold(string Show, string Buyer, int Seat);
internal sealed record VoucherRedeemed(string Code);

/// <summary>What has to be known of a show to sell one more seat.</summary>
internal sealed record Show(int Seats, int Sold, ImmutableDictionary<string, int> SeatsOfBuyer)
{
    public const int SeatsOfBuyerMax = 4;

    // The tags come with the registration, so no call can forget one.
    public static readonly FactTypes Types = new FactTypes(BookingJson.Default)
        .Add<ShowOpened>("show-opened", opened => [$"show:{opened.Show}"])
        .Add<SeatSold>("seat-sold", sold => [$"show:{sold.Show}"])
        .Add<VoucherRedeemed>("voucher-redeemed", voucher => [$"voucher:{voucher.Code}"]);

    public static readonly Projection<Show> Projection = new()
    {
        Name = "show",
        Seed = new Show(0, 0, ImmutableDictionary<string, int>.Empty),
        Step = (show, fact) => fact.Value switch
        {
            ShowOpened opened => show with { Seats = opened.Seats },
            SeatSold sold => show with
            {
                Sold = show.Sold + 1,
                SeatsOfBuyer = show.SeatsOfBuyer.SetItem(sold.Buyer, show.SeatsOf(sold.Buyer) + 1),
            },
            _ => show,
        },
    };

    public static FactQuery Facts(string show) => FactQuery.Tags($"show:{show}");

    public bool CanSellTo(string buyer) => Sold < Seats && SeatsOf(buyer) < SeatsOfBuyerMax;

    int SeatsOf(string buyer) => SeatsOfBuyer.GetValueOrDefault(buyer);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ShowOpened))]
[JsonSerializable(typeof(SeatSold))]
[JsonSerializable(typeof(VoucherRedeemed))]
internal sealed partial class BookingJson : JsonSerializerContext;
