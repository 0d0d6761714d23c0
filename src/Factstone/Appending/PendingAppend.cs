using System.Threading.Tasks.Sources;

namespace Factstone;

/// <summary>An append on its way: queued, decided by the writer, answered on another thread.</summary>
/// <remarks>
/// Threads: the caller queues it, the writer decides it, and a completion that the scheduler runs answers it, one after
/// the other. A cancellation races with the writer that takes it; exactly one of the two wins.
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

    /// <summary>The results of the conditions on values when they were prepared.</summary>
    public PreparedValue[] Values { get; } = values;

    /// <summary>The writer's decision; null until then.</summary>
    public AppendDecision? Decision { get; set; }

    /// <summary>The receipt of an accepted append; null for others.</summary>
    public AppendReceipt? Receipt { get; set; }

    /// <summary>The outcome of a repeat or a conflict, once it was read.</summary>
    public AppendOutcome? OutcomeRead { get; set; }

    public ValueTask<AppendOutcome> Task => new(this, _source.Version);

    /// <summary>Lets the token remove the append from the queue until the writer takes it.</summary>
    public void CancelWith(CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled) return;
        _cancellationToken = cancellationToken;
        _cancellation = cancellationToken.UnsafeRegister(static pending => ((PendingAppend)pending!).Cancel(), this);
    }

    /// <summary>False if it was cancelled before.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Queued) == Queued;

    /// <summary>Called if the append could not be queued: it is not answered.</summary>
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
        Decision = new AppendDecision.Failed(new OperationCanceledException("The append was cancelled before the writer took it; nothing was written.", _cancellationToken));
        pipeline.Complete(this);
    }

    AppendOutcome IValueTaskSource<AppendOutcome>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<AppendOutcome>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<AppendOutcome>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}

/// <summary>The result of a condition on a record's value at a state of its stream, or of one on a cell's value at a version of the cell.</summary>
internal readonly record struct PreparedValue(StreamState State, bool IsEqual, CellVersion CellVersion = default);
