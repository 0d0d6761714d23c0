using System.Text;
using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Following;

/// <summary>Where a follower starts, how it ends, and what it reports about itself.</summary>
public sealed class FollowerTests
{
    static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    readonly ManualTimeProvider _clock = new(Start);
    readonly MemoryFileSystem _files = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_follow_gives_what_is_there_and_then_what_comes()
    {
        await using var ledger = await OpenAsync();
        await AppendAsync(ledger, 3);
        var followed = new List<long>();
        var following = Task.Run(async () =>
        {
            await foreach (var fact in ledger.FollowAsync(cancellationToken: Cancellation))
            {
                followed.Add(fact.Position.Value);
                if (followed.Count == 5) break;
            }
        }, Cancellation);

        await AppendAsync(ledger, 1);
        await AppendAsync(ledger, 1);
        await following.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal([1, 2, 3, 4, 5], followed);
    }

    // Facts 1 to 5 are recorded one second apart, from Start.
    [Fact]
    public async Task A_follow_begins_where_it_is_told()
    {
        await using var ledger = await FiveSecondsAsync();
        Assert.Equal([1, 2, 3, 4, 5], Positions(ledger, FollowStart.Beginning));
        Assert.Equal([1, 2, 3, 4, 5], Positions(ledger, FollowStart.At(Position.None)));
        Assert.Equal([1, 2, 3, 4, 5], Positions(ledger, FollowStart.After(Position.None)));
        Assert.Equal([3, 4, 5], Positions(ledger, FollowStart.At(new Position(3))));
        Assert.Equal([4, 5], Positions(ledger, FollowStart.After(new Position(3))));
        Assert.Equal([], Positions(ledger, FollowStart.At(new Position(6))));
        Assert.Equal([], Positions(ledger, FollowStart.After(new Position(5))));
        Assert.Equal([], Positions(ledger, FollowStart.Now));
        Assert.Equal([3, 4, 5], Positions(ledger, FollowStart.AtTime(Start.AddSeconds(2))));
        Assert.Equal([3, 4, 5], Positions(ledger, FollowStart.AtTime(Start.AddSeconds(2).AddTicks(-1))));
        Assert.Equal([4, 5], Positions(ledger, FollowStart.AtTime(Start.AddSeconds(2).AddTicks(1))));
        Assert.Equal([1, 2, 3, 4, 5], Positions(ledger, FollowStart.AtTime(DateTimeOffset.MinValue)));
        Assert.Equal([], Positions(ledger, FollowStart.AtTime(_clock.GetUtcNow())));
    }

