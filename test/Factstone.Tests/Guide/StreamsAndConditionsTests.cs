using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Guide.StreamsAndConditions;

/// <summary>docs/guide/streams-and-conditions.md</summary>
public sealed class StreamsAndConditionsTests
{
    [Fact]
    public async Task A_writer_that_was_overtaken_gets_the_facts_that_came_between()
    {
        var output = Console.Capture();
        await using var ledger = await OpenAsync();

        var stream = new StreamName("shows", "7");
        var receipt = await ledger.AppendAsync(stream, [new ShowOpened("7", Seats: 2)]);
        Console.WriteLine(receipt.StreamVersion);                    // 1
        Console.WriteLine(await ledger.GetVersionAsync(stream));     // 1

        Assert.Equal(["1", "1"], output);
        output = Console.Capture();

        var version = await ledger.GetVersionAsync("shows/7");              // 1: you read the stream, and decide

        await ledger.AppendAsync("shows/7", [new SeatSold("7", "A2")]);     // meanwhile, another caller

        var outcome = await ledger.TryAppendAsync(new AppendRequest(new NewFact("shows/7", new SeatSold("7", "A1")))
        {
            Conditions = [AppendCondition.StreamAt("shows/7", version)],
        });

        if (outcome is AppendOutcome.Conflict conflict)
        {
            Console.WriteLine($"expected: {conflict.Condition}; it is at version {conflict.ActualVersion}");
            foreach (var fact in conflict.Facts) Console.WriteLine($"v{fact.StreamVersion} {fact.Type} {fact.Value}");
        }

        Assert.Equal(CodeBlocks.OutputOf("streams-and-conditions.md")[0], output);
        Assert.True(Assert.IsType<AppendOutcome.Conflict>(outcome).IsComplete);
    }

