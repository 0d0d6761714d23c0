using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests;

/// <summary>The times at which appends are recorded, and reads "recorded by" a time.</summary>
public sealed class RecordedTimeTests
{
    static readonly TimeSpan OneMicrosecond = TimeSpan.FromMicroseconds(1);

    readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task With_a_clock_that_stands_still_times_go_on_by_microseconds()
    {
        await using var ledger = await Open();
        var start = _clock.GetUtcNow();
        for (var i = 0; i < 5; i++)
            Assert.Equal(start + (i * OneMicrosecond), (await ledger.AppendAsync([NewFact.WithoutPayload("s/1", null), NewFact.WithoutPayload("s/2", null)])).RecordedAt);

        Assert.Equal(4 * OneMicrosecond, ledger.ClockLag);
        Assert.Equal(start + OneMicrosecond, (await ledger.ReadAtAsync(new Position(3)))!.RecordedAt);
        Assert.Equal(start + OneMicrosecond, (await ledger.ReadAtAsync(new Position(4)))!.RecordedAt); // one time for all facts of an append
    }

    [Fact]
    public async Task With_a_clock_that_steps_back_times_go_on_and_the_lag_is_told()
    {
        await using var ledger = await Open();
        Assert.Equal(TimeSpan.Zero, ledger.ClockLag);
        var last = (await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null))).RecordedAt;
        _clock.SetUtcNow(last - TimeSpan.FromHours(3));

        Assert.Equal(TimeSpan.FromHours(3), ledger.ClockLag);
        Assert.Equal(last + OneMicrosecond, (await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null))).RecordedAt);

        _clock.Advance(TimeSpan.FromHours(4));
        Assert.Equal(TimeSpan.Zero, ledger.ClockLag);
        Assert.Equal(last + TimeSpan.FromHours(1), (await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null))).RecordedAt);
    }

    [Fact]
    public async Task After_a_reopen_times_go_on_behind_the_last_one()
    {
        var files = new MemoryFileSystem();
        DateTimeOffset last;
        await using (var ledger = await Open(files)) last = (await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null))).RecordedAt;
        _clock.SetUtcNow(last - TimeSpan.FromDays(400));

        await using var again = await Open(files);

        Assert.Equal(TimeSpan.FromDays(400), again.ClockLag);
        Assert.Equal(last + OneMicrosecond, (await again.AppendAsync(NewFact.WithoutPayload("s/1", null))).RecordedAt);
    }

    [Fact]
    public async Task A_clock_that_jumps_forward_by_more_than_a_day_is_refused_until_accepted()
    {
        await using var ledger = await Open();
        var before = (await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null))).RecordedAt;
        _clock.Advance(TimeSpan.FromDays(30)); // time that has passed is no jump, also not when the machine slept through it
        _clock.SetUtcNow(_clock.GetUtcNow() + TimeSpan.FromDays(1));
        await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null));
        _clock.SetUtcNow(_clock.GetUtcNow() + TimeSpan.FromSeconds(1));

        for (var i = 0; i < 3; i++)
        {
            var refused = await Assert.ThrowsAsync<ClockJumpedException>(async () => await ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("s/1", null))));
            Assert.Equal(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1), refused.Distance);
        }

        Assert.Equal(new Position(2), await ledger.GetHeadAsync());
        ledger.AcceptClock();
        Assert.Equal(before + TimeSpan.FromDays(31) + TimeSpan.FromSeconds(1), (await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null))).RecordedAt);
    }

    // The clock jumped ten years ahead. No append was committed, but a reader asked for everything recorded by "now". To keep that answer
    // final, later times had to follow it: when the clock was right again, every append was recorded ten years ahead.
    [Fact]
    public async Task A_read_under_a_clock_that_jumped_does_not_move_the_times_of_appends()
    {
        await using var ledger = await Open();
        await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null));
        var right = _clock.GetUtcNow();
        _clock.SetUtcNow(right.AddYears(10));

        await Assert.ThrowsAsync<ClockJumpedException>(async () => await ledger.ResolveAsync(LedgerTime.RecordedBy(_clock.GetUtcNow())));
        Assert.Equal(new Position(1), (await ledger.ResolveAsync(LedgerTime.RecordedBy(right))).Position); // what is known stays readable

        _clock.SetUtcNow(right);
        Assert.Equal(right + OneMicrosecond, (await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null))).RecordedAt);
    }

    [Fact]
    public async Task Recorded_by_includes_the_time_itself_and_an_append_as_a_whole()
    {
        await using var ledger = await Open();
        var first = await ledger.AppendAsync([new NewFact("s/1", null, "1"), new NewFact("s/2", null, "2")]);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var second = await ledger.AppendAsync(new NewFact("s/1", null, "3"));

        Assert.Equal(Position.None, await At(first.RecordedAt - OneMicrosecond));
        Assert.Equal(new Position(2), await At(first.RecordedAt));
        Assert.Equal(new Position(2), await At(first.RecordedAt.AddTicks(9)));
        Assert.Equal(new Position(2), await At(second.RecordedAt - OneMicrosecond));
        Assert.Equal(new Position(3), await At(second.RecordedAt));
        Assert.Equal(Position.None, await At(DateTimeOffset.MinValue));
        Assert.Equal("1", (await ledger.ReadLatestAsync("s/1", LedgerTime.RecordedBy(first.RecordedAt)))!.Json);

        async Task<Position> At(DateTimeOffset time)
        {
            var resolved = await ledger.ResolveAsync(LedgerTime.RecordedBy(time));
            Assert.True(resolved.IsFinal);
            return resolved.Position;
        }
    }

    [Fact]
    public async Task What_lies_ahead_is_refused()
    {
        await using var ledger = await Open();
        await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null));

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.ResolveAsync(LedgerTime.RecordedBy(_clock.GetUtcNow() + OneMicrosecond)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.ResolveAsync(LedgerTime.RecordedBy(DateTimeOffset.MaxValue)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.ResolveAsync(new Position(2)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.ResolveAsync(new Position(-1)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.ReadAsync(new ReadOptions { AsOf = new Position(2) }).ToListAsync());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.ReadLatestAsync("s/1", new Position(2)));
        Assert.Equal(new Position(1), (await ledger.ResolveAsync(new Position(1))).Position);
        Assert.False((await ledger.ResolveAsync(LedgerTime.Latest)).IsFinal);
    }

    // An answer to "recorded by now" stays final although the clock stands still: later appends get later times.
    [Fact]
    public async Task An_append_comes_behind_every_time_that_a_reader_was_answered_for()
    {
        await using var ledger = await Open();
        await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null));
        _clock.Advance(TimeSpan.FromSeconds(1));
        var now = _clock.GetUtcNow();
        Assert.Equal(new Position(1), (await ledger.ResolveAsync(LedgerTime.RecordedBy(now))).Position);

        Assert.Equal(now + OneMicrosecond, (await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null))).RecordedAt);
        Assert.Equal(new Position(1), (await ledger.ResolveAsync(LedgerTime.RecordedBy(now))).Position);
    }

    // A group has its times and is being synced. A read as of exactly that time waits for it.
    [Fact]
    public async Task A_reader_waits_for_appends_in_flight_up_to_the_time_it_asks_for()
    {
        using var syncs = new HeldSyncs();
        await using var ledger = await Open(syncs.Files);
        syncs.Hold();
        var append = ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("s/1", null)));
        await syncs.IsHeldAsync();

        var asked = ledger.ResolveAsync(LedgerTime.RecordedBy(_clock.GetUtcNow())).AsTask();
        await Task.Delay(50);
        Assert.False(asked.IsCompleted);
        using var impatient = new CancellationTokenSource();
        var cancelled = ledger.ResolveAsync(LedgerTime.RecordedBy(_clock.GetUtcNow()), impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        syncs.Release();
        Assert.Equal(new Position(1), (await asked).Position);
        Assert.Equal(_clock.GetUtcNow(), (await append).EnsureCommittedOrDuplicate().RecordedAt);
    }

    [Fact]
    public async Task A_reader_does_not_wait_for_appends_in_flight_if_it_asks_for_a_time_before_them()
    {
        using var syncs = new HeldSyncs();
        await using var ledger = await Open(syncs.Files);
        var first = await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null));
        _clock.Advance(TimeSpan.FromSeconds(1));
        var between = _clock.GetUtcNow();
        Assert.Equal(new Position(1), (await ledger.ResolveAsync(LedgerTime.RecordedBy(between))).Position);
        _clock.Advance(TimeSpan.FromSeconds(1));
        syncs.Hold();
        var append = ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("s/1", null)));
        await syncs.IsHeldAsync();

        foreach (var time in (DateTimeOffset[])[first.RecordedAt - OneMicrosecond, first.RecordedAt, between])
        {
            var asked = ledger.ResolveAsync(LedgerTime.RecordedBy(time));
            Assert.True(asked.IsCompleted);
            Assert.Equal(time < first.RecordedAt ? Position.None : new Position(1), (await asked).Position);
        }

        var later = ledger.ResolveAsync(LedgerTime.RecordedBy(between + OneMicrosecond)).AsTask();
        Assert.False(later.IsCompleted);
        syncs.Release();
        Assert.Equal(new Position(1), (await later).Position);
        (await append).EnsureCommittedOrDuplicate();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task The_same_question_has_the_same_answer_while_appends_are_in_flight_and_for_ever(int syncMilliseconds)
    {
        var files = new WatchedFiles(new MemoryFileSystem()) { Syncing = _ => Thread.Sleep(syncMilliseconds) };
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
        var answers = new List<(DateTimeOffset Time, Position Position)>();
        await using (var ledger = await Ledger.OpenAsync("race", options))
        {
            using var ended = new CancellationTokenSource(TimeSpan.FromSeconds(1.5));
            var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
            {
                // At least a few appends, however slow the machine is.
                for (var i = 0; i < 3 || !ended.IsCancellationRequested; i++) await ledger.AppendAsync([NewFact.WithoutPayload($"s/{writer}", null), NewFact.WithoutPayload($"s/{writer}", null)]);
            }));
            var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
            {
                while (!ended.IsCancellationRequested)
                {
                    var now = TimeProvider.System.GetUtcNow();
                    var resolved = await ledger.ResolveAsync(LedgerTime.RecordedBy(now));
                    Assert.True(resolved.IsFinal);
                    lock (answers) answers.Add((now, resolved.Position));
                    await Task.Delay(1);
                }
            }));
            await Task.WhenAll(writers.Concat(readers));
            await Same(ledger);
        }

        await using var again = await Ledger.OpenAsync("race", options);
        await Same(again);
        Assert.True((await again.GetHeadAsync()).Value > 10);

        async Task Same(Ledger ledger)
        {
            foreach (var (time, position) in answers) Assert.Equal(position, (await ledger.ResolveAsync(LedgerTime.RecordedBy(time))).Position);
        }
    }

    // A reader in another process does not know what the writer has recorded by a time and not published. It marks its answer as not final.
    [Fact]
    public async Task A_read_only_opener_marks_an_answer_beyond_the_published_time_as_not_final()
    {
        var files = new MemoryFileSystem();
        await using var ledger = await Open(files);
        var receipt = await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null));
        _clock.Advance(TimeSpan.FromMinutes(1));
        await using var reader = await Ledger.OpenReadOnlyAsync("time", new LedgerOptions { FileSystem = files, TimeProvider = _clock });

        Assert.Equal(new ResolvedTime(new Position(1), IsFinal: true), await reader.ResolveAsync(LedgerTime.RecordedBy(receipt.RecordedAt)));
        Assert.Equal(new ResolvedTime(Position.None, IsFinal: true), await reader.ResolveAsync(LedgerTime.RecordedBy(receipt.RecordedAt - OneMicrosecond)));
        Assert.Equal(new ResolvedTime(new Position(1), IsFinal: false), await reader.ResolveAsync(LedgerTime.RecordedBy(receipt.RecordedAt + OneMicrosecond)));
        Assert.Equal(new ResolvedTime(new Position(1), IsFinal: true), await reader.ResolveAsync(new Position(1)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await reader.ResolveAsync(LedgerTime.RecordedBy(_clock.GetUtcNow() + OneMicrosecond)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await reader.ResolveAsync(new Position(2)));

        var later = await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null));
        Assert.Equal(new ResolvedTime(new Position(2), IsFinal: true), await reader.ResolveAsync(LedgerTime.RecordedBy(later.RecordedAt)));
        Assert.Throws<InvalidOperationException>(() => { _ = reader.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("s/1", null))); });
    }

    ValueTask<Ledger> Open(IFileSystem? files = null) =>
        Ledger.OpenAsync("time", new LedgerOptions { FileSystem = files ?? new MemoryFileSystem(), PreallocationBytesMax = 0, TimeProvider = _clock });

    /// <summary>Files whose syncs block while they are held.</summary>
    sealed class HeldSyncs : IDisposable
    {
        readonly ManualResetEventSlim _gate = new(initialState: true);
        readonly SemaphoreSlim _syncing = new(0);

        public HeldSyncs() => Files = new WatchedFiles(new MemoryFileSystem())
        {
            Syncing = _ =>
            {
                _syncing.Release();
                _gate.Wait();
            },
        };

        public WatchedFiles Files { get; }

        public void Hold()
        {
            _gate.Reset();
            while (_syncing.Wait(0)) { }
        }

        /// <summary>Returns when a sync is blocked.</summary>
        public Task IsHeldAsync() => _syncing.WaitAsync();

        public void Release() => _gate.Set();

        public void Dispose()
        {
            _gate.Dispose();
            _syncing.Dispose();
        }
    }
}
