using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>An appender keeps a bounded number of appends in flight and reports the outcome of each.</summary>
public sealed class AppenderTests
{
    readonly SteppedScheduler _scheduler = new();

    [Fact]
    public async Task Sending_waits_when_the_window_is_full()
    {
        await using var ledger = await Open();
        await using var appender = ledger.OpenAppender(new AppenderOptions { MaxInFlight = 3 });
        for (var i = 0; i < 3; i++) Assert.True(appender.SendAsync(Fact(i)).IsCompletedSuccessfully);
        var fourth = appender.SendAsync(Fact(3)).AsTask();
        await Task.Delay(20);
        Assert.False(fourth.IsCompleted);

        Assert.True(_scheduler.Turn());
        await fourth;
        Assert.Equal(new Position(3), await ledger.GetHeadAsync()); // the fourth is sent, and not yet decided
        _scheduler.TurnAll();
        await appender.FlushAsync();
        Assert.Equal(new Position(4), await ledger.GetHeadAsync());
    }

    [Fact]
    public async Task Answers_come_in_the_order_of_sending()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        var answers = new List<long>();
        await using (var appender = ledger.OpenAppender(new AppenderOptions { MaxInFlight = 100 }))
        {
            for (var i = 0; i < 5_000; i++) await appender.SendAsync(Fact(i), outcome => answers.Add(outcome.EnsureCommittedOrDuplicate().FirstPosition.Value));
            Assert.InRange(answers.Count, 4_900, 5_000);
        }

        Assert.Equal(Enumerable.Range(1, 5_000).Select(i => (long)i), answers);
    }

    [Fact]
    public async Task A_repeat_counts_as_done()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        var outcomes = new List<AppendOutcome>();
        await using (var appender = ledger.OpenAppender())
            for (var i = 0; i < 3; i++) await appender.SendAsync(Fact(7) with { AppendId = "once" }, outcomes.Add);

        Assert.IsType<AppendOutcome.Committed>(outcomes[0]);
        Assert.All(outcomes.Skip(1), outcome => Assert.IsType<AppendOutcome.Duplicate>(outcome));
    }

    [Fact]
    public async Task The_first_failure_ends_it_and_every_outcome_is_told()
    {
        await using var ledger = await Open();
        var outcomes = new List<AppendOutcome>();
        var appender = ledger.OpenAppender();
        await appender.SendAsync(Fact(1), outcomes.Add);
        await appender.SendAsync(Fact(2) with { Conditions = [AppendCondition.StreamMissing("s/1")] }, outcomes.Add);
        await appender.SendAsync(Fact(3), outcomes.Add);
        _scheduler.TurnAll();

        var failure = await Assert.ThrowsAsync<AppendConflictException>(async () => await appender.FlushAsync());
        Assert.Same(failure, await Assert.ThrowsAsync<AppendConflictException>(async () => await appender.SendAsync(Fact(4))));
        Assert.Same(failure, await Assert.ThrowsAsync<AppendConflictException>(async () => await appender.FlushAsync()));
        await appender.DisposeAsync(); // has thrown already

        Assert.Equal([typeof(AppendOutcome.Committed), typeof(AppendOutcome.Conflict), typeof(AppendOutcome.Committed)], outcomes.Select(outcome => outcome.GetType()));
        Assert.Equal(new Position(2), await ledger.GetHeadAsync());
    }

    // An appender was disposed while a failed append was in flight. It threw that failure and did not wait for the later appends, which
    // were still being written. Their outcomes were never reported.
    [Fact]
    public async Task Disposing_tells_every_outcome_also_behind_a_failure()
    {
        await using var ledger = await Open();
        var outcomes = new List<AppendOutcome>();
        var appender = ledger.OpenAppender();
        await appender.SendAsync(Fact(1) with { Conditions = [AppendCondition.StreamExists("s/1")] }, outcomes.Add);
        for (var i = 2; i < 5; i++) await appender.SendAsync(Fact(i), outcomes.Add);
        _scheduler.TurnAll();

        await Assert.ThrowsAsync<AppendConflictException>(async () => await appender.DisposeAsync());

        Assert.Equal(4, outcomes.Count);
        Assert.All(outcomes.Skip(1), outcome => Assert.IsType<AppendOutcome.Committed>(outcome));
        await appender.DisposeAsync();
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_loses_nothing()
    {
        await using var ledger = await Open();
        var answers = new List<long>();
        var appender = ledger.OpenAppender(new AppenderOptions { MaxInFlight = 3 });
        for (var i = 0; i < 3; i++) await appender.SendAsync(Fact(i), Told);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(5));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await (attempt % 2 == 0 ? appender.SendAsync(Fact(9), Told, impatient.Token) : appender.FlushAsync(impatient.Token)));
        }

        _scheduler.TurnAll();
        await appender.SendAsync(Fact(3), Told);
        _scheduler.TurnAll();
        await appender.DisposeAsync();

        Assert.Equal([1, 2, 3, 4], answers); // what was not sent is not there, what was sent is there once, in order
        Assert.Equal(["0", "1", "2", "3"], (await ledger.ReadAsync().ToListAsync()).Select(fact => fact.Json!));

        void Told(AppendOutcome outcome) => answers.Add(outcome.EnsureCommittedOrDuplicate().FirstPosition.Value);
    }

    // The disk was full while a caller waited with a token. The wait threw the failure, but the appender did not end: it accepted more
    // appends and threw the same failure again later.
    [Fact]
    public async Task A_failure_during_a_wait_with_a_token_ends_it_as_any_other()
    {
        var files = new MemoryFileSystem();
        await using var ledger = await Ledger.OpenAsync("full", new LedgerOptions { Scheduler = _scheduler, FileSystem = files, PreallocationBytesMax = 0 });
        var appender = ledger.OpenAppender();
        await appender.SendAsync(new AppendRequest(new NewFact("s/1", null, new byte[1_000_000]) { ContentType = "x" }));
        using var token = new CancellationTokenSource();
        var flush = appender.FlushAsync(token.Token).AsTask();
        files.CapacityBytes = 0;
        _scheduler.TurnAll();
        files.CapacityBytes = long.MaxValue;

        await Assert.ThrowsAsync<LedgerFullException>(() => flush);
        await appender.DisposeAsync(); // has thrown already
        await Assert.ThrowsAsync<LedgerFullException>(async () => await appender.SendAsync(Fact(1)));
    }

    [Fact]
    public async Task A_request_that_is_refused_is_not_sent_and_ends_nothing()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await using var appender = ledger.OpenAppender();
        await appender.SendAsync(Fact(1));
        await Assert.ThrowsAsync<ArgumentException>(async () => await appender.SendAsync(new AppendRequest(new NewFact("s/1", null, "x"))));
        await appender.SendAsync(Fact(2));
        await appender.FlushAsync();

        Assert.Equal(new Position(2), await ledger.GetHeadAsync());
    }

    [Fact]
    public async Task A_window_has_room_for_1_to_100000()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        foreach (var size in (int[])[0, -1, 100_001]) Assert.Throws<ArgumentOutOfRangeException>(() => ledger.OpenAppender(new AppenderOptions { MaxInFlight = size }));
        await using var narrow = ledger.OpenAppender(new AppenderOptions { MaxInFlight = 1 });
        for (var i = 0; i < 100; i++) await narrow.SendAsync(Fact(i));
        await narrow.FlushAsync();
        Assert.Equal(new Position(100), await ledger.GetHeadAsync());
    }

    ValueTask<Ledger> Open() => Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = _scheduler });

    static AppendRequest Fact(int i) => new(new NewFact("s/1", null, $"{i}"));
}