    [Fact]
    public async Task A_start_that_lies_ahead_is_refused()
    {
        await using var ledger = await FiveSecondsAsync();
        foreach (var start in new[] { FollowStart.At(new Position(7)), FollowStart.After(new Position(6)), FollowStart.At(new Position(Position.MaxValue)) })
        {
            var refused = Assert.Throws<ArgumentOutOfRangeException>(() => ledger.OpenFollower(FactQuery.All, new FollowOptions { From = start }));
            Assert.Contains("the last fact is at position 5", refused.Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentOutOfRangeException>(() => ledger.FollowAsync(new FollowOptions { From = start }, Cancellation));
        }

        var ahead = Assert.Throws<ArgumentOutOfRangeException>(() => ledger.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.AtTime(_clock.GetUtcNow().AddTicks(10)) }));
        Assert.Contains("is ahead of the ledger's clock", ahead.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.At(new Position(-1)) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.OpenFollower(FactQuery.All, new FollowOptions { BufferFacts = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.OpenFollower(FactQuery.All, new FollowOptions { BufferFacts = 100_001 }));
        Assert.Throws<ArgumentException>(() => ledger.OpenFollower([]));
    }

    [Fact]
    public async Task Now_is_when_the_follow_was_asked_for()
    {
        await using var ledger = await FiveSecondsAsync();
        var facts = ledger.FollowAsync(new FollowOptions { From = FollowStart.Now }, Cancellation);
        await AppendAsync(ledger, 1);
        await foreach (var fact in facts)
        {
            Assert.Equal(new Position(6), fact.Position);
            break;
        }
    }

    [Fact]
    public async Task What_a_query_leaves_out_is_passed_over()
    {
        await using var ledger = await FiveSecondsAsync();
        var follower = ledger.OpenFollower(FactQuery.Types("even"));
        Assert.True(follower.TryRead(out var second));
        Assert.Equal((new Position(2), new Position(2)), (second.Position, follower.Position));
        Assert.True(follower.TryRead(out _));
        Assert.False(follower.TryRead(out var none));
        Assert.Null(none);
        Assert.Equal(new Position(5), follower.Position);

        await AppendAsync(ledger, 1);
        Assert.True(follower.TryRead(out var sixth));
        Assert.Equal(new Position(6), sixth.Position);
    }

    // A consumer of a rare type waited for a fact of that type, for days, and had nothing to store meanwhile. After a restart it read
    // days of facts again, although it had passed them.
    [Fact]
    public async Task A_wait_for_a_position_returns_when_only_facts_came_that_do_not_match_and_the_cursor_moves_past_them()
    {
        await using var ledger = await FiveSecondsAsync();
        var rare = FactQuery.Types("rare");
        var follower = ledger.OpenFollower(rare);
        Assert.True(await follower.WaitForAsync(new Position(5), Cancellation));
        Assert.False(follower.TryRead(out _));

        var waiting = follower.WaitForAsync(follower.Position.Next(), Cancellation).AsTask();
        var waitingForMatch = ledger.OpenFollower(rare).WaitToReadAsync(Cancellation).AsTask();
        Assert.False(waiting.IsCompleted);
        await AppendAsync(ledger, 1);

        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        Assert.False(follower.TryRead(out _));
        Assert.Equal(new Position(6), follower.Position);
        Assert.Equal(ledger.CursorAt(new Position(6)), follower.Cursor);
        Assert.NotNull(follower.Cursor.Leaf);
        Assert.False(waitingForMatch.IsCompleted);

        var further = ledger.OpenFollower(rare, new FollowOptions { From = FollowStart.After(follower.Cursor) });
        await ledger.AppendAsync(new NewFact("s/k", "rare", "7"), Cancellation);
        Assert.True(await further.WaitForAsync(new Position(1_000), Cancellation)); // a fact to read comes first
        Assert.True(further.TryRead(out var seventh));
        Assert.Equal(new Position(7), seventh.Position);
        Assert.True(await waitingForMatch.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    // 70,000 facts are more than one step of a follower covers.
    [Fact]
    public async Task A_wait_for_a_position_stops_at_each_rare_fact_before_it_and_passes_over_everything_else()
    {
        await using var ledger = await OpenAsync();
        for (var batch = 0; batch < 7; batch++)
            await ledger.AppendAsync([.. Enumerable.Range(0, 10_000).Select(i => new NewFact("s/k", batch == 5 && i == 3 ? "rare" : "usual", "1"))], Cancellation);
        var follower = ledger.OpenFollower(FactQuery.Types("rare"));

        Assert.True(await follower.WaitForAsync(new Position(20_000), Cancellation));
        Assert.InRange(follower.Position.Value, 20_000, 50_003);
        Assert.True(await follower.WaitForAsync(new Position(70_000), Cancellation));
        Assert.InRange(follower.Position.Value, 20_000, 50_003);
        Assert.True(await follower.WaitForAsync(new Position(70_000), Cancellation)); // the fact is still there to be read
        Assert.True(follower.TryRead(out var fact));
        Assert.Equal((new Position(50_004), new Position(50_004)), (fact.Position, follower.Position));

        Assert.True(await follower.WaitForAsync(new Position(70_000), Cancellation));
        Assert.False(follower.TryRead(out _));
        Assert.Equal(ledger.CursorAt(new Position(70_000)), follower.Cursor);
        Assert.True(await follower.WaitForAsync(Position.None, Cancellation));
    }

    [Fact]
    public async Task A_wait_for_a_position_ends_with_its_token_and_with_the_ledger()
    {
        var ledger = await FiveSecondsAsync();
        var follower = ledger.OpenFollower(FactQuery.Types("rare"));
        foreach (var wrong in new[] { new Position(-1), new Position(Position.MaxValue + 1) })
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await follower.WaitForAsync(wrong, Cancellation));

        using (var cancellation = new CancellationTokenSource())
        {
            var waiting = follower.WaitForAsync(new Position(7), cancellation.Token).AsTask();
            await AppendAsync(ledger, 1); // one before it
            Assert.False(waiting.IsCompleted);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await follower.WaitForAsync(Position.None, cancellation.Token));
        }

        Assert.True(await follower.WaitForAsync(new Position(6), Cancellation));
        Assert.Equal(new Position(6), follower.Position);

        var last = follower.WaitForAsync(new Position(7), Cancellation).AsTask();
        Assert.False(last.IsCompleted);
        ledger.Dispose();
        Assert.False(await last.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        Assert.False(await follower.WaitForAsync(Position.None, Cancellation));
        Assert.Equal(new Position(6), follower.Position);
    }

    [Fact]
    public async Task A_wait_for_a_position_sees_in_a_read_only_ledger_what_the_writer_publishes()
    {
        await using var ledger = await OpenAsync();
        var time = new HandTimer();
        await using var reader = await Ledger.OpenReadOnlyAsync("ledger", Options() with { TimeProvider = time }, Cancellation);
        var follower = reader.OpenFollower(FactQuery.Types("rare"));
        var waiting = follower.WaitForAsync(new Position(2), Cancellation).AsTask();
        await AppendAsync(ledger, 2);
        time.Fire();

        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        Assert.Equal((new Position(2), false), (follower.Position, follower.TryRead(out _)));
    }

    // docs/guide/following.md has this loop.
    [Fact]
    public async Task A_consumer_continues_from_the_cursor_that_it_stored_in_a_cell()
    {
        var applied = new List<long>();
        await using (var ledger = await FiveSecondsAsync()) await ConsumeAsync(ledger, until: 5);
        await using (var ledger = await OpenAsync())
        {
            await AppendAsync(ledger, 2);
            await ConsumeAsync(ledger, until: 7);
            Assert.Equal(new Position(7), LedgerCursor.Parse(Encoding.UTF8.GetString((await ledger.ReadCellAsync("checkpoints", "even", Cancellation))!.Value.Span)).Position);
        }

        Assert.Equal([2, 4, 6], applied);

        async Task ConsumeAsync(Ledger ledger, long until)
        {
            var cell = await ledger.ReadCellAsync("checkpoints", "even", Cancellation);
            var from = cell is null ? FollowStart.Beginning : FollowStart.After(LedgerCursor.Parse(Encoding.UTF8.GetString(cell.Value.Span)));
            var follower = ledger.OpenFollower(FactQuery.Types("even"), new FollowOptions { From = from });
            while (follower.Position.Value < until && await follower.WaitForAsync(follower.Position.Next(), Cancellation))
            {
                while (follower.TryRead(out var fact)) applied.Add(fact.Position.Value);
                await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("checkpoints", "even", follower.Cursor.ToString())] }, Cancellation);
            }
        }
    }

    [Fact]
    public async Task The_lag_is_in_facts_and_in_time()
    {
        await using var ledger = await FiveSecondsAsync();
        var follower = ledger.OpenFollower(FactQuery.Types("odd"), new FollowOptions { BufferFacts = 1 });
        Assert.Equal(new FollowerLag(5, TimeSpan.FromSeconds(5)), follower.GetLag());
        Assert.True(follower.TryRead(out _));
        Assert.Equal(new FollowerLag(4, TimeSpan.FromSeconds(4)), follower.GetLag());
        while (follower.TryRead(out _)) { }
        Assert.Equal(default, follower.GetLag());

        await AppendAsync(ledger, 1);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(new FollowerLag(1, TimeSpan.FromMinutes(1)), follower.GetLag());
        _clock.SetUtcNow(Start);
        Assert.Equal(new FollowerLag(1, TimeSpan.Zero), follower.GetLag());
    }

    [Fact]
    public async Task Cancelling_ends_it_at_once_and_loses_nothing()
    {
        await using var ledger = await FiveSecondsAsync();
        var follower = ledger.OpenFollower(FactQuery.All);
        using (var cancellation = new CancellationTokenSource())
        {
            var given = 0;
            await Assert.ThrowsAsync<OperationCanceledException>(async () =>
            {
                await foreach (var _ in follower.WithCancellation(cancellation.Token))
                    if (++given == 2) await cancellation.CancelAsync(); // with three more in the buffer
            });
            Assert.Equal((2, new Position(2)), (given, follower.Position));
        }

        while (follower.TryRead(out _)) { }
        using (var cancellation = new CancellationTokenSource())
        {
            var waiting = follower.WaitToReadAsync(cancellation.Token).AsTask();
            Assert.False(waiting.IsCompleted);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        }

        await AppendAsync(ledger, 1);
        Assert.True(await follower.WaitToReadAsync(Cancellation));
        Assert.True(follower.TryRead(out var sixth));
        Assert.Equal(new Position(6), sixth.Position);
    }

    [Fact]
    public async Task Closing_the_ledger_ends_it_without_an_exception()
    {
        var ledger = await FiveSecondsAsync();
        var caughtUp = ledger.OpenFollower(FactQuery.All);
        var halfWay = ledger.OpenFollower(FactQuery.All);
        while (caughtUp.TryRead(out _)) { }
        Assert.True(halfWay.TryRead(out _));
        var waiting = caughtUp.WaitToReadAsync(Cancellation).AsTask();
        Assert.False(waiting.IsCompleted);

        ledger.Dispose();
        Assert.False(await waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        Assert.False(halfWay.TryRead(out _));
        Assert.False(await halfWay.WaitToReadAsync(Cancellation));
        await foreach (var _ in halfWay) Assert.Fail("A fact after the end.");
        Assert.Equal(new Position(1), halfWay.Position);
        Assert.Throws<ObjectDisposedException>(() => ledger.OpenFollower(FactQuery.All));
        Assert.Throws<ObjectDisposedException>(() => halfWay.GetLag());

        await using var again = await OpenAsync();
        Assert.Equal([2, 3, 4, 5], Positions(again, FollowStart.After(halfWay.Cursor)));
    }

    [Fact]
    public async Task Damage_ends_it_after_the_facts_before_it()
    {
        await using (var ledger = await FiveSecondsAsync()) { }
        var segment = Assert.Single(_files.List("ledger/segments"));
        using (var file = _files.Open($"ledger/segments/{segment}", FileOpening.Existing))
        {
            var bytes = new byte[file.Length];
            file.Read(bytes, 0);
            var at = bytes.AsSpan().IndexOf("\"number\":3"u8);
            Assert.True(at > 0);
            file.Write([(byte)'x'], at);
        }

        await using var damaged = await Ledger.OpenReadOnlyAsync("ledger", Options());
        var follower = damaged.OpenFollower(FactQuery.All);
        Assert.True(follower.TryRead(out _));
        Assert.True(follower.TryRead(out _));
        for (var i = 0; i < 2; i++)
        {
            var met = Assert.Throws<LedgerDamagedException>(() => follower.TryRead(out _));
            Assert.Equal(new Position(3), Assert.Single(met.Damage).FirstPosition);
            await Assert.ThrowsAsync<LedgerDamagedException>(async () => await follower.WaitToReadAsync(Cancellation));
        }

        Assert.Equal(new Position(2), follower.Position);
        Assert.Throws<LedgerDamagedException>(() => follower.GetLag());
        Assert.Equal([4, 5], Positions(damaged, FollowStart.After(new Position(3))));
    }

    // Each fact has 1 MiB, so a thousand facts read ahead would take a gigabyte.
    [Fact]
    public async Task Large_facts_are_read_ahead_by_their_bytes()
    {
        const int Facts = 40;
        await using var ledger = await OpenAsync();
        var payload = new byte[1_024 * 1_024];
        for (var i = 0; i < Facts; i++) await ledger.AppendAsync(new NewFact("s/k", "large", payload) { ContentType = "application/octet-stream" }, Cancellation);
        var follower = ledger.OpenFollower(FactQuery.All);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(follower.TryRead(out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1_024 * 1_024, 20L * 1_024 * 1_024);
        for (var i = 1; i < Facts; i++) Assert.True(follower.TryRead(out _));
        Assert.False(follower.TryRead(out _));
    }

    [Fact]
    public async Task Nobody_who_waits_goes_on_on_the_writers_thread()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenAsync("ledger", Options() with { Scheduler = scheduler }, Cancellation);
        var follower = ledger.OpenFollower(FactQuery.All);
        using var writer = new ThreadLocal<bool>();
        var goesOn = GoOnAsync();

        writer.Value = true;
        var appended = ledger.AppendAsync(new NewFact("s/k", "odd", "1"), Cancellation);
        Assert.True(scheduler.Turn());
        writer.Value = false;
        Assert.True(appended.IsCompletedSuccessfully);
        Assert.False(await goesOn.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));

        async Task<bool> GoOnAsync()
        {
            Assert.True(await follower.WaitToReadAsync(Cancellation).ConfigureAwait(false));
            return writer.Value;
        }
    }

    // The timer is created at the first wait, is set for one refresh at a time, and is not set again when no caller waits.
    [Fact]
    public async Task A_read_only_ledger_looks_for_new_facts_while_somebody_waits_and_only_then()
    {
        await using var ledger = await OpenAsync();
        var time = new HandTimer();
        await using var reader = await Ledger.OpenReadOnlyAsync("ledger", Options() with { TimeProvider = time }, Cancellation);
        var follower = reader.OpenFollower(FactQuery.All);
        Assert.False(follower.TryRead(out _));
        Assert.Equal((0, false), (time.Timers, time.IsDue));

        var waiting = follower.WaitToReadAsync(Cancellation).AsTask();
        var second = reader.OpenFollower(FactQuery.All).WaitToReadAsync(Cancellation).AsTask();
        Assert.Equal((1, true), (time.Timers, time.IsDue));
        time.Fire();
        Assert.True(time.IsDue);
        Assert.False(waiting.IsCompleted);

        await AppendAsync(ledger, 1);
        time.Fire();
        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        Assert.True(await second.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        if (time.IsDue) time.Fire(); // the last look, if it was before the two had gone
        Assert.Equal((1, false), (time.Timers, time.IsDue));
    }

    [Fact]
    public async Task A_move_of_the_head_while_a_reader_looks_at_it_wakes_the_reader()
    {
        var scheduler = new SteppedScheduler();
        var watch = new HeadWatch(scheduler);
        await watch.WaitAsync(() =>
        {
            watch.Moved();
            scheduler.Answer();
            return false; // it has looked before
        }, Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.False(watch.HasWaiters);
    }

    [Fact]
    public async Task Whoever_waits_hears_why_it_cannot_be_told_whether_the_head_has_moved()
    {
        var watch = new HeadWatch(new SteppedScheduler());
        var failure = new LedgerIOException("HEAD", "read", "device error");
        var first = watch.WaitAsync(() => false, Cancellation).AsTask();
        watch.Fail(failure);
        Assert.Same(failure, await Assert.ThrowsAsync<LedgerIOException>(() => first));

        // The next wait continues until the watch is closed.
        var second = watch.WaitAsync(() => false, Cancellation).AsTask();
        Assert.False(second.IsCompleted);
        watch.Close();
        await second.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.True(watch.WaitAsync(() => false, Cancellation).IsCompletedSuccessfully);
        Assert.False(watch.HasWaiters);
    }

    LedgerOptions Options() => new() { FileSystem = _files, TimeProvider = _clock, PreallocationBytesMax = 0 };

    async Task<Ledger> OpenAsync() => await Ledger.OpenAsync("ledger", Options(), Cancellation);

    static async Task AppendAsync(Ledger ledger, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var number = (await ledger.GetHeadAsync(Cancellation)).Value + 1;
            await ledger.AppendAsync(new NewFact("s/k", number % 2 == 0 ? "even" : "odd", $$"""{"number":{{number}}}"""), Cancellation);
        }
    }

    /// <summary>A ledger of five facts, one second apart. One second has passed since the last.</summary>
    async Task<Ledger> FiveSecondsAsync()
    {
        var ledger = await OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            await AppendAsync(ledger, 1);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        return ledger;
    }

    static long[] Positions(Ledger ledger, FollowStart start)
    {
        var follower = ledger.OpenFollower(FactQuery.All, new FollowOptions { From = start });
        var positions = new List<long>();
        while (follower.TryRead(out var fact)) positions.Add(fact.Position.Value);
        return [.. positions];
    }

    /// <summary>A clock with one timer that the test fires.</summary>
    sealed class HandTimer : TimeProvider
    {
        TimerCallback? _callback;
        object? _state;

        public int Timers { get; private set; }

        public bool IsDue { get; private set; }

        public void Fire()
        {
            Assert.True(IsDue);
            IsDue = false;
            _callback!(_state);
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            (_callback, _state) = (callback, state);
            var timer = new Timer(this);
            timer.Change(dueTime, period);
            return timer;
        }

        sealed class Timer(HandTimer owner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                Assert.Equal(Timeout.InfiniteTimeSpan, period);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Assert.InRange(dueTime, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(20));
                owner.IsDue = true;
                return true;
            }

            public void Dispose() => owner.IsDue = false;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
