namespace Factstone.Storage;

/// <summary>The readers that wait for the head to move.</summary>
/// <remarks>
/// Always true: a move between a reader's check of the head and its wait is not missed, because the reader registers
/// before it checks. Threads: any. To move the head reads one field if no reader waits. Otherwise the waking is done on
/// another thread, and no reader continues on the thread that moves the head.
/// </remarks>
internal sealed class HeadWatch(IScheduler scheduler) : IThreadPoolWorkItem
{
    readonly Lock _lock = new();
    TaskCompletionSource? _moved;
    int _waiting;
    bool _isClosed;

    public bool HasWaiters => Volatile.Read(ref _waiting) > 0;

    /// <summary>Completes when the head moves, or will not move any more; at once if the wait is already over.</summary>
    /// <param name="isThere">Checks the head after the registration: whether what the caller waits for is there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask WaitAsync(Func<bool> isThere, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            var moved = NextMove();
            if (!isThere()) await moved.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Called by the thread that moves the head.</summary>
    public void Moved()
    {
        // A barrier between the new head and the check for waiting readers, so that one of the two sides sees the other.
        Interlocked.MemoryBarrier();
        if (HasWaiters) scheduler.Complete(this);
    }

    /// <summary>Wakes the waiting readers.</summary>
    public void Execute() => Take()?.TrySetResult();

    /// <summary>It is unknown whether the head has moved: the waiting readers get the exception.</summary>
    public void Fail(Exception exception)
    {
        if (Take() is not { } waiting) return;
        waiting.TrySetException(exception);
        _ = waiting.Task.Exception; // observed, even if no reader waits any more
    }

    /// <summary>Wakes the waiting readers, and ends all later waits at once.</summary>
    public void Close()
    {
        lock (_lock) _isClosed = true;
        Execute();
    }

    Task NextMove()
    {
        lock (_lock)
        {
            if (_isClosed) return Task.CompletedTask;
            _moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _moved.Task;
        }
    }

    TaskCompletionSource? Take()
    {
        lock (_lock)
        {
            var waiting = _moved;
            _moved = null;
            return waiting;
        }
    }
}
