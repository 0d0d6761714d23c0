using Console = Factstone.Tests.Guide.Console;

namespace Factstone.Tests.Samples.Tickets;

/// <summary>The ticket shop: most of the API in one short program.</summary>
public sealed class TicketShopTests
{
    const string Source = "test/Factstone.Tests/Samples/TicketShop.cs";

    [Fact]
    public async Task An_evening_of_the_shop()
    {
        var output = Console.Capture();

        await TicketShop.RunAsync();

        Assert.Equal(
            [
                "5 of 8 orders are placed",
                "3 pages of orders",
                "ordered from London, lives in Paris, 2 versions",
                "paid once: True",
                "sales: 40",
                "cancelled as it was before the payment: False",
                "cancelled when paid: True",
                "seats sold again: True",
            ],
            output);
    }

    [Fact]
    public async Task Orders_are_placed_once_and_within_the_settings()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = TicketShop.Types });
        var shop = new TicketShop(ledger);
        await shop.OpenShowAsync("hamlet", seats: 4);

        Assert.True(await shop.PlaceAsync("hamlet-1", "hamlet", "c7", seats: 4));
        Assert.True(await shop.PlaceAsync("hamlet-1", "hamlet", "c7", seats: 4)); // a retry
        Assert.False(await shop.PlaceAsync("hamlet-2", "hamlet", "c7", seats: 1));
        await Assert.ThrowsAsync<ArgumentException>(() => shop.PlaceAsync("hamlet-3", "hamlet", "c7", seats: 5));

        Assert.Equal(1, await ledger.CountAsync(FactQuery.Types("order-placed")));
    }

    [Fact]
    public void It_is_short()
    {
        var lines = Repository.Read(Source).Split('\n');

        Assert.InRange(lines.Count(static line => !string.IsNullOrWhiteSpace(line)), 1, 170);
        Assert.All(lines, static line => Assert.InRange(line.Length, 0, 120));
    }
}
