namespace Factstone;

/// <summary>One caller at a time has the turn; the others wait until it has ended. Of those who wait to fold, most then find their facts folded.</summary>
internal sealed class ProjectionTurn
{
    readonly Lock _lock = new();
    bool _isTaken;
    TaskCompletionSource? _ended;

    /// <summary>Null if the caller has the turn now, and has to end it; otherwise the end of the turn of another.</summary>
    public Task? TryTake()
    {
        lock (_lock)
        {
            if (_isTaken) return (_ended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            _isTaken = true;
            return null;
        }
    }

    /// <summary>Waits for the turn.</summary>
    public async ValueTask TakeAsync(CancellationToken cancellationToken)
    {
        while (TryTake() is { } other) await other.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void End()
    {
        TaskCompletionSource? ended;
        lock (_lock)
        {
            _isTaken = false;
            (ended, _ended) = (_ended, null);
        }

        ended?.SetResult();
    }
}
