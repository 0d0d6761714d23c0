namespace Factstone.Tests.Deciding;

/// <summary>Many deciders at once.</summary>
public sealed class DecidersTests
{
    const int Buyers = 100;
    const int SeatsOffered = 30;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, true, 200, 2)]
    [InlineData(true, true, 200, 2)]
    [InlineData(false, false, 20, 5)]
    [InlineData(true, false, 20, 5)]
    public async Task A_hundred_buyers_of_thirty_seats_buy_thirty(bool isByQuery, bool takesTurns, int rounds, int attemptsMedian)
    {
        var options = new DecideOptions { TakesTurns = takesTurns, AttemptsMax = 1_000 };
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Seats.Types }, Cancellation);
        var attempts = new List<int>();
        for (var round = 0; round < rounds; round++)
        {
            var (show, tag) = (new StreamName("shows", $"{round}"), $"round:{round}");
            var query = FactQuery.Tags(tag);
            await ledger.AppendAsync(new NewFact(show, new Deciding.SeatsOffered(SeatsOffered)) { Tags = [tag] }, Cancellation);

            var all = await Task.WhenAll(Enumerable.Range(0, Buyers).Select(buyer => Task.Run(async () => isByQuery
                ? await ledger.DecideAsync(Seats.Projection, query, seats => seats.Sold < seats.Offered ? [new NewFact(new StreamName("buyers", $"{round}-{buyer}"), new SeatSold($"{buyer}")) { Tags = [tag] }] : [], options, Cancellation)
                : await ledger.DecideAsync(Seats.Projection, show, seats => seats.Sell($"{buyer}"), options, Cancellation), Cancellation)));

            Assert.Equal(SeatsOffered, all.Count(static one => one.Receipt is not null));
            Assert.All(all.Where(static one => one.Receipt is null), static one => Assert.Equal(new Seats(SeatsOffered, SeatsOffered), one.State));
            Assert.Equal(SeatsOffered, isByQuery ? await ledger.CountAsync(query, cancellationToken: Cancellation) - 1 : (await ledger.GetVersionAsync(show, cancellationToken: Cancellation)).Value - 1);
            Assert.Equal(Enumerable.Range(1, SeatsOffered), all.Where(static one => one.Receipt is not null).Select(static one => one.State.Sold).Order());
            attempts.AddRange(all.Select(static one => one.Attempts));
        }

        attempts.Sort();
        Assert.InRange(attempts[attempts.Count / 2], 0, attemptsMedian);
    }

    // The state of a query with two items was taken for that of a query with one of them.
    [Fact]
    public async Task Queries_that_share_an_item_have_states_of_their_own()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Seats.Types }, Cancellation);
        FactQuery one = [new() { Tags = ["a"] }], both = [new() { Tags = ["a"] }, new() { Tags = ["b"] }];

        var told = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(
            async () =>
            {
                var (query, tag) = i % 2 == 0 ? (both, i % 4 == 0 ? "a" : "b") : (one, "a");
                return (Query: query, Decided: await ledger.DecideAsync(Seats.Projection, query, _ => [new NewFact(new StreamName("buyers", $"{i}"), new SeatSold($"{i}")) { Tags = [tag] }], cancellationToken: Cancellation));
            },
            Cancellation)));

        Assert.Equal(200, await ledger.CountAsync(both, cancellationToken: Cancellation));
        foreach (var (query, decided) in told)
            Assert.Equal(await ledger.CountAsync(query, LedgerTime.AtPosition(decided.Receipt!.LastPosition), Cancellation), decided.State.Sold);
    }
}
