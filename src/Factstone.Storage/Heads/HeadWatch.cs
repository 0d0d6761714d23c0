namespace Factstone.Storage;

/// <summary>Those who wait for the head to move.</summary>
/// <remarks>
/// Always true: a move between a reader's look at the head and its wait is not missed, because it is counted as waiting
/// before it looks. Threads: any. Whoever moves the head looks at one field while nobody waits; where somebody does, the
/// waking is done elsewhere, and nobody goes on on the mover's thread.
/// </remarks>
internal sealed class HeadWatch(ICrank crank) : IThreadPoolWorkItem
{
    readonly Lock _lock = new();
    TaskCompletionSource? _moved;
    int _waiting;
    bool _isClosed;

    public bool HasWaiters => Volatile.Read(ref _waiting) > 0;

    /// <summary>Begins to wait. The caller looks at the head after this, not before, and lets the waiter go when it has what it waited for.</summary>
    public Waiter Enter()
    {
        Interlocked.Increment(ref _waiting);
        lock (_lock)
        {
            if (_isClosed) return new Waiter(this, Task.CompletedTask);
            _moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new Waiter(this, _moved.Task);
        }
    }

    /// <summary>The head has moved. For the one who moves it.</summary>
    public void Moved()
    {
        // Between the new head and the look at who waits: one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (HasWaiters) crank.Complete(this);
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

    TaskCompletionSource? Take()
    {
        lock (_lock)
        {
            var waiting = _moved;
            _moved = null;
            return waiting;
        }
    }

    /// <summary>One who waits.</summary>
    /// <param name="watch">Where.</param>
    /// <param name="moved">Ends with the next move, or when there will be none.</param>
    internal readonly struct Waiter(HeadWatch watch, Task moved) : IDisposable
    {
        public Task Moved => moved;

        public void Dispose() => Interlocked.Decrement(ref watch._waiting);
    }
}