    [Fact]
    public async Task A_part_of_a_stream_is_read_and_counted()
    {
        var output = Console.Capture();
        var today = new DateTimeOffset(2026, 1, 31, 0, 0, 0, TimeSpan.Zero);
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Tickets.Types, TimeProvider = new ManualTimeProvider(today.AddHours(8)) });
        await ledger.AppendAsync("shows/7", [new ShowOpened("7", Seats: 2), new SeatSold("7", "A2")]);

        var firstTen = ledger.ReadStreamAsync("shows/7", new StreamReadOptions { From = 1, Through = 10 });
        var newestFirst = ledger.ReadStreamAsync("shows/7", new StreamReadOptions { Backward = true, Limit = 20 });
        var ofToday = ledger.ReadStreamAsync("shows/7", new StreamReadOptions { RecordedFrom = today, RecordedThrough = today.AddDays(1).AddMicroseconds(-1) });
        var sales = ledger.ReadStreamAsync("shows/7", new StreamReadOptions { Types = ["seat-sold"] });
        var rowA = sales.Where(fact => fact.Value is SeatSold { Seat: ['A', ..] });

        Assert.Equal([1, 2], await firstTen.Select(static fact => fact.StreamVersion.Value).ToListAsync());
        Assert.Equal([2, 1], await newestFirst.Select(static fact => fact.StreamVersion.Value).ToListAsync());
        Assert.Equal(2, await ofToday.CountAsync());
        Assert.Equal([2], await rowA.Select(static fact => fact.StreamVersion.Value).ToListAsync());

        var sold = await ledger.CountStreamAsync("shows/7", new StreamReadOptions { Types = ["seat-sold"] });
        var inRowA = await ledger.CountStreamAsync("shows/7", fact => fact.Value is SeatSold { Seat: ['A', ..] });
        Console.WriteLine($"{sold} sold, {inRowA} in row A");                // 1 sold, 1 in row A

        Console.WriteLine(await ledger.StreamExistsAsync("shows/7"));        // True, from its first fact on for ever

        await foreach (var store in ledger.ListStoresAsync()) Console.WriteLine($"{store.Store}: {store.Streams} streams, {store.Facts} facts");
        await foreach (var show in ledger.ListStreamsAsync("shows")) Console.WriteLine($"{show.Stream} v{show.Version}");

        var totals = await ledger.GetTotalsAsync("shows");                   // of all stores: GetTotalsAsync()
        Console.WriteLine($"{totals.Streams} streams, {totals.Versions} facts ever appended");

        Assert.Equal(["1 sold, 1 in row A", "True", "shows: 1 streams, 2 facts", "shows/7 v2", "1 streams, 2 facts ever appended"], output);
        output = Console.Capture();

        var batch = await ledger.TryAppendAsync(new AppendRequest(
            new NewFact("shows/7", new SeatSold("7", "B1")),
            new NewFact("shows/7", new SeatSold("7", "B2")),
            new NewFact("orders/41", new VoucherRedeemed("TWO-SEATS")))
        {
            Conditions = [AppendCondition.StreamAt("shows/7", 2)],
        });

        Assert.Equal(3, Assert.IsType<AppendOutcome.Committed>(batch).Receipt.Count);

        await foreach (var fact in ledger.ReadAsync(FactQuery.Tags("show:7"), new ReadOptions { From = new Position(1) }))
            Console.WriteLine($"@{fact.Position} {fact.Stream} {fact.Type}");

        var last = await ledger.GetHeadAsync();                              // the position of the last fact

        Assert.Equal(["@1 shows/7 show-opened", "@2 shows/7 seat-sold", "@3 shows/7 seat-sold", "@4 shows/7 seat-sold"], output);
        Assert.Equal(5, last.Value);
    }

    [Fact]
    public async Task A_name_is_taken_once()
    {
        await using var ledger = await OpenAsync();
        Assert.IsType<AppendOutcome.Committed>(await OpenShowAsync());
        Assert.IsType<AppendOutcome.Conflict>(await OpenShowAsync());
        Assert.IsType<AppendOutcome.Committed>(await RedeemAsync());
        Assert.IsType<AppendOutcome.Conflict>(await RedeemAsync());

        async Task<AppendOutcome> OpenShowAsync()
        {
            var opened = await ledger.TryAppendAsync(new AppendRequest(new NewFact("shows/8", new ShowOpened("8", Seats: 100)))
            {
                Conditions = [AppendCondition.StreamMissing("shows/8")],
            });

            return opened;
        }

        async Task<AppendOutcome> RedeemAsync()
        {
            var redeemed = await ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/42", new VoucherRedeemed("SPRING-7")))
            {
                Conditions = [AppendCondition.NoMatch(FactQuery.Tags("voucher:SPRING-7"))],
            });

            return redeemed;
        }
    }

    [Fact]
    public async Task A_seat_is_sold_once_and_only_while_there_are_seats()
    {
        var output = Console.Capture();
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync("shows/7", [new ShowOpened("7", Seats: 2)]);
        await ledger.AppendAsync("orders/42", [new SeatSold("7", "A2")]);

        await SellAsync(ledger);
        await SellAsync(ledger);
        await ledger.AppendAsync("shows/7", [new ShowOpened("7", Seats: 3)]);
        await SellAsync(ledger);
        await SellAsync(InterruptedLedger.Create(ledger, async () => await ledger.AppendAsync("shows/7", [new ShowOpened("7", Seats: 4)])));

        Assert.Equal(["sold", "try again", "try again"], output);
        Assert.Equal(1, await ledger.CountAsync(FactQuery.Tags("seat:7/A1")));

        static async Task SellAsync(ILedger ledger)
        {
            FactQuery query = [new() { Types = ["show-opened", "seat-sold"], Tags = ["show:7"] }];

            var head = await ledger.GetHeadAsync();
            var (seats, sold) = (0, 0);
            await foreach (var fact in ledger.ReadAsync(query, new ReadOptions { AsOf = head }))
            {
                if (fact.Value is ShowOpened show) seats = show.Seats;
                if (fact.Value is SeatSold) sold++;
            }

            if (sold < seats)
            {
                var sale = await ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/43", new SeatSold("7", "A1")))
                {
                    Conditions =
                    [
                        AppendCondition.NoMatch(query, after: head),
                        AppendCondition.NoMatch(FactQuery.Tags("seat:7/A1")),
                    ],
                });
                Console.WriteLine(sale is AppendOutcome.Committed ? "sold" : "try again");
            }
        }
    }

    [Fact]
    public async Task A_repeat_adds_nothing()
    {
        var output = Console.Capture();
        await using var ledger = await OpenAsync();

        var request = new AppendRequest(new NewFact("orders/44", new VoucherRedeemed("SPRING-8"))) { AppendId = "redeem-SPRING-8" };

        var first = await ledger.TryAppendAsync(request);
        var again = await ledger.TryAppendAsync(request);
        Console.WriteLine($"{first.GetType().Name} {again.GetType().Name}");     // Committed Duplicate

        var webhook = await ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/44", new VoucherRedeemed("spring-8")))
        {
            AppendId = "redeem-SPRING-8",
            OnRepeat = RepeatPolicy.SameId,
        });
        Console.WriteLine(((AppendOutcome.Duplicate)webhook).Difference);        // facts[0].tags

        Assert.Equal(["Committed Duplicate", "facts[0].tags"], output);
        Assert.IsType<AppendOutcome.AppendIdReused>(await ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/44", new VoucherRedeemed("spring-8"))) { AppendId = "redeem-SPRING-8" }));
        Assert.Equal(1, (await ledger.FindAppendAsync("redeem-SPRING-8"))?.LastPosition.Value);
        Assert.Equal(1, (await ledger.GetHeadAsync()).Value);
    }

    [Fact]
    public async Task Many_appends_are_sent_and_each_outcome_is_told_in_order()
    {
        var output = Console.Capture();
        await using var ledger = await OpenAsync();

        string[] seats = ["C1", "C2", "C1"];
        await using (var appender = ledger.OpenAppender())
        {
            foreach (var seat in seats)
            {
                var sale = new AppendRequest(new NewFact("shows/7", new SeatSold("7", seat))) { AppendId = $"sale:7/{seat}" };
                await appender.SendAsync(sale, outcome => Console.WriteLine($"{seat}: {outcome.GetType().Name}"));
            }

            await appender.FlushAsync();                                     // from here on all of them are durable
        }

        Assert.Equal(CodeBlocks.OutputOf("streams-and-conditions.md")[1], output);
        output = Console.Capture();

        var noon = new DateTimeOffset(2026, 5, 3, 12, 0, 0, TimeSpan.Zero);
        await ledger.AppendAsync(new NewFact("shows/7", new SeatSold("7", "D1")) { ValidFrom = noon.AddHours(1) });
        await ledger.AppendAsync(new NewFact("shows/7", new SeatSold("7", "D2")) { ValidFrom = noon });

        await foreach (var fact in ledger.ReadStreamAsync("shows/7").Where(fact => fact.ValidFrom is not null).OrderBy(fact => fact.ValidFrom))
            Console.WriteLine($"{fact.ValidFrom:HH:mm} v{fact.StreamVersion} {fact.Value}");

        Assert.Equal(CodeBlocks.OutputOf("streams-and-conditions.md")[2], output);
    }

    static ValueTask<Ledger> OpenAsync() => Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Tickets.Types });
}

public sealed record ShowOpened(string Show, int Seats);

public sealed record SeatSold(string Show, string Seat);

public sealed record VoucherRedeemed(string Code);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ShowOpened))]
[JsonSerializable(typeof(SeatSold))]
[JsonSerializable(typeof(VoucherRedeemed))]
internal sealed partial class TicketJson : JsonSerializerContext;

public static class Tickets
{
    public static readonly FactTypes Types = new FactTypes(TicketJson.Default)
        .Add<ShowOpened>("show-opened", show => [$"show:{show.Show}"])
        .Add<SeatSold>("seat-sold", sold => [$"show:{sold.Show}", $"seat:{sold.Show}/{sold.Seat}"])
        .Add<VoucherRedeemed>("voucher-redeemed", voucher => [$"voucher:{voucher.Code}"]);
}
