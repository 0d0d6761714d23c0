using System.Threading.Tasks.Sources;

namespace Factstone;

/// <summary>An append on its way: queued, decided by the writer, answered on another thread.</summary>
/// <remarks>
/// Threads: the caller queues it, the writer decides it, and a completion that the scheduler runs answers it; one after the
/// other. A cancellation races with the writer that takes it; one of the two wins.
/// </remarks>
internal sealed class PendingAppend(AppendPipeline pipeline, PreparedAppend append, AppendSnapshot snapshot, PreparedValue[] values) : IValueTaskSource<AppendOutcome>, IThreadPoolWorkItem
{
    const int Queued = 0;
    const int Taken = 1;
    const int Cancelled = 2;

    ManualResetValueTaskSourceCore<AppendOutcome> _source;
    CancellationTokenRegistration _cancellation;
    CancellationToken _cancellationToken;
    int _state;

    public PreparedAppend Append => append;

    /// <summary>What the writer needs and may not have in memory.</summary>
    public AppendSnapshot Snapshot => snapshot;

    /// <summary>What the conditions on values came to when they were prepared.</summary>
    public PreparedValue[] Values { get; } = values;

    /// <summary>What the writer decided; null until then.</summary>
    public AppendDecision? Decision { get; set; }

    /// <summary>Of a repeat or a conflict: the outcome, once it has been read.</summary>
    public AppendOutcome? OutcomeRead { get; set; }

    public ValueTask<AppendOutcome> Task => new(this, _source.Version);

    /// <summary>Lets the token take it out of the queue for as long as the writer has not taken it.</summary>
    public void CancelWith(CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled) return;
        _cancellationToken = cancellationToken;
        _cancellation = cancellationToken.UnsafeRegister(static pending => ((PendingAppend)pending!).Cancel(), this);
    }

    /// <summary>False when it was cancelled before.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Queued) == Queued;

    /// <summary>It could not be queued: nobody answers it.</summary>
    public void Withdraw()
    {
        _cancellation.Dispose();
        append.Release();
    }

    public void Execute() => pipeline.Answer(this);

    public void SetOutcome(AppendOutcome outcome)
    {
        _cancellation.Dispose();
        append.Release();
        _source.SetResult(outcome);
    }

    public void SetException(Exception exception)
    {
        _cancellation.Dispose();
        append.Release();
        _source.SetException(exception);
    }

    void Cancel()
    {
        if (Interlocked.CompareExchange(ref _state, Cancelled, Queued) != Queued) return;
        Decision = new AppendDecision.Failed(new OperationCanceledException("The append was cancelled before it was taken; nothing was written.", _cancellationToken));
        pipeline.Complete(this);
    }

    AppendOutcome IValueTaskSource<AppendOutcome>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<AppendOutcome>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<AppendOutcome>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}

/// <summary>What a condition on a record's value came to at some state of its stream, or one on a cell's value at some version of it.</summary>
internal readonly record struct PreparedValue(StreamState State, bool IsEqual, CellVersion CellVersion = default);
