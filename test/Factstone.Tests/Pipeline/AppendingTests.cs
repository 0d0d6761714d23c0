using System.Diagnostics;
using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>Appends in flight: their order, their number, and the effect of a cancellation and of a close.</summary>
public sealed class AppendingTests
{
    [Fact]
    public async Task Appends_queued_by_one_caller_commit_in_that_order()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            var appends = new List<ValueTask<AppendOutcome>>();
            for (var i = 0; i < 1_000; i++) appends.Add(ledger.TryAppendAsync(new AppendRequest(new NewFact($"s/{caller}", null, $"{i}"))));
            var last = Position.None;
            for (var i = 0; i < appends.Count; i++)
            {
                var receipt = (await appends[i]).EnsureCommittedOrDuplicate();
                Assert.Equal(new StreamVersion(i + 1), receipt.StreamVersion);
                Assert.True(receipt.FirstPosition > last);
                last = receipt.FirstPosition;
            }
        })));
        Assert.Equal(new Position(8_000), await ledger.GetHeadAsync());
    }

    [Fact]
    public async Task Cancelled_before_the_writer_takes_it_nothing_is_written()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler });
        using var source = new CancellationTokenSource();
        var kept = ledger.TryAppendAsync(new AppendRequest(new NewFact("s/1", null, "1")));
        var dropped = ledger.TryAppendAsync(new AppendRequest(new NewFact("s/1", null, "2")) { AppendId = "dropped" }, source.Token);
        var behind = ledger.TryAppendAsync(new AppendRequest(new NewFact("s/1", null, "3")) { Conditions = [AppendCondition.StreamAt("s/1", 1)] });
        await source.CancelAsync();
        scheduler.TurnAll();

        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await dropped);
        Assert.Equal(source.Token, cancelled.CancellationToken);
        Assert.IsType<AppendOutcome.Committed>(await kept);
        Assert.IsType<AppendOutcome.Committed>(await behind);
        Assert.Null(await ledger.FindAppendAsync("dropped"));
        Assert.Equal(new Position(2), await ledger.GetHeadAsync());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("s/1", null)), source.Token));
    }

    [Fact]
    public async Task Cancelled_after_the_writer_has_taken_it_the_outcome_is_returned()
    {
        using var gate = new Gate();
        await using var ledger = await gate.OpenLedger();
        using var source = new CancellationTokenSource();
        gate.Close();
        var append = ledger.TryAppendAsync(new AppendRequest(new NewFact("s/1", null, "1")), source.Token);
        await gate.Reached();
        await source.CancelAsync();
        gate.Open();

        Assert.IsType<AppendOutcome.Committed>(await append);
    }

    // A cancellation and the writer compete for each append, and exactly one of them
    // wins. A cancelled append was not written; every other append was written once.
    [Fact]
    public async Task Of_cancelling_and_taking_exactly_one_happens()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        var committed = new HashSet<int>();
        var random = new Random(7);
        for (var i = 0; i < 3_000; i++)
        {
            using var source = new CancellationTokenSource();
            var append = ledger.TryAppendAsync(new AppendRequest(new NewFact("s/1", null, $"{i}")), source.Token);
            for (var spin = random.Next(3) * 200; spin > 0; spin--) Thread.SpinWait(1);
            source.Cancel();
            try
            {
                (await append).EnsureCommittedOrDuplicate();
                committed.Add(i);
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.Equal(committed.Order().Select(i => $"{i}"), (await ledger.ReadStreamAsync("s/1").ToListAsync()).Select(fact => fact.Json!));
    }

    // A program uses one token for its whole life. An append that completed before its registration with that token was recorded stayed
    // registered. The registration kept the append and the owner of its buffers in memory for the life of the program.
    [Fact]
    public async Task An_append_that_was_answered_is_registered_with_its_token_no_more()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        using var source = new CancellationTokenSource();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < 10_000; i++) await ledger.TryAppendAsync(new AppendRequest(new NewFact($"s/{caller}", null, "1")), source.Token);
        })));

        Assert.Equal(0, Registrations(source));
    }

    [Fact]
    public async Task Too_many_bytes_in_flight_are_refused_and_taken_again_later()
    {
        using var gate = new Gate();
        await using var ledger = await gate.OpenLedger();
        gate.Close();
        var first = ledger.TryAppendAsync(new AppendRequest(new NewFact("s/1", null, "1")));
        await gate.Reached();
        var large = new AppendRequest([.. Enumerable.Repeat(new NewFact("s/1", null, new byte[4_000_000]) { ContentType = "x" }, 8)]);
        var taken = new List<ValueTask<AppendOutcome>>();
        var busy = Assert.Throws<LedgerBusyException>(() =>
        {
            for (var i = 0; i < 100; i++) taken.Add(ledger.TryAppendAsync(large));
        });

        Assert.Equal(8, taken.Count); // 256 MiB of 32 MB each
        Assert.True(busy.IsTransient);
        gate.Open();
        Assert.IsType<AppendOutcome.Committed>(await first);
        foreach (var append in taken) Assert.IsType<AppendOutcome.Committed>(await append);
        Assert.Equal(new Position(66), (await ledger.AppendAsync(new NewFact("s/1", null, "2"))).FirstPosition);
    }

    [Fact]
    public async Task Too_many_appends_in_flight_are_refused()
    {
        using var gate = new Gate();
        await using var ledger = await gate.OpenLedger();
        gate.Close();
        var first = ledger.TryAppendAsync(new AppendRequest(new NewFact("s/1", null, "1")));
        await gate.Reached();
        var request = new AppendRequest(NewFact.WithoutPayload("s/1", null)) { Conditions = [AppendCondition.StreamMissing("s/1")] };
        var taken = 0;
        Assert.Throws<LedgerBusyException>(() =>
        {
            for (; taken <= AppendQueue.AppendsMax; taken++) _ = ledger.TryAppendAsync(request);
        });

        Assert.InRange(taken, 300_000, AppendQueue.AppendsMax);
        gate.Open();
        await first;
        while (true)
        {
            try
            {
                await ledger.AppendAsync(NewFact.WithoutPayload("s/2", null));
                break;
            }
            catch (LedgerBusyException)
            {
                await Task.Delay(1);
            }
        }

        Assert.Equal(new Position(2), await ledger.GetHeadAsync());
    }

    [Fact]
    public async Task Closing_finishes_what_is_queued_and_frees_the_lock()
    {
        using var gate = new Gate();
        var ledger = await gate.OpenLedger();
        gate.Close();
        var appends = Enumerable.Range(0, 100).Select(i => ledger.TryAppendAsync(new AppendRequest(new NewFact("s/1", null, $"{i}")))).ToList();
        await gate.Reached();
        var closing = ledger.DisposeAsync().AsTask();
        await Task.Delay(20);
        Assert.False(closing.IsCompleted);
        gate.Open();
        await closing;

        foreach (var append in appends) Assert.IsType<AppendOutcome.Committed>(await append);
        await using var again = await gate.OpenLedger();
        Assert.True(again.Opening.WasClosedCleanly);
        Assert.Equal(new StreamVersion(100), await again.GetVersionAsync("s/1"));
    }

    // The facts that a conflict or a repeat returns are read after the writer has decided. A close between the two gave the callers of
    // decided appends an error about a closed file.
    [Fact]
    public async Task Closing_gives_conflicts_and_repeats_their_facts()
    {
        for (var round = 0; round < 20; round++)
        {
            var ledger = await Ledger.OpenInMemoryAsync();
            await ledger.AppendAsync(new AppendRequest(new NewFact("s/1", null, "1")) { AppendId = "first" });
            var appends = new List<ValueTask<AppendOutcome>>();
            for (var i = 0; i < 500; i++)
            {
                appends.Add(ledger.TryAppendAsync(new AppendRequest(new NewFact("s/1", null, "2")) { Conditions = [AppendCondition.StreamMissing("s/1")] }));
                appends.Add(ledger.TryAppendAsync(new AppendRequest(new NewFact("s/2", null, "2")) { AppendId = "second" }));
            }

            ledger.Dispose();

            foreach (var append in appends)
            {
                var outcome = await append;
                if (outcome is AppendOutcome.Conflict conflict) Assert.Equal("1", Assert.Single(conflict.Facts).Json);
                else Assert.True(outcome is AppendOutcome.Committed or AppendOutcome.Duplicate);
            }
        }
    }

    [Fact]
    public async Task Closing_twice_is_closing_once_and_later_calls_throw()
    {
        var files = new MemoryFileSystem();
        var ledger = await Ledger.OpenAsync("closed", new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 });
        await ledger.AppendAsync(new NewFact("s/1", null, "1"));
        var id = (await ledger.ReadAtAsync(new Position(1)))!.Id;
        var appender = ledger.OpenAppender();
        ledger.Dispose();
        ledger.Dispose();
        await ledger.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("s/1", null))));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.AppendAsync(NewFact.WithoutPayload("s/1", null)));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await appender.SendAsync(new AppendRequest(NewFact.WithoutPayload("s/1", null))));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.GetHeadAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.ReadAtAsync(new Position(1)));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.ReadLatestAsync("s/1"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.ReadAsync().ToListAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.ReadStreamAsync("s/1").ToListAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.ListAsync("s").ToListAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.GetVersionAsync("s/1"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.FindAppendAsync("x"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.FindAsync(id));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.GetStatisticsAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.ResolveAsync(LedgerTime.Latest));
        await appender.DisposeAsync();

        await using var again = await Ledger.OpenAsync("closed", new LedgerOptions { FileSystem = files, LockWait = TimeSpan.Zero, PreallocationBytesMax = 0 });
        Assert.Equal(new Position(1), await again.GetHeadAsync());
    }

    // An append that was queued at the last moment woke a writer that had just stopped, and threw. The caller took the append for refused
    // and reused its buffer while the writer still wrote from it.
    [Fact]
    public async Task Closing_while_many_threads_append_commits_or_refuses_each_and_hangs_none()
    {
        var started = Stopwatch.StartNew();
        for (var round = 0; round < 300; round++)
        {
            var files = new MemoryFileSystem();
            var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
            var ledger = await Ledger.OpenAsync("closing", options);
            using var ready = new CountdownEvent(4);
            var callers = Enumerable.Range(0, 4).Select(caller => Task.Factory.StartNew(
                async () =>
                {
                    var committed = new List<string>();
                    ready.Signal();
                    for (var i = 0; ; i++)
                    {
                        var name = $"\"{caller}-{i}-{new string((char)('a' + (i % 26)), i % 100)}\"";
                        try
                        {
                            (await ledger.TryAppendAsync(new AppendRequest(new NewFact($"s/{caller}", null, name)))).EnsureCommittedOrDuplicate();
                            committed.Add(name);
                        }
                        catch (ObjectDisposedException)
                        {
                            return committed;
                        }
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default).Unwrap()).ToList();
            ready.Wait();
            for (var spin = round % 10 * 50; spin > 0; spin--) Thread.SpinWait(10);
            ledger.Dispose();
            var all = await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(30));

            await using var again = await Ledger.OpenAsync("closing", options);
            for (var caller = 0; caller < 4; caller++)
                Assert.Equal(all[caller], (await again.ReadStreamAsync($"s/{caller}").ToListAsync()).Select(fact => fact.Json!));
            if (started.Elapsed > TimeSpan.FromSeconds(10)) break;
        }
    }

    // The ledger is closed during reads. What a reader has returned is right, and its next request is refused.
    [Fact]
    public async Task Closing_ends_readers()
    {
        for (var round = 0; round < 20; round++)
        {
            var ledger = await Ledger.OpenInMemoryAsync();
            await ledger.AppendAsync([.. Enumerable.Range(0, 200).Select(i => new NewFact($"s/{i}", null, $"{i}"))]);
            var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
            {
                while (true)
                {
                    await foreach (var fact in ledger.ReadAsync()) Assert.Equal($"{fact.Position.Value - 1}", fact.Json);
                    await foreach (var fact in ledger.ListAsync("s")) Assert.Equal(fact.Stream.Key, fact.Json);
                }
            })).ToList();
            await Task.Delay(2);
            ledger.Dispose();
            foreach (var reader in readers) await Assert.ThrowsAsync<ObjectDisposedException>(() => reader.WaitAsync(TimeSpan.FromSeconds(30)));
        }
    }

    static int Registrations(CancellationTokenSource source)
    {
        var registrations = typeof(CancellationTokenSource).GetField("_registrations", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!.GetValue(source);
        if (registrations is null) return 0;
        var count = 0;
        for (var node = registrations.GetType().GetField("Callbacks")!.GetValue(registrations); node is not null; node = node.GetType().GetField("Next")!.GetValue(node)) count++;
        return count;
    }

    /// <summary>A ledger in memory whose syncs block while the gate is closed.</summary>
    sealed class Gate : IDisposable
    {
        readonly ManualResetEventSlim _open = new(initialState: true);
        readonly SemaphoreSlim _reached = new(0);
        readonly MemoryFileSystem _files = new();

        public ValueTask<Ledger> OpenLedger() => Ledger.OpenAsync("gated", new LedgerOptions
        {
            PreallocationBytesMax = 0,
            FileSystem = new WatchedFiles(_files)
            {
                Syncing = _ =>
                {
                    if (_open.IsSet) return;
                    _reached.Release();
                    _open.Wait();
                },
            },
        });

        public void Close() => _open.Reset();

        public void Open() => _open.Set();

        /// <summary>Returns when a sync is blocked.</summary>
        public Task Reached() => _reached.WaitAsync();

        public void Dispose()
        {
            _open.Dispose();
            _reached.Dispose();
        }
    }
}
