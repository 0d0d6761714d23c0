using System.Collections.Immutable;

namespace Factstone;

/// <summary>Runs callbacks in this process for the facts that are published through it: after they are durable, in the order of their positions, before the publish returns.</summary>
/// <remarks>
/// <para>Order: facts are passed on one after the other, in the order of their positions, whoever published them. For each fact, the
/// subscribers that it matches are called one after the other, in the order in which they subscribed. A callback that throws, or takes
/// longer than <see cref="HubOptions.CallbackTimeMax"/>, is reported, and the hub goes on. After the second, the subscriber is late: it
/// gets its facts in their order still, but behind the others, and no publish waits for it.</para>
/// <para>It is not durable. A fact whose publisher ends before its callbacks ran is never passed on, and neither are the facts that others
/// append: those of another process, of another hub, or of the ledger's own members. To handle each fact exactly once, use a
/// <see cref="Consumer"/>; to see every fact, <see cref="ILedger.OpenFollower"/>.</para>
/// <para>Threads: any number. Publishes at once share syncs.</para>
/// </remarks>
public sealed class LedgerHub : IDisposable
{
    readonly Action<HubFailure> _failed;
    readonly HubOptions _options;
    readonly PublishOrder _order = new();
    readonly AsyncLocal<CallbackScope?> _within = new();
    readonly Lock _lock = new();
    volatile Subscriptions _subscriptions = new([]);
    volatile bool _isDisposed;

    internal LedgerHub(ILedger ledger, Action<HubFailure> failed, HubOptions options) => (Ledger, _failed, _options) = (ledger, failed, options);

    /// <summary>The ledger, which callbacks get.</summary>
    public ILedger Ledger { get; }

    /// <summary>The number of subscribers that have not ended.</summary>
    public int SubscriberCount => _subscriptions.All.Length;

    /// <summary>Calls a function for each fact that matches a query and whose turn comes after this call.</summary>
    /// <param name="query">The query: <see cref="FactQuery.Store"/> for a store, <see cref="FactQuery.All"/> for every fact.</param>
    /// <param name="callback">Called with the ledger and the fact, on a thread of the pool, in the context of the publisher. It may read, append, publish, subscribe and end its own subscription. A publish in it returns when it is durable, and its callbacks run after this one.</param>
    /// <param name="name">A name for reports, 1 to 128 bytes without control characters; null for none.</param>
    /// <exception cref="ArgumentException">The query or the name is refused; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The hub is closed.</exception>
    public HubSubscription Subscribe(FactQuery query, Func<ILedger, Fact, Task> callback, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.ThrowIfWrong(nameof(query));
        return Add(query, callback, name);
    }

    /// <summary>Calls a function for each fact of a stream whose turn comes after this call.</summary>
    /// <param name="stream">The stream, which need not exist yet.</param>
    /// <param name="callback">Called with the ledger and the fact, on a thread of the pool, in the context of the publisher. It may read, append, publish, subscribe and end its own subscription. A publish in it returns when it is durable, and its callbacks run after this one.</param>
    /// <param name="name">A name for reports, 1 to 128 bytes without control characters; null for none.</param>
    /// <exception cref="ArgumentException">No stream can have this name, or the name of the subscriber is refused.</exception>
    /// <exception cref="ObjectDisposedException">The hub is closed.</exception>
    public HubSubscription Subscribe(StreamName stream, Func<ILedger, Fact, Task> callback, string? name = null)
    {
        if (NameCheck.ForReading(stream) is { } wrong) throw new ArgumentException(wrong, nameof(stream));
        return Add(FactQuery.Stream(stream), callback, name);
    }

    /// <summary>Appends, and runs the callbacks of the new facts. Returns the outcome of the append when these have ended, or are reported.</summary>
    /// <param name="request">The append. If its outcome is a conflict, a repeat under its append id, or unknown, nothing is passed on.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written. After that it ends the wait for the callbacks only: they run, and the outcome is returned.</param>
    /// <remarks>The callbacks of an earlier position run first, also those of another publisher. An outcome that nobody looks at can hide a lost write: call <see cref="AppendOutcome.EnsureCommittedOrDuplicate"/> where only success is expected.</remarks>
    /// <exception cref="ObjectDisposedException">The hub or the ledger is closed. Nothing was written.</exception>
    /// <exception cref="ArgumentException">The request breaks a limit or a rule; see <see cref="FactLimits"/>. Nothing was written. For all else that can be thrown see <see cref="ILedger.TryAppendAsync(AppendRequest, CancellationToken)"/>.</exception>
    public async ValueTask<AppendOutcome> PublishAsync(AppendRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var within = _within.Value is { HasEnded: false } callback ? callback : null;
        var context = ExecutionContext.Capture();
        var append = _order.Begin();
        Published? published = null;
        AppendOutcome outcome;
        try
        {
            outcome = await Ledger.TryAppendAsync(request, cancellationToken).ConfigureAwait(false);
            if (outcome is AppendOutcome.Committed { Receipt: { Count: > 0 } receipt }) published = new Published(receipt, context, within is null ? new PublishTree() : within.Tree);
        }
        finally
        {
            published?.Tree?.Add(published);
            if (_order.End(append, published)) BeginPassingOn();
        }

        if (published is not null && within is null) await WaitAsync(published.Tree!, cancellationToken).ConfigureAwait(false);
        return outcome;
    }

