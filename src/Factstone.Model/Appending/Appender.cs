using System.Runtime.ExceptionServices;

namespace Factstone;

/// <summary>Options of an <see cref="Appender"/>.</summary>
public sealed record AppenderOptions
{
    /// <summary>How many appends may be sent and not yet answered: 1 to 100,000; 1,024 by default.</summary>
    public int MaxInFlight { get; init; } = 1_024;
}

/// <summary>Keeps a bounded number of appends in flight for one caller that does not wait for each. The appends commit in the order in which they are sent.</summary>
/// <remarks>
/// <para>For one caller at a time. The first append that is neither committed nor a repeat ends the appender: this call and every later one
/// throw <see cref="AppenderFailedException"/>, which names the request. Appends that were sent after it may still have been committed.</para>
/// <para>Call <see cref="FlushAsync"/> at the end. If the block of an <c>await using</c> ends without it, the dispose throws the failure instead,
/// so that a lost write cannot go unnoticed.</para>
/// </remarks>
public sealed class Appender : IAsyncDisposable
{
    readonly ILedger _ledger;
    readonly int _maxInFlight;
    readonly Queue<InFlight> _inFlight = new();
    long _sent;
    AppenderFailedException? _failure;

    /// <summary>What the last call threw; null if it succeeded. It may be on its way to the caller while the appender is disposed.</summary>
    Exception? _lastThrown;

    internal Appender(ILedger ledger, AppenderOptions options)
    {
        if (options.MaxInFlight is < 1 or > 100_000)
            throw new ArgumentOutOfRangeException(nameof(options), options.MaxInFlight, "MaxInFlight must be 1 to 100,000.");
        _ledger = ledger;
        _maxInFlight = options.MaxInFlight;
    }

    /// <summary>Sends an append. Returns when the window has room, not when the append is durable.</summary>
    /// <param name="request">The append.</param>
    /// <param name="answered">Called with the outcome, in the order of sending, during a later call of this method, of <see cref="FlushAsync"/> or of <see cref="DisposeAsync"/>. What it throws, that call throws; the appender continues.</param>
    /// <param name="cancellationToken">Ends the wait for room; appends that were sent continue.</param>
    /// <exception cref="AppenderFailedException">An earlier append failed; this one was not sent.</exception>
    /// <exception cref="ArgumentException">This request breaks a limit or a rule. It was not sent, and the appender continues.</exception>
    public async ValueTask SendAsync(AppendRequest request, Action<AppendOutcome>? answered = null, CancellationToken cancellationToken = default)
    {
        try
        {
            ThrowIfFailed();
            while (_inFlight.TryPeek(out var oldest) && (oldest.Task.IsCompleted || _inFlight.Count >= _maxInFlight)) await AnswerOldestAsync(cancellationToken).ConfigureAwait(false);
            _inFlight.Enqueue(new InFlight(_sent, request, _ledger.TryAppendAsync(request, CancellationToken.None), answered));
            _sent++;
            _lastThrown = null;
        }
        catch (Exception thrown)
        {
            _lastThrown = thrown;
            throw;
        }
    }

    /// <summary>Returns when every sent append is durable.</summary>
    /// <exception cref="AppenderFailedException">One of the appends failed.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            ThrowIfFailed();
            while (_inFlight.Count > 0) await AnswerOldestAsync(cancellationToken).ConfigureAwait(false);
            _lastThrown = null;
        }
        catch (Exception thrown)
        {
            _lastThrown = thrown;
            throw;
        }
    }

    /// <summary>Waits for every sent append, and tells every outcome. Throws what no earlier call has thrown: the first failure, and what the callbacks threw.</summary>
    /// <remarks>
    /// An exception of a dispose replaces the one that ends the block of an <c>await using</c>. So if the call before the dispose threw
    /// as well (it was cancelled, or its request was refused), both are thrown as one <see cref="AggregateException"/>. An exception of the
    /// caller's own code is unknown here: to see it beside the failure of an append, catch it within the block.
    /// </remarks>
    /// <exception cref="AppenderFailedException">One of the appends failed, and no earlier call has thrown it.</exception>
    /// <exception cref="AggregateException">There is more than one exception to throw.</exception>
    public async ValueTask DisposeAsync()
    {
        var isFailureThrown = _failure is not null;
        List<Exception> unseen = [];
        while (_inFlight.Count > 0)
        {
            try
            {
                await AnswerOldestAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception thrown)
            {
                // The appends after it are answered first. Only the first failure is thrown; those after it mostly have the same cause.
                var own = thrown is AggregateException several ? several.InnerExceptions : [thrown];
                unseen.AddRange(own.Where(one => one is not AppenderFailedException || (one == _failure && !isFailureThrown)));
            }
        }

        if (unseen.Count == 0) return;
        if (_lastThrown is not null) unseen.Insert(0, _lastThrown);
        _lastThrown = null;
        if (unseen is [var only]) ExceptionDispatchInfo.Throw(only);
        throw new AggregateException(unseen);
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

        AppendOutcome outcome;
        try
        {
            outcome = await oldest.Task.ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            throw Failed(oldest, failure);
        }
        finally
        {
            _inFlight.Dequeue();
        }

        // The failure is known before the callback runs, because the callback may throw.
        var failed = Failure(outcome) is { } cause ? Failed(oldest, cause) : null;
        try
        {
            oldest.Answered?.Invoke(outcome);
        }
        catch (Exception own) when (failed is not null)
        {
            // A callback that asks for the receipt throws the failure itself.
            if (own is not AppendFailedException) throw new AggregateException(failed, own);
        }

        if (failed is not null) throw failed;
    }

    AppenderFailedException Failed(in InFlight append, Exception cause)
    {
        var failure = new AppenderFailedException(append.Index, append.Request, cause);
        _failure ??= failure;
        return failure;
    }

    /// <summary>Why the append failed; null if it is committed or a repeat.</summary>
    static AppendFailedException? Failure(AppendOutcome outcome)
    {
        if (outcome is AppendOutcome.Committed or AppendOutcome.Duplicate) return null;
        try
        {
            outcome.EnsureCommittedOrDuplicate();
            return null;
        }
        catch (AppendFailedException failure)
        {
            return failure;
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

    readonly record struct InFlight(long Index, AppendRequest Request, ValueTask<AppendOutcome> Task, Action<AppendOutcome>? Answered);
}
