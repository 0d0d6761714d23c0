using System.Reflection;

namespace Factstone.Tests.Deciding;

/// <summary>Deciders of every kind at once: nothing is sold twice, everybody gets an answer, and nothing is left of them.</summary>
public sealed class DeciderStressTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Deciders_that_throw_wait_nest_and_are_cancelled_leave_nothing_behind(int seed)
    {
        const int Offered = 200;
        var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Seats.Types }, Cancellation);
        await ledger.AppendAsync("shows/1", [new SeatsOffered(Offered)], Cancellation);
        var told = 0;
        var kinds = new int[16];

        await Task.WhenAll(Enumerable.Range(0, 24).Select(caller => Task.Run(async () =>
        {
            var random = new Random((seed * 100) + caller);
            for (var i = 0; i < 40; i++)
            {
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
                var way = random.Next(14);
                var options = new DecideOptions { TakesTurns = random.Next(6) > 0, AttemptsMax = 1_000, AppendId = random.Next(4) == 0 ? $"id-{random.Next(200)}" : null, Conditions = way == 5 ? [AppendCondition.StreamExists("none/1")] : [] };
                if (way == 1) stop.CancelAfter(random.Next(3));
                try
                {
                    var name = $"{caller}-{i}";
                    var decided = random.Next(3) switch
                    {
                        0 => await ledger.DecideAsync(Seats.Projection, "shows/1", seats => Decide(seats, "shows/1"), options, stop.Token),
                        1 => await ledger.DecideAsync(Seats.Projection, Seats.Query, seats => Decide(seats, "shows/1"), options, stop.Token),
                        _ => await ledger.DecideAsync(Seats.Projection, [new() { Store = "shows" }, new() { Tags = ["show:1"] }], seats => Decide(seats, "shows/1"), options, stop.Token),
                    };
                    if (decided is { Receipt: not null, IsRepeat: false }) Interlocked.Increment(ref told);
                    Assert.InRange(decided.State.Sold, 0, Offered);
                    Interlocked.Increment(ref kinds[way]);

                    IReadOnlyList<object> Decide(Seats seats, StreamName stream)
                    {
                        if (way == 2) throw new TimeZoneNotFoundException();
                        if (way == 3 && random.Next(4) == 0) Thread.Sleep(150);
                        if (way == 4 && random.Next(3) == 0) ledger.DecideAsync(Seats.Projection, "shows/1", static _ => [], cancellationToken: Cancellation).AsTask().Wait(Cancellation);
                        if (way == 6) return [new Uri("urn:x")];
                        if (way == 7 && random.Next(3) == 0) ledger.DecideAsync(Seats.Projection, Seats.Query, static _ => [], cancellationToken: Cancellation).AsTask().Wait(Cancellation);
                        return seats.Sold < seats.Offered ? [new NewFact(stream, new SeatSold(name))] : [];
                    }
                }
                catch (Exception) when (way is 1 or 2 or 5 or 6)
                {
                    // as they should
                }
            }
        })));

        Assert.Equal(Offered, (await ledger.ProjectAsync(Seats.Projection, "shows/1", Cancellation)).State.Sold);
        Assert.Equal(Offered, told);
        var lines = DecisionLines.Of(ledger);
        var all = (Dictionary<string, DecisionLine>)typeof(DecisionLines).GetField("_lines", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(lines)!;
        Assert.NotEmpty(all);
        Assert.All(all.Values, static line => Assert.Equal((0, 0, false), (line.Users, line.Queued.Count, line.HasWaiting)));
        var timer = typeof(DecisionLines).GetField("_timer", BindingFlags.NonPublic | BindingFlags.Instance)!;
        for (var i = 0; timer.GetValue(lines) is not null; i++)
        {
            Assert.True(i < 600, "The timer of the turns still runs.");
            await Task.Delay(50);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(' ', kinds));
        ledger.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deciders_of_a_ledger_that_closes_or_fills_up_all_end_and_what_they_were_told_is_there(bool fills)
    {
        var disk = new SimulatedDisk(7);
        var options = new LedgerOptions { Types = Seats.Types, SegmentSizeBytes = 65_536 };
        var ledger = await disk.OpenLedgerAsync(options, Cancellation);
        await ledger.AppendAsync("shows/1", [new SeatsOffered(1_000_000)], Cancellation);
        var told = 0;
        var callers = Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    var decided = caller % 2 == 0
                        ? await ledger.DecideAsync(Seats.Projection, "shows/1", static seats => seats.Sell("Ada"), cancellationToken: Cancellation)
                        : await ledger.DecideAsync(Seats.Projection, Seats.Query, static seats => seats.SellTo("shows/1", "Bob"), cancellationToken: Cancellation);
                    Assert.NotNull(decided.Receipt);
                    Interlocked.Increment(ref told);
                }
            }
            catch (Exception end)
            {
                return end;
            }
        })).ToList();

        while (Volatile.Read(ref told) < 100) await Task.Delay(1, Cancellation);
        if (fills) disk.CapacityBytes = 0;
        else ledger.Dispose();
        var ends = await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        Assert.All(ends, end => Assert.IsType(fills ? typeof(LedgerFullException) : typeof(ObjectDisposedException), end));
        disk.CapacityBytes = long.MaxValue;
        if (fills) Assert.NotNull((await ledger.DecideAsync(Seats.Projection, "shows/1", static seats => seats.Sell("Eve"), cancellationToken: Cancellation)).Receipt);
        ledger.Dispose();
        using var again = await disk.OpenLedgerAsync(options, Cancellation);
        var sold = (await again.ProjectAsync(Seats.Projection, "shows/1", Cancellation)).State.Sold;
        if (fills) Assert.Equal(told + 1, sold);
        else Assert.InRange(sold, told, told + 16);
    }
}
