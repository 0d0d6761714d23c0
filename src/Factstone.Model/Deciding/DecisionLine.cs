namespace Factstone;

/// <summary>The deciders of one stream, or of one item of a query, in this process: whose turn it is, and what was decided and is not yet durable.</summary>
/// <remarks>All members are used under the lock of <see cref="DecisionLines"/>.</remarks>
internal sealed class DecisionLine(string key)
{
    readonly Queue<TaskCompletionSource<long>> _waiting = new();
    bool _isTaken;
    long _turn;
    long _since;

    public string Key => key;

    /// <summary>How many deciders have entered it, or wait for it.</summary>
    public int Users { get; set; }

    /// <summary>Its place among the lines without a decider; null while it has one.</summary>
    public LinkedListNode<DecisionLine>? Idle { get; set; }

    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>Appends that were queued in turns of this line and are not yet answered, in that order.</summary>
    public List<QueuedDecision> Queued { get; } = [];

    /// <summary>The last known state of a decider of this line; null for none.</summary>
    public IKnownState? Known { get; set; }

    /// <summary>Whether this turn is the present one.</summary>
    public bool IsPresent(long turn) => _isTaken && _turn == turn;

    /// <summary>The number of the turn; null if another one has not ended, and then the waiter gets the number.</summary>
    public long? Take(long now, Func<TaskCompletionSource<long>> wait)
    {
        if (!_isTaken) return Begin(now);
        _waiting.Enqueue(wait());
        return null;
    }

    /// <summary>Ends a turn, unless it has ended already.</summary>
    public void End(long turn, long now)
    {
        if (IsPresent(turn)) Pass(now);
    }

    /// <summary>Ends a turn that began before a time, if somebody waits.</summary>
    public void EndBefore(long time, long now)
    {
        if (_isTaken && HasWaiting && _since < time) Pass(now);
    }

    void Pass(long now)
    {
        _isTaken = false;
        while (!_isTaken && _waiting.TryDequeue(out var next))
        {
            // One whose wait was cancelled does not get the turn.
            var turn = Begin(now);
            if (!next.TrySetResult(turn)) _isTaken = false;
        }
    }

    long Begin(long now)
    {
        (_isTaken, _since) = (true, now);
        return ++_turn;
    }
}
