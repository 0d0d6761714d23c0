using System.Collections.Immutable;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Deciding;

/// <summary>What deciders in flight must not do to those that decide on top of them.</summary>
public sealed class DeciderHarmTests
{
    static readonly StreamName Show = "shows/1";

    static readonly Projection<ImmutableList<Fact>> Facts = new() { Name = "facts", Seed = [], Step = static (facts, fact) => facts.Add(fact) };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // An order was placed and acknowledged. The decision that shipped it was made on the state of a decision before it, which was
    // durable and not yet answered, so that it was told that the order had not been placed.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_decider_sees_every_append_that_was_acknowledged_before_it_began(bool throws)
    {
        await using var ledger = await OpenAsync(seats: 1);
        var gate = new TaskCompletionSource();
        var slow = Answering(ledger, gate.Task);
        var first = slow.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Ada"), cancellationToken: Cancellation).AsTask();
        await UntilAsync(async () => await ledger.GetHeadAsync(Cancellation) == new Position(2));
        await ledger.AppendAsync(Show, [new SeatsOffered(1)], Cancellation);

        var second = slow.DecideAsync(Seats.Projection, Show, seats => throws && seats.Sold == seats.Offered ? throw new TimeZoneNotFoundException() : seats.Sell("Bob"), cancellationToken: Cancellation).AsTask();
        gate.SetResult();

        Assert.Equal(new Seats(2, 2), (await second).State);
        Assert.Equal(new Seats(1, 1), (await first).State);
    }

    // A retry that came while the first call was in flight was told that the command is refused, or that its id belongs to other facts.
    [Theory]
    [InlineData("throws")]
    [InlineData("decides nothing")]
    [InlineData("decides the same")]
    [InlineData("decides other facts")]
    [InlineData("decides no fact")]
    public async Task A_repeat_of_a_decision_in_flight_is_a_repeat(string way)
    {
        await using var ledger = await OpenAsync(seats: 5);
        var gate = new TaskCompletionSource();
        var slow = new DecidingLedger(ledger, async request =>
        {
            await gate.Task;
            return await ledger.TryAppendAsync(request);
        });
        var options = new DecideOptions { AppendId = "order-7" };
        var first = slow.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Ada"), options, Cancellation).AsTask();
        var second = slow.DecideAsync(Seats.Projection, Show, Decide, options, Cancellation).AsTask();
        await Task.Delay(20, Cancellation);
        gate.SetResult();

        var repeat = await second;
        Assert.True(repeat.IsRepeat);
        Assert.Equal((await first).Receipt!.LastPosition, repeat.Receipt!.LastPosition);
        Assert.Equal(new Seats(5, 1), repeat.State);

        IReadOnlyList<object> Decide(Seats seats) => seats.Sold == 0 ? seats.Sell("Ada") : way switch
        {
            "throws" => throw new TimeZoneNotFoundException(),
            "decides nothing" => [],
            "decides the same" => [new SeatSold("Ada")],
            "decides other facts" => [new SeatSold("Bob")],
            _ => [new Uri("urn:x")],
        };
    }

