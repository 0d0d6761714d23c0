namespace Factstone;

/// <summary>Options of an <see cref="Appender"/>.</summary>
public sealed record AppenderOptions
{
    /// <summary>How many appends may be sent and not yet answered: 1 to 100,000; 1,024 by default.</summary>
    public int MaxInFlight { get; init; } = 1_024;
}

/// <summary>Keeps a bounded number of appends in flight for one caller that does not wait for each. The appends commit in the order in which they are sent.</summary>
/// <remarks>
/// For one caller at a time. The first outcome other than a committed append or a repeat ends the appender: every later
/// call throws it. Appends that were sent after the failed one may still have been committed.
/// </remarks>
public sealed class Appender : IAsyncDisposable
{
    readonly Ledger _ledger;
    readonly int _maxInFlight;
    readonly Queue<InFlight> _inFlight = new();
    Exception? _failure;

    internal Appender(Ledger ledger, AppenderOptions options)
    {
        if (options.MaxInFlight is < 1 or > 100_000)
            throw new ArgumentOutOfRangeException(nameof(options), options.MaxInFlight, "MaxInFlight must be 1 to 100,000.");
        _ledger = ledger;
        _maxInFlight = options.MaxInFlight;
    }

    /// <summary>Sends an append. Returns when the window has room, not when the append is durable.</summary>
    /// <param name="request">The append.</param>
    /// <param name="answered">Called with the outcome, in the order of sending, during a later call of this method or of <see cref="FlushAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait for room; appends that were sent continue.</param>
    /// <exception cref="AppendFailedException">An earlier append failed; this one was not sent.</exception>
    public async ValueTask SendAsync(AppendRequest request, Action<AppendOutcome>? answered = null, CancellationToken cancellationToken = default)
    {
        ThrowIfFailed();
        while (_inFlight.TryPeek(out var oldest) && (oldest.Task.IsCompleted || _inFlight.Count >= _maxInFlight)) await AnswerOldestAsync(cancellationToken).ConfigureAwait(false);
        _inFlight.Enqueue(new InFlight(_ledger.TryAppendAsync(request, CancellationToken.None), answered));
    }

    /// <summary>Returns when every sent append is durable.</summary>
    /// <exception cref="AppendFailedException">One of the appends failed.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfFailed();
        while (_inFlight.Count > 0) await AnswerOldestAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for every sent append. Throws what <see cref="FlushAsync"/> throws, unless an earlier call has thrown it.</summary>
    public async ValueTask DisposeAsync()
    {
        var isThrown = _failure is not null;
        while (_inFlight.Count > 0)
        {
            try
            {
                await AnswerOldestAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (FactstoneException)
            {
                // The first failure is kept; later appends are answered first.
            }
        }

        if (!isThrown) ThrowIfFailed();
    }

    async ValueTask AnswerOldestAsync(CancellationToken cancellationToken)
    {
        var oldest = _inFlight.Peek();
        if (!oldest.Task.IsCompleted && cancellationToken.CanBeCanceled)
        {
            // A value task can be awaited only once. The wait may end before it completes; then a later call awaits the same task.
            var task = oldest.Task.AsTask();
            oldest = oldest with { Task = new ValueTask<AppendOutcome>(task) };
            ReplaceOldest(oldest);

            // Only the wait can end here. A failure is handled below, where it ends the appender.
            await Task.WhenAny(task).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var outcome = await oldest.Task.ConfigureAwait(false);
            oldest.Answered?.Invoke(outcome);
            outcome.EnsureCommittedOrDuplicate();
        }
        catch (FactstoneException failure)
        {
            _failure ??= failure;
            throw;
        }
        finally
        {
            _inFlight.Dequeue();
        }
    }

    void ReplaceOldest(InFlight oldest)
    {
        var count = _inFlight.Count;
        _inFlight.Dequeue();
        _inFlight.Enqueue(oldest);
        for (var i = 1; i < count; i++) _inFlight.Enqueue(_inFlight.Dequeue());
    }

    void ThrowIfFailed()
    {
        if (_failure is not null) throw _failure;
    }

    readonly record struct InFlight(ValueTask<AppendOutcome> Task, Action<AppendOutcome>? Answered);
}
