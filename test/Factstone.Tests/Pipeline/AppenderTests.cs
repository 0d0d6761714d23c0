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

        var failure = await Assert.ThrowsAsync<AppenderFailedException>(async () => await appender.FlushAsync());
        Assert.IsType<AppendConflictException>(failure.InnerException);
        Assert.Same(failure, await Assert.ThrowsAsync<AppenderFailedException>(async () => await appender.SendAsync(Fact(4))));
        Assert.Same(failure, await Assert.ThrowsAsync<AppenderFailedException>(async () => await appender.FlushAsync()));
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

        Assert.Equal(0, (await Assert.ThrowsAsync<AppenderFailedException>(async () => await appender.DisposeAsync())).Index);

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

        var failure = await Assert.ThrowsAsync<AppenderFailedException>(() => flush);
        Assert.IsType<LedgerFullException>(failure.InnerException);
        Assert.True(failure.IsTransient);
        await appender.DisposeAsync(); // has thrown already
        Assert.Same(failure, await Assert.ThrowsAsync<AppenderFailedException>(async () => await appender.SendAsync(Fact(1))));
    }

    // Of a thousand appends in flight one failed. The exception named its condition, and came out of the call for another request.
    [Fact]
    public async Task A_failure_names_the_request_that_failed()
    {
        await using var ledger = await Open();
        var appender = ledger.OpenAppender();
        var refused = Fact(5) with { Conditions = [AppendCondition.StreamExists("none/1")], AppendId = "order-5" };
        for (var i = 0; i < 5; i++) await appender.SendAsync(Fact(i));
        await appender.SendAsync(refused);
        await appender.SendAsync(Fact(6) with { Conditions = [AppendCondition.StreamExists("none/2")] });
        _scheduler.TurnAll();

        var failure = await Assert.ThrowsAsync<AppenderFailedException>(async () => await appender.SendAsync(Fact(7)));

        Assert.Equal(5, failure.Index);
        Assert.Same(refused, failure.Request);
        Assert.Contains("index 5 of this appender, id 'order-5', failed: Nothing was appended: the condition 'stream none/1 exists'", failure.Message, StringComparison.Ordinal);
        Assert.Equal("none/1", Assert.IsType<AppendConflictException>(failure.InnerException).Conflict.Condition.Stream.ToString());
        await appender.DisposeAsync();
    }

    [Fact]
    public async Task Without_an_id_a_failure_names_the_first_stream_or_cell()
    {
        await using var ledger = await Open();
        foreach (var (request, name) in new[] { (Fact(1), "1 fact from s/1 on"), (new AppendRequest { Cells = [NewCell.Put("b", "n", "1"), NewCell.Put("b", "m", "1")] }, "2 cells from b/n on") })
        {
            var appender = ledger.OpenAppender();
            await appender.SendAsync(request with { Conditions = [AppendCondition.StreamExists("none/1")] });
            _scheduler.TurnAll();
            Assert.Contains(name, (await Assert.ThrowsAsync<AppenderFailedException>(async () => await appender.FlushAsync())).Message, StringComparison.Ordinal);
        }
    }

    // The block of an "await using" ended with a cancellation. An append in flight failed as well, so the dispose threw that, and
    // nobody saw the cancellation. With a refused request it was the same.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disposing_does_not_replace_what_the_call_before_it_threw(bool isCancelled)
    {
        await using var ledger = await Open();
        using var cancelled = new CancellationTokenSource();
        var thrown = await Assert.ThrowsAsync<AggregateException>(async () =>
        {
            await using var appender = ledger.OpenAppender();
            await appender.SendAsync(Fact(1) with { Conditions = [AppendCondition.StreamExists("s/1")] });
            try
            {
                if (!isCancelled) await appender.SendAsync(new AppendRequest(new NewFact("s/1", null, "x")));
                await cancelled.CancelAsync();
                await appender.FlushAsync(cancelled.Token);
            }
            finally
            {
                _scheduler.TurnAll();
            }
        });

        Assert.Equal(2, thrown.InnerExceptions.Count);
        Assert.IsType(isCancelled ? typeof(TaskCanceledException) : typeof(ArgumentException), thrown.InnerExceptions[0]);
        Assert.Equal(0, Assert.IsType<AppenderFailedException>(thrown.InnerExceptions[1]).Index);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_block_that_ends_by_an_exception_of_a_call_keeps_it_if_no_append_has_failed(bool isCancelled)
    {
        await using var ledger = await Open();
        using var cancelled = new CancellationTokenSource();
        await Assert.ThrowsAsync(isCancelled ? typeof(TaskCanceledException) : typeof(ArgumentException), async () =>
        {
            await using var appender = ledger.OpenAppender();
            await appender.SendAsync(Fact(1));
            try
            {
                if (!isCancelled) await appender.SendAsync(new AppendRequest(new NewFact("s/1", null, "x")));
                await cancelled.CancelAsync();
                await appender.FlushAsync(cancelled.Token);
            }
            finally
            {
                _scheduler.TurnAll();
            }
        });
        Assert.Equal(new Position(1), await ledger.GetHeadAsync());
    }

    // A callback threw while the appender was disposed. That ended the dispose: later appends were still being written, nobody was
    // told their outcomes, and a failure among them was never thrown.
    [Fact]
    public async Task Disposing_throws_what_the_callbacks_throw_and_the_failure_after_the_last_answer()
    {
        await using var ledger = await Open();
        var outcomes = new List<AppendOutcome>();
        var appender = ledger.OpenAppender();
        await appender.SendAsync(Fact(1), Throws);
        await appender.SendAsync(Fact(2) with { Conditions = [AppendCondition.StreamExists("none/1")] }, Throws);
        await appender.SendAsync(Fact(3), outcomes.Add);
        _scheduler.TurnAll();

        var thrown = await Assert.ThrowsAsync<AggregateException>(async () => await appender.DisposeAsync());

        Assert.Equal(["1", "index 1 of this appender", "2"], thrown.InnerExceptions.Select(one => one is AppenderFailedException { Index: 1 } ? "index 1 of this appender" : one.Message));
        Assert.Equal(3, outcomes.Count);
        await appender.DisposeAsync();

        void Throws(AppendOutcome outcome)
        {
            outcomes.Add(outcome);
            throw new InvalidOperationException($"{outcomes.Count}");
        }
    }

    // The callback of an append that had failed threw. The failure was forgotten, and the appender went on.
    [Fact]
    public async Task A_callback_that_throws_hides_no_failure_and_ends_nothing_else()
    {
        await using var ledger = await Open();
        var appender = ledger.OpenAppender();
        await appender.SendAsync(Fact(1), _ => throw new InvalidOperationException("own"));
        _scheduler.TurnAll();
        Assert.Equal("own", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await appender.FlushAsync())).Message);

        await appender.SendAsync(Fact(2) with { Conditions = [AppendCondition.StreamExists("none/1")] }, _ => throw new InvalidOperationException("own"));
        _scheduler.TurnAll();
        var both = await Assert.ThrowsAsync<AggregateException>(async () => await appender.FlushAsync());
        Assert.Equal([typeof(AppenderFailedException), typeof(InvalidOperationException)], both.InnerExceptions.Select(one => one.GetType()));
        Assert.Equal(1, (await Assert.ThrowsAsync<AppenderFailedException>(async () => await appender.FlushAsync())).Index);
        await appender.DisposeAsync();
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