    // The step, or the check of the append, refused a decision before it was known whether the state had ever been.
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task What_is_refused_in_a_provisional_state_is_told_when_that_is_durable(bool isByStep, bool falls)
    {
        var projection = Seats.Projection with { Step = static (seats, fact) => fact.Value is SeatSold { Buyer: "Eve" } && seats.Sold > 0 ? throw new TimeZoneNotFoundException() : Seats.Projection.Step(seats, fact) };
        await using var ledger = await OpenAsync(seats: 5);
        var gate = new TaskCompletionSource();
        var sends = 0;
        var slow = new DecidingLedger(ledger, async request =>
        {
            if (++sends > 1) return await ledger.TryAppendAsync(request);
            await gate.Task;
            return falls ? throw new OperationCanceledException() : await ledger.TryAppendAsync(request);
        });
        var first = slow.DecideAsync(projection, Show, static seats => seats.Sell("Ada"), cancellationToken: Cancellation).AsTask();

        var second = slow.DecideAsync(projection, Show, seats => isByStep || seats.Sold == 0 ? seats.Sell("Eve") : [new NewFact("bad\n/1", new SeatSold("Eve"))], cancellationToken: Cancellation).AsTask();
        await Task.Delay(20, Cancellation);
        Assert.False(second.IsCompleted);
        gate.SetResult();

        if (falls)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
            Assert.Equal(new Seats(5, 1), (await second).State);
        }
        else
        {
            Assert.Equal(new Seats(5, 1), (await first).State);
            if (isByStep) await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => second);
            else await Assert.ThrowsAsync<ArgumentException>(() => second);
        }
    }

    // The only attempt was lost to a decision that was never committed, and the conflict named a version that the stream had.
    [Fact]
    public async Task A_decision_that_falls_does_not_use_up_the_last_attempt_of_another()
    {
        await using var ledger = await OpenAsync(seats: 5);
        var gate = new TaskCompletionSource();
        var sends = 0;
        var slow = new DecidingLedger(ledger, async request =>
        {
            if (sends++ > 0) return await ledger.TryAppendAsync(request);
            await gate.Task;
            throw new OperationCanceledException();
        });
        var first = slow.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Ada"), cancellationToken: Cancellation).AsTask();

        var second = slow.DecideAsync(Seats.Projection, Show, static seats => seats.Sell("Bob"), new DecideOptions { AttemptsMax = 1 }, Cancellation).AsTask();
        await Task.Delay(20, Cancellation);
        gate.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal((new Seats(5, 1), 1), ((await second).State, (await second).Attempts));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deciders_whose_own_conditions_fail_do_not_keep_the_others_from_an_end(bool isByQuery)
    {
        await using var ledger = await OpenAsync(seats: 1_000);
        var fails = new DecideOptions { Conditions = [AppendCondition.StreamExists("none/1")], AttemptsMax = 1_000 };
        var succeeds = new DecideOptions { AttemptsMax = 1_000 };

        var all = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(
            async () =>
            {
                var options = i % 2 == 0 ? fails : succeeds;
                try
                {
                    return isByQuery
                        ? await ledger.DecideAsync(Seats.Projection, Seats.Query, seats => seats.SellTo(new StreamName("buyers", $"{i}"), $"{i}"), options, Cancellation)
                        : await ledger.DecideAsync(Seats.Projection, Show, seats => seats.Sell($"{i}"), options, Cancellation);
                }
                catch (AppendConflictException conflict) when (options == fails && conflict.Conflict.Condition == fails.Conditions[0])
                {
                    return null;
                }
            },
            Cancellation)));

        Assert.Equal(Enumerable.Range(1, 100), all.OfType<Decided<Seats>>().Select(static one => one.State.Sold).Order());
        TestContext.Current.TestOutputHelper?.WriteLine($"at most {all.Max(static one => one?.Attempts)} attempts");
    }

    // The decider waited until the last fact was durable, and by then there was another one: without end, as long as others decided.
    [Fact]
    public async Task A_decider_that_asks_for_the_last_position_is_not_overtaken_for_ever()
    {
        await using var ledger = await OpenAsync(seats: 1_000_000);
        var slow = new DecidingLedger(ledger, async request =>
        {
            var outcome = await ledger.TryAppendAsync(request);
            await Task.Delay(10);
            return outcome;
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var others = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) await slow.DecideAsync(Facts, Show, static _ => [new SeatSold("Bob")], cancellationToken: Cancellation);
        })).ToList();
        await UntilAsync(async () => (await ledger.GetHeadAsync(Cancellation)).Value > 20);
        var calls = 0;

        var decided = await slow.DecideAsync(Facts, Show, facts => Interlocked.Increment(ref calls) > 200 ? throw new TimeoutException() : [new SeatSold($"after {facts[^1].Position}")], new DecideOptions { AttemptsMax = 1_000 }, Cancellation);

        await stop.CancelAsync();
        await Task.WhenAll(others);
        Assert.Equal($"after {decided.State[^2].Position}", ((SeatSold)decided.State[^1].Value!).Buyer);
        TestContext.Current.TestOutputHelper?.WriteLine($"{calls} calls, {decided.Attempts} attempts");
    }

    // A decide function that caught everything took "not durable yet" for an answer.
    [Fact]
    public async Task A_decide_function_that_swallows_the_wait_is_called_again()
    {
        await using var ledger = await OpenAsync(seats: 5);
        var gate = new TaskCompletionSource();
        var slow = Answering(ledger, gate.Task);
        var first = slow.DecideAsync(Facts, Show, static _ => [new SeatSold("Ada")], cancellationToken: Cancellation).AsTask();

        var second = slow.DecideAsync(Facts, Show, Decide, cancellationToken: Cancellation).AsTask();
        await Task.Delay(20, Cancellation);
        gate.SetResult();

        await first;
        Assert.Equal("after 2", ((SeatSold)(await second).State[^1].Value!).Buyer);

        static IReadOnlyList<object> Decide(ImmutableList<Fact> facts)
        {
            try
            {
                return [new SeatSold($"after {facts[^1].Position}")];
            }
            catch (Exception)
            {
                return [new SeatSold("after none")];
            }
        }
    }

    // The text of a fact has its position, so it is another one when the fact is durable.
    [Fact]
    public async Task A_state_of_texts_of_facts_is_that_of_a_full_fold()
    {
        await using var ledger = await OpenAsync(seats: 5);
        var texts = new Projection<string> { Name = "texts", Seed = "", Step = static (text, fact) => $"{text}{fact};" };

        var first = await ledger.DecideAsync(texts, Show, static _ => [new SeatSold("Ada")], cancellationToken: Cancellation);
        var second = await ledger.DecideAsync(texts, Show, static _ => [new SeatSold("Bob")], cancellationToken: Cancellation);

        Assert.Equal((await ledger.ProjectAsync(texts, Show, Cancellation)).State, second.State);
        Assert.StartsWith(first.State, second.State, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fact_that_does_not_become_its_value_is_refused_before_it_is_appended()
    {
        await using var ledger = await OpenAsync(seats: 5);

        await Assert.ThrowsAsync<FactValueException>(async () => await ledger.DecideAsync(Seats.Projection, Show, static _ => [new NewFact(Show, "seat-sold", "[1]")], cancellationToken: Cancellation));

        Assert.Equal(1, (await ledger.GetHeadAsync(Cancellation)).Value);
    }

    // The decided facts were folded twice by the next decision: their position was known only to a ledger that passed the request on as it was.
    [Fact]
    public async Task A_ledger_that_makes_requests_of_its_own_has_the_same_states()
    {
        await using var ledger = await OpenAsync(seats: 5);
        var rebuilt = new DecidingLedger(ledger, request => ledger.TryAppendAsync(new AppendRequest { Facts = request.Facts, Conditions = request.Conditions, AppendId = request.AppendId }));

        for (var sold = 1; sold <= 3; sold++)
            Assert.Equal(sold, (await rebuilt.DecideAsync(Seats.Projection, Seats.Query, static seats => seats.SellTo("buyers/1", "Ada"), cancellationToken: Cancellation)).State.Sold);
    }

    // A wrapped ledger does not say which stores are records, so the fact had no value when it was folded for the next decision.
    [Fact]
    public async Task A_record_has_its_value_also_in_a_decision_on_a_wrapped_ledger()
    {
        var stock = new RecordStore<SeatsOffered>("stock", SeatsJson.Default.SeatsOffered);
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Records = [stock] }, Cancellation);
        var wrapped = new DecidingLedger(ledger, request => ledger.TryAppendAsync(request));
        var left = new Projection<int> { Name = "left", Seed = 1, Step = static (left, fact) => fact.Value is SeatsOffered seats ? seats.Seats : left };

        await wrapped.DecideAsync(left, "stock/1", Take, cancellationToken: Cancellation);
        var second = await wrapped.DecideAsync(left, "stock/1", Take, cancellationToken: Cancellation);

        Assert.Null(second.Receipt);
        Assert.Equal(0, second.State);

        IReadOnlyList<object> Take(int left) => left > 0 ? [stock.NewValue("1", new SeatsOffered(left - 1))] : [];
    }

    // The facts could not be read again when they were durable, so that a state had facts without a position, for ever.
    [Fact]
    public async Task A_state_whose_facts_cannot_be_read_again_is_not_kept()
    {
        await using var ledger = await OpenAsync(seats: 5);
        var wrapped = new DecidingLedger(ledger, request => ledger.TryAppendAsync(request)) { BeforeReadAt = static _ => throw new LedgerDamagedException("a test", []) };

        await wrapped.DecideAsync(Facts, Show, static _ => [new SeatSold("Ada")], cancellationToken: Cancellation);
        var second = await wrapped.DecideAsync(Facts, Show, static facts => [new SeatSold($"after {facts[^1].Position}")], cancellationToken: Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancellation);

        Assert.Equal("after 2", ((SeatSold)second.State[^1].Value!).Buyer);
    }

    // The second decision was answered before the facts of the first had their positions.
    [Fact]
    public async Task Every_fact_in_a_result_has_its_position()
    {
        await using var ledger = await OpenAsync(seats: 5);
        var (sent, read) = (new TaskCompletionSource(), new TaskCompletionSource());
        var slow = new DecidingLedger(ledger, async request =>
        {
            var outcome = await ledger.TryAppendAsync(request);
            await sent.Task;
            return outcome;
        })
        {
            BeforeReadAt = position => position.Value == 2 ? read.Task : Task.CompletedTask,
        };
        var first = slow.DecideAsync(Facts, Show, static _ => [new SeatSold("Ada")], cancellationToken: Cancellation).AsTask();
        var second = slow.DecideAsync(Facts, Show, static _ => [new SeatSold("Bob")], cancellationToken: Cancellation).AsTask();
        sent.SetResult();
        await Task.WhenAny(second, Task.Delay(50, Cancellation));
        var third = slow.DecideAsync(Facts, Show, static facts => [new SeatSold($"after {facts[^2].Position}")], cancellationToken: Cancellation).AsTask();
        if (second.IsCompleted) Assert.Equal([1L, 2L, 3L], (await second).State.Select(static fact => fact.Position.Value));
        read.SetResult();

        Assert.Equal([1L, 2L, 3L], (await second).State.Select(static fact => fact.Position.Value));
        Assert.Equal("after 2", ((SeatSold)(await third).State[^1].Value!).Buyer);
        await first;
    }

    // The append was durable, and the caller was told that it had been cancelled.
    [Fact]
    public async Task A_decision_that_is_durable_is_told_also_when_it_is_cancelled_meanwhile()
    {
        await using var ledger = await OpenAsync(seats: 5);
        using var stop = new CancellationTokenSource();
        var wrapped = new DecidingLedger(ledger, async request =>
        {
            var outcome = await ledger.TryAppendAsync(request);
            await stop.CancelAsync();
            return outcome;
        });
        var positions = new Projection<long> { Name = "positions", Seed = 0, Step = static (_, fact) => fact.Position.Value };

        var decided = await wrapped.DecideAsync(positions, Show, static _ => [new SeatSold("Ada")], cancellationToken: stop.Token);

        Assert.Equal(2, decided.State);
    }

    static DecidingLedger Answering(Ledger ledger, Task gate) => new(ledger, async request =>
    {
        var outcome = await ledger.TryAppendAsync(request);
        await gate;
        return outcome;
    });

    static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition()) await Task.Delay(1, Cancellation);
    }

    static async Task<Ledger> OpenAsync(int seats)
    {
        var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Seats.Types }, Cancellation);
        await ledger.AppendAsync(Show, [new SeatsOffered(seats)], Cancellation);
        return ledger;
    }
}
