namespace Factstone.Tests.Deciding;

/// <summary>Decisions by one caller, and what they are told.</summary>
public sealed class DecideTests
{
    static readonly StreamName Show = "shows/1";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_decision_appends_on_the_state_that_it_read()
    {
        await using var ledger = await OpenAsync(seats: 2);

        var first = await ledger.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Ada"), cancellationToken: Cancellation);
        var second = await ledger.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Bob"), cancellationToken: Cancellation);
        var third = await ledger.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Eve"), cancellationToken: Cancellation);

        Assert.Equal((new Seats(2, 1), 2L, 1), (first.State, first.Version.Value, first.Attempts));
        Assert.Equal((new Seats(2, 2), 3L, 1), (second.State, second.Version.Value, second.Attempts));
        Assert.Equal((2L, 3L), (first.Receipt!.FirstPosition.Value, second.Receipt!.FirstPosition.Value));
        Assert.Equal((new Seats(2, 2), 3L, 0, null), (third.State, third.Version.Value, third.Attempts, third.Receipt));
        Assert.Equal(3, (await ledger.GetHeadAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task A_decision_by_query_appends_facts_of_any_stream()
    {
        await using var ledger = await OpenAsync(seats: 1);

        var sold = await ledger.DecideAsync(Seats.Projection, Seats.Query, static seats => seats.SellTo("buyers/ada", "Ada"), cancellationToken: Cancellation);
        var late = await ledger.DecideAsync(Seats.Projection, Seats.Query, static seats => seats.SellTo("buyers/bob", "Bob"), cancellationToken: Cancellation);
        var wrong = await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.DecideAsync(Seats.Projection, Seats.Query, static _ => [new SeatSold("Eve")], cancellationToken: Cancellation));

        Assert.Equal((new Seats(1, 1), 1), (sold.State, sold.Attempts));
        Assert.Null(late.Receipt);
        Assert.Contains("new NewFact(stream, value)", wrong.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await ledger.GetVersionAsync("buyers/ada", cancellationToken: Cancellation)).Value);
        Assert.Equal(2, (await ledger.GetHeadAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task A_writer_that_comes_between_is_folded_and_the_decision_is_made_again()
    {
        await using var ledger = await OpenAsync(seats: 2);
        var calls = 0;

        var decided = await ledger.DecideAsync(Seats.Projection, Show, Decide, cancellationToken: Cancellation);

        Assert.Equal((2, 2), (calls, decided.Attempts));
        Assert.Equal(new Seats(2, 2), decided.State);

        IReadOnlyList<object> Decide(Seats seats)
        {
            if (++calls == 1) ledger.AppendAsync(Show, [new SeatSold("Bob")], Cancellation).AsTask().Wait(Cancellation);
            return seats.Sell("Ada");
        }
    }

    [Fact]
    public async Task Too_many_conflicts_are_thrown_and_so_is_a_condition_that_does_not_depend_on_the_state()
    {
        await using var ledger = await OpenAsync(seats: 100);
        var calls = 0;

        var lost = await Assert.ThrowsAsync<AppendConflictException>(async () => await ledger.DecideAsync(Seats.Projection, Show, Decide, new DecideOptions { AttemptsMax = 3 }, Cancellation));
        var final = await Assert.ThrowsAsync<AppendConflictException>(async () => await ledger.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Ada"), new DecideOptions { Conditions = [AppendCondition.StreamExists("shows/2")] }, Cancellation));

        Assert.Equal(3, calls);
        Assert.Equal(AppendCondition.StreamAt(Show, new StreamVersion(3)), lost.Conflict.Condition);
        Assert.Equal(AppendCondition.StreamExists("shows/2"), final.Conflict.Condition);
        Assert.Equal(4, (await ledger.GetHeadAsync(Cancellation)).Value);

        IReadOnlyList<object> Decide(Seats seats)
        {
            calls++;
            ledger.AppendAsync(Show, [new SeatSold("Bob")], Cancellation).AsTask().Wait(Cancellation);
            return seats.Sell("Ada");
        }
    }

    [Fact]
    public async Task An_append_id_is_decided_once()
    {
        await using var ledger = await OpenAsync(seats: 5);
        var options = new DecideOptions { AppendId = "order-7" };

        var first = await ledger.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Ada"), options, Cancellation);
        var again = await ledger.DecideAsync(Seats.Projection, Show, static _ => throw new InvalidOperationException("not asked"), options, Cancellation);

        Assert.False(first.IsRepeat);
        Assert.True(again.IsRepeat);
        Assert.Equal((first.Receipt!.LastPosition, 0, new Seats(5, 1)), (again.Receipt!.LastPosition, again.Attempts, again.State));
    }

    [Fact]
    public async Task What_a_decide_function_throws_is_thrown_and_nothing_is_written()
    {
        await using var ledger = await OpenAsync(seats: 5);

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await ledger.DecideAsync(Seats.Projection, Show, static _ => throw new TimeZoneNotFoundException(), cancellationToken: Cancellation));
        await Assert.ThrowsAsync<FactTypesException>(async () => await ledger.DecideAsync(Seats.Projection, Show, static _ => [new Uri("urn:x")], cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.DecideAsync(Seats.Projection, Show, static _ => [null!], cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.DecideAsync(Seats.Projection, Show, static _ => [new NewFact("bad\n/1", new SeatSold("Ada"))], cancellationToken: Cancellation));
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await ledger.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Ada"), cancellationToken: new CancellationToken(canceled: true)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Ada"), new DecideOptions { AttemptsMax = 0 }, Cancellation));

        Assert.Equal(1, (await ledger.GetHeadAsync(Cancellation)).Value);
        Assert.Equal(1, (await ledger.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Ada"), cancellationToken: Cancellation)).Attempts);
    }

    static async Task<Ledger> OpenAsync(int seats)
    {
        var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Seats.Types }, Cancellation);
        await ledger.AppendAsync(Show, [new SeatsOffered(seats)], Cancellation);
        return ledger;
    }
}
