using System.Collections.Concurrent;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Hub;

/// <summary>A subscriber that throws, waits, blocks its thread or falls behind is reported, and the others get their facts in order.</summary>
public sealed class HubFailureTests
{
    /// <summary>No callback of a test is late because the machine is.</summary>
    static readonly HubOptions Patient = new() { CallbackTimeMax = TimeSpan.FromMinutes(1) };

    readonly HandTimers _timers = new();
    readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly ConcurrentQueue<string> _calls = new();
    readonly ConcurrentQueue<HubFailure> _failures = new();

    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_callback_that_throws_is_reported_and_hurts_nobody_else()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Enqueue, Patient);
        var thrown = new InvalidOperationException("mine");
        var throwing = hub.Subscribe("s/1", (_, _) => throw thrown, "thrower");
        var later = hub.Subscribe("s/1", async (_, _) =>
        {
            await Task.Yield();
            throw thrown;
        });
        var nothing = hub.Subscribe("s/1", static (_, _) => null!);
        hub.Subscribe("s/1", Record("good"));

        await hub.PublishAsync(new NewFact("s/1", "made", "1"), Now);
        await hub.PublishAsync(new NewFact("s/1", "made", "2"), Now);

        Assert.Equal(["good 1", "good 2"], _calls);
        Assert.Equal([(throwing, 1), (later, 1), (nothing, 1), (throwing, 2), (later, 2), (nothing, 2)], _failures.Select(static one => (one.Subscription!, (int)one.Position.Value)));
        Assert.All(_failures, static one => Assert.Equal((HubFailureReason.Threw, one.Position), (one.Reason, one.Fact!.Position)));
        Assert.Same(thrown, _failures.First().Exception);
        Assert.Equal("The subscriber 'thrower' to store=s key=1 failed on @1 s/1 v1 made: mine", _failures.First().ToString());
        Assert.Contains("null instead of a task", _failures.ElementAt(2).Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_that_throws_hurts_nobody()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(failure =>
        {
            _failures.Enqueue(failure);
            throw new TimeZoneNotFoundException();
        });
        hub.Subscribe("s/1", static (_, _) => throw new InvalidOperationException("mine"));
        hub.Subscribe("s/1", Record("good"));

        await hub.PublishAsync(new AppendRequest(new NewFact("s/1", null, "1"), new NewFact("s/1", null, "2")), Now);

        Assert.Equal(["good 1", "good 2"], _calls);
        Assert.Equal(2, _failures.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_callback_that_takes_too_long_is_reported_and_the_publish_goes_on(bool blocks)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Enqueue, new HubOptions { TimeProvider = _timers });
        using var mayEnd = new SemaphoreSlim(0);
        var slow = hub.Subscribe("s/1", async (_, fact) =>
        {
            _calls.Enqueue($"slow {fact.Position} begins");
            _began.TrySetResult();
            if (fact.Position.Value == 1 && blocks) mayEnd.Wait(Now);
            else if (fact.Position.Value == 1) await mayEnd.WaitAsync(Now);
            _calls.Enqueue($"slow {fact.Position} ends");
        });
        hub.Subscribe("s/1", Record("good"));

        await PublishLateAsync(hub, new AppendRequest(new NewFact("s/1", "made", "1")));
        Assert.True(slow.IsLate);
        var failure = Assert.Single(_failures);
        Assert.Equal((HubFailureReason.TookTooLong, slow, 1), (failure.Reason, failure.Subscription, failure.Position.Value));
        Assert.Contains("5 s", Assert.IsType<TimeoutException>(failure.Exception).Message, StringComparison.Ordinal);

        // Nobody waits for the one that is late. It gets its facts in order when it is free.
        await hub.PublishAsync(new NewFact("s/1", "made", "2"), Now);
        await hub.PublishAsync(new NewFact("s/1", "made", "3"), Now);
        Assert.Equal(["slow 1 begins", "good 1", "good 2", "good 3"], _calls);
        mayEnd.Release();
        await UntilAsync(() => !slow.IsLate);
        Assert.Equal(["slow 1 ends", "slow 2 begins", "slow 2 ends", "slow 3 begins", "slow 3 ends"], _calls.Skip(4));

        // Once it has caught up, a publish waits for it again.
        await hub.PublishAsync(new NewFact("s/1", "made", "4"), Now);
        Assert.Equal(["slow 4 begins", "slow 4 ends", "good 4"], _calls.Skip(9));
        Assert.Single(_failures);
    }

    [Fact]
    public async Task As_many_facts_wait_for_a_late_subscriber_as_may_and_each_further_one_is_reported()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Enqueue, new HubOptions { TimeProvider = _timers, WaitingFactsMax = 2 });
        using var mayEnd = new SemaphoreSlim(0);
        var slow = hub.Subscribe("s/1", async (ledger, fact) =>
        {
            _began.TrySetResult();
            if (fact.Position.Value == 1) await mayEnd.WaitAsync(Now);
            await Record("slow")(ledger, fact);
        });

        await PublishLateAsync(hub, new AppendRequest([.. Enumerable.Range(1, 5).Select(static i => new NewFact("s/1", null, $"{i}"))]));
        mayEnd.Release();
        await UntilAsync(() => !slow.IsLate);
        await hub.PublishAsync(new NewFact("s/1", null, "6"), Now);

        Assert.Equal(["slow 1", "slow 2", "slow 3", "slow 6"], _calls);
        Assert.Equal([(HubFailureReason.TookTooLong, 1), (HubFailureReason.NotPassedOn, 4), (HubFailureReason.NotPassedOn, 5)], _failures.Select(static one => (one.Reason, (int)one.Position.Value)));
        Assert.StartsWith("The subscriber to store=s key=1 did not get @4 s/1 v4: ", _failures.ElementAt(1).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_late_subscriber_that_ends_gets_nothing_more()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Enqueue, new HubOptions { TimeProvider = _timers });
        using var mayEnd = new SemaphoreSlim(0);
        var slow = hub.Subscribe("s/1", async (ledger, fact) =>
        {
            _began.TrySetResult();
            await mayEnd.WaitAsync(Now);
            await Record("slow")(ledger, fact);
        });
        await PublishLateAsync(hub, new AppendRequest(new NewFact("s/1", null, "1"), new NewFact("s/1", null, "2")));

        slow.Dispose();
        mayEnd.Release(2);
        await UntilAsync(() => !slow.IsLate);

        Assert.Equal(["slow 1"], _calls);
    }

    // The publish waited for those that the late callback went on to make.
    [Fact]
    public async Task No_publish_waits_for_what_a_late_callback_publishes()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        var (published, mayEnd, ended) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        using var hub = ledger.OpenHub(failure =>
        {
            _failures.Enqueue(failure);
            published.Task.Wait(Now); // the first publish has not returned yet
        }, new HubOptions { TimeProvider = _timers });
        HubSubscription? slow = null;
        slow = hub.Subscribe("s/1", async (_, _) =>
        {
            _began.TrySetResult();
            await UntilAsync(() => slow!.IsLate);
            await hub.PublishAsync(new NewFact("s/2", null, "1"), Now);
            published.SetResult();
        });
        hub.Subscribe("s/2", async (_, _) =>
        {
            await mayEnd.Task;
            ended.SetResult();
        });

        await PublishLateAsync(hub, new AppendRequest(new NewFact("s/1", null, "1"))).WaitAsync(TimeSpan.FromSeconds(60), Now);

        Assert.True(published.Task.IsCompleted);
        mayEnd.SetResult();
        await ended.Task;
        Assert.Equal(HubFailureReason.TookTooLong, Assert.Single(_failures).Reason);
    }

    // The fact was being read when the subscriber ended.
    [Fact]
    public async Task A_late_subscriber_that_ends_while_its_next_fact_is_read_does_not_get_it()
    {
        await using var inner = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        var (reads, isRead, mayRead) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        var ledger = new DecidingLedger(inner, request => inner.TryAppendAsync(request, Now))
        {
            BeforeReadAt = async position =>
            {
                if (position.Value != 2 || Interlocked.Increment(ref reads) != 2) return; // once when it is passed on, once when it has waited
                isRead.SetResult();
                await mayRead.Task;
            },
        };
        using var hub = ledger.OpenHub(_failures.Enqueue, new HubOptions { TimeProvider = _timers });
        using var mayEnd = new SemaphoreSlim(0);
        var slow = hub.Subscribe("s/1", async (ledger, fact) =>
        {
            _began.TrySetResult();
            await mayEnd.WaitAsync(Now);
            await Record("slow")(ledger, fact);
        });
        await PublishLateAsync(hub, new AppendRequest(new NewFact("s/1", null, "1"), new NewFact("s/1", null, "2")));
        mayEnd.Release(2);
        await isRead.Task.WaitAsync(TimeSpan.FromSeconds(60), Now);

        slow.Dispose();
        mayRead.SetResult();
        await UntilAsync(() => !slow.IsLate);

        Assert.Equal(["slow 1"], _calls);
    }

    // A task that flows no context hides that it belongs to a callback. Its publish waits for callbacks that come after this one, so the callback takes too long.
    [Fact]
    public async Task A_publish_that_hides_its_callback_ends_with_the_time_of_the_callback()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Enqueue, new HubOptions { TimeProvider = _timers });
        hub.Subscribe("s/1", async (_, _) =>
        {
            _began.TrySetResult();
            Task hidden;
            using (ExecutionContext.SuppressFlow()) hidden = Task.Run(async () => await hub.PublishAsync(new NewFact("s/2", null, "1"), Now), Now);
            await hidden;
            _calls.Enqueue("hidden ends");
        });
        hub.Subscribe("s/2", Record("other"));

        await PublishLateAsync(hub, new AppendRequest(new NewFact("s/1", null, "1")));
        await UntilAsync(() => _calls.Count == 2);

        Assert.Equal(["other 2", "hidden ends"], _calls);
        Assert.Equal(HubFailureReason.TookTooLong, Assert.Single(_failures).Reason);
    }

    [Fact]
    public async Task A_publish_that_is_cancelled_after_its_commit_returns_the_outcome_at_once()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Enqueue, Patient);
        using var stop = new CancellationTokenSource();
        using var mayEnd = new SemaphoreSlim(0);
        hub.Subscribe("s/1", async (ledger, fact) =>
        {
            await stop.CancelAsync();
            await mayEnd.WaitAsync(Now);
            await Record("slow")(ledger, fact);
        });

        Assert.IsType<AppendOutcome.Committed>(await hub.PublishAsync(new NewFact("s/1", null, "1"), stop.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await hub.PublishAsync(new NewFact("s/1", null, "2"), stop.Token));
        Assert.Empty(_calls);
        mayEnd.Release();
        await UntilAsync(() => !_calls.IsEmpty);
        Assert.Equal(1, (await ledger.GetHeadAsync(Now)).Value);
    }

    [Fact]
    public async Task A_hub_that_is_closed_refuses_publishes_and_lets_those_that_wait_return()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        var hub = ledger.OpenHub(_failures.Enqueue, Patient);
        hub.Subscribe("s/1", async (ledger, fact) =>
        {
            hub.Dispose();
            await Record("first")(ledger, fact);
        });
        hub.Subscribe("s/1", Record("second"));

        Assert.IsType<AppendOutcome.Committed>(await hub.PublishAsync(new AppendRequest(new NewFact("s/1", null, "1"), new NewFact("s/1", null, "2")), Now));

        Assert.Equal(["first 1"], _calls);
        Assert.Equal(0, hub.SubscriberCount);
        hub.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await hub.PublishAsync(new NewFact("s/1", null, "3"), Now));
        Assert.Throws<ObjectDisposedException>(() => hub.Subscribe("s/1", Record("third")));
        Assert.Equal(2, (await ledger.GetHeadAsync(Now)).Value); // nothing was written
    }

    [Fact]
    public async Task A_ledger_that_closes_between_the_commit_and_the_callbacks_is_reported()
    {
        var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Enqueue, Patient);
        hub.Subscribe("s/1", async (_, _) => await ledger.DisposeAsync());

        Assert.IsType<AppendOutcome.Committed>(await hub.PublishAsync(new AppendRequest(new NewFact("s/1", null, "1"), new NewFact("s/1", null, "2"), new NewFact("s/1", null, "3")), Now));

        var failure = Assert.Single(_failures);
        Assert.Equal((HubFailureReason.NotRead, 2), (failure.Reason, failure.Position.Value));
        Assert.StartsWith("The fact at position 2 could not be read, so no subscriber got it: ", failure.ToString(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await hub.PublishAsync(new NewFact("s/1", null, "1"), Now));
    }

    Func<ILedger, Fact, Task> Record(string name) => (_, fact) =>
    {
        _calls.Enqueue($"{name} {fact.Position}");
        return Task.CompletedTask;
    };

    /// <summary>Publishes, and lets the time of the callback that has begun pass.</summary>
    async Task PublishLateAsync(LedgerHub hub, AppendRequest request)
    {
        var publish = hub.PublishAsync(request, Now).AsTask();
        await _began.Task;
        await _timers.FireAsync(Now);
        await publish;
    }

    static async Task UntilAsync(Func<bool> isTrue)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Now);
        timeout.CancelAfter(TimeSpan.FromSeconds(60));
        while (!isTrue()) await Task.Delay(5, timeout.Token);
    }
}
