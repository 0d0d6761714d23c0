namespace Factstone;

/// <summary>A turn of a decider in its lines.</summary>
internal sealed class DecisionTurn(DecisionLines lines, DecisionLine[] entered, long[] numbers) : IDisposable
{
    bool _hasLeft;

    /// <summary>The state that the last decider left; null if there is none that all lines share.</summary>
    public IKnownState? Known
    {
        get
        {
            lock (lines.Lock)
            {
                var known = entered[0].Known;
                foreach (var line in entered)
                    if (!ReferenceEquals(line.Known, known)) return null;
                return known;
            }
        }
    }

    /// <summary>The appends of earlier deciders that are not yet answered.</summary>
    public QueuedDecision[] Queued
    {
        get
        {
            lock (lines.Lock) return [.. entered.SelectMany(static line => line.Queued).Distinct()];
        }
    }

    /// <summary>Records what this turn has queued, for the next decider. Does nothing if the turn has ended.</summary>
    public void Queue(QueuedDecision decision, IKnownState known)
    {
        lock (lines.Lock)
        {
            if (!IsPresent) return;
            known = known.AfterAnswers();
            foreach (var line in entered)
            {
                line.Queued.Add(decision);
                line.Known = known;
            }
        }
    }

    /// <summary>Records a state in which everything is durable. Does nothing if the turn has ended.</summary>
    public void Learn(IKnownState known)
    {
        lock (lines.Lock)
        {
            if (!IsPresent) return;
            foreach (var line in entered) line.Known = known;
        }
    }

    /// <summary>Records the answer to an append that was queued in this turn.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="durable">The last position of the append if it is durable, and if its facts are what was folded; otherwise null.</param>
    public void Answer(QueuedDecision decision, Position? durable)
    {
        lock (lines.Lock)
        {
            decision.Set(durable);

            // All lines of a boundary share one state.
            IKnownState? before = null, after = null;
            foreach (var line in entered)
            {
                line.Queued.Remove(decision);
                if (line.Known is not { } known) continue;
                if (!ReferenceEquals(known, before)) (before, after) = (known, known.AfterAnswers());
                line.Known = after;
            }
        }

        decision.Complete();
    }

    /// <summary>Lets the next decider begin.</summary>
    public void End() => lines.End(entered, numbers);

    /// <summary>Ends the turn, and leaves the lines.</summary>
    public void Dispose()
    {
        if (_hasLeft) return;
        _hasLeft = true;
        End();
        lines.Leave(entered);
    }

    bool IsPresent
    {
        get
        {
            for (var i = 0; i < entered.Length; i++)
                if (!entered[i].IsPresent(numbers[i])) return false;
            return true;
        }
    }
}
