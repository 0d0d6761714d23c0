namespace Factstone.Storage;

/// <summary>Those who wait for the head to move.</summary>
/// <remarks>
/// Always true: a move between a reader's look at the head and its wait is not missed, because it is counted as waiting
/// before it looks. Threads: any. Whoever moves the head looks at one field while nobody waits; where somebody does, the
/// waking is done elsewhere, and nobody goes on on the mover's thread.
/// </remarks>
internal sealed class HeadWatch(IScheduler scheduler) : IThreadPoolWorkItem
{
    readonly Lock _lock = new();
    TaskCompletionSource? _moved;
    int _waiting;
    bool _isClosed;

    public bool HasWaiters => Volatile.Read(ref _waiting) > 0;

    /// <summary>Returns when the head moves, or will not any more; at once where there is nothing to wait for.</summary>
    /// <param name="isThere">A look at the head, made when no move is missed any more: whether what is waited for is there.</param>
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

    /// <summary>The head has moved. For the one who moves it.</summary>
    public void Moved()
    {
        // Between the new head and the look at who waits: one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (HasWaiters) scheduler.Complete(this);
    }

    /// <summary>Wakes those who wait.</summary>
    public void Execute() => Take()?.TrySetResult();

    /// <summary>Whether the head has moved cannot be told: those who wait hear why.</summary>
    public void Fail(Exception exception)
    {
        if (Take() is not { } waiting) return;
        waiting.TrySetException(exception);
        _ = waiting.Task.Exception; // seen, also where nobody waits any more
    }

    /// <summary>Wakes those who wait, and lets nobody wait any more.</summary>
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
