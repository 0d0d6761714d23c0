namespace Factstone;

/// <summary>A decision whose append is queued and not yet answered.</summary>
internal sealed class QueuedDecision(DecisionLines lines)
{
    readonly TaskCompletionSource<bool> _answered = lines.NewSource<bool>();

    /// <summary>Where the append lies, as soon as the writer has decided it.</summary>
    public AppendAcceptance Acceptance { get; } = new();

    /// <summary>Completes when the append is answered: true if it is durable, and if its facts are what was folded.</summary>
    public Task<bool> Answered => _answered.Task;

    /// <summary>Whether it is durable; null while the append is not answered. Used under the lock of <see cref="DecisionLines"/>.</summary>
    public bool? IsDurable { get; private set; }

    /// <summary>The last position of a durable append.</summary>
    public Position Last { get; private set; }

    /// <summary>Records the answer, under the lock: the last position if it is durable, and if its facts are what was folded; otherwise null.</summary>
    public void Set(Position? durable) => (IsDurable, Last) = (durable is not null, durable ?? Position.None);

    /// <summary>Tells the answer, without the lock.</summary>
    public void Complete() => _answered.TrySetResult(IsDurable == true);
}