    /// <summary>Appends one fact, and runs its callbacks.</summary>
    /// <inheritdoc cref="PublishAsync(AppendRequest, CancellationToken)"/>
    public ValueTask<AppendOutcome> PublishAsync(NewFact fact, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(fact);
        return PublishAsync(new AppendRequest(fact), cancellationToken);
    }

    /// <summary>Ends all subscriptions and refuses further publishes. A callback that runs goes on; publishes that wait return their outcomes. The ledger stays open. May be called again.</summary>
    public void Dispose()
    {
        lock (_lock) _isDisposed = true;
        foreach (var subscription in _subscriptions.All) subscription.Dispose();
    }

    internal void Remove(HubSubscription subscription)
    {
        lock (_lock) _subscriptions = new Subscriptions(_subscriptions.All.Remove(subscription));
    }

    /// <summary>A callback begins on this thread.</summary>
    internal CallbackScope Enter(PublishTree? tree) => _within.Value = new CallbackScope(tree);

    internal void Report(HubFailure failure)
    {
        try
        {
            _failed(failure);
        }
        catch (Exception)
        {
            // Nobody is left to whom the failure of a report could be reported.
        }
    }

    HubSubscription Add(FactQuery query, Func<ILedger, Fact, Task> callback, string? name)
    {
        ArgumentNullException.ThrowIfNull(callback);
        if (name is not null && NameCheck.Text("The name of the subscriber", name, 1, FactLimits.ConsumerNameBytesMax) is { } wrong) throw new ArgumentException(wrong, nameof(name));
        var subscription = new HubSubscription(this, query, name, callback, _options.WaitingFactsMax);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _subscriptions = new Subscriptions(_subscriptions.All.Add(subscription));
        }

        return subscription;
    }

    static async ValueTask WaitAsync(PublishTree tree, CancellationToken cancellationToken)
    {
        try
        {
            while (tree.TryTake(out var published)) await published.PassedOn.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The facts are durable, so the caller gets the outcome.
        }
    }

    /// <summary>One task at a time passes facts on. It belongs to no publisher, so it does not run in the context of one.</summary>
    void BeginPassingOn()
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            _ = Task.Run(PassOnAsync);
            return;
        }

        using (ExecutionContext.SuppressFlow()) _ = Task.Run(PassOnAsync);
    }

    async Task PassOnAsync()
    {
        while (_order.TryTake(out var published))
        {
            await PassOnAsync(published).ConfigureAwait(false);
            published.End();
        }
    }

    async ValueTask PassOnAsync(Published published)
    {
        for (var position = published.First; position <= published.Last; position = position.Next())
        {
            if (_subscriptions.All.IsEmpty) continue;
            Fact? fact;
            try
            {
                fact = await Ledger.ReadAtAsync(position).ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                await ReportAsync(new HubFailure(HubFailureReason.NotRead, Subscription: null, position, Fact: null, failure)).ConfigureAwait(false);
                if (failure is ObjectDisposedException) return;
                continue;
            }

            if (fact is null) continue;
            foreach (var subscription in _subscriptions.All)
                if (subscription.Query.Matches(fact)) await PassOnAsync(subscription, fact, published).ConfigureAwait(false);
        }
    }

    async ValueTask PassOnAsync(HubSubscription subscription, Fact fact, Published published)
    {
        switch (subscription.Pass(fact.Position))
        {
            case HubSubscription.Passing.Never:
                var isFull = new InvalidOperationException($"The subscriber is late, and {_options.WaitingFactsMax:N0} facts wait for it.");
                await ReportAsync(new HubFailure(HubFailureReason.NotPassedOn, subscription, fact.Position, fact, isFull)).ConfigureAwait(false);
                break;

            case HubSubscription.Passing.Now:
                var run = Run(() => subscription.RunAsync(fact, published.Tree), published.Context);
                if (await EndsInTimeAsync(run).ConfigureAwait(false) || !subscription.TryBecomeLate()) break;
                var isLate = new TimeoutException($"Its callback has not ended within {_options.CallbackTimeMax.TotalSeconds:0.###} s. Later facts wait for it.");
                await ReportAsync(new HubFailure(HubFailureReason.TookTooLong, subscription, fact.Position, fact, isLate)).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>Reports a failure on another thread, because a report that takes too long must not stop the hub.</summary>
    async ValueTask ReportAsync(HubFailure failure) =>
        await EndsInTimeAsync(Task.Run(() =>
        {
            var scope = Enter(tree: null);
            Report(failure);
            scope.End();
        })).ConfigureAwait(false);

    async ValueTask<bool> EndsInTimeAsync(Task run)
    {
        try
        {
            await run.WaitAsync(_options.CallbackTimeMax, _options.TimeProvider).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return run.IsCompleted;
        }
    }

    /// <summary>Runs a callback on the pool, so that one that blocks its thread blocks nothing else.</summary>
    static Task Run(Func<Task> callback, ExecutionContext? context)
    {
        if (context is null) return Task.Run(callback);
        Task? run = null;
        ExecutionContext.Run(context, _ => run = Task.Run(callback), state: null);
        return run!;
    }

    /// <summary>Those of one moment, in the order in which they subscribed.</summary>
    sealed record Subscriptions(ImmutableArray<HubSubscription> All);
}
