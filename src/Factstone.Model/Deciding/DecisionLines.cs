using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>The lines in which the deciders of one ledger take turns. A turn ends when the append is queued, and after 100 ms at the latest.</summary>
/// <param name="time">The clock of turns and back-offs.</param>
/// <param name="random">Draws the back-offs.</param>
/// <param name="runsInline">Whether a decider that waits goes on within the call that ends its wait. A simulation has one thread.</param>
/// <remarks>Threads: any number. Lines are entered in the order of their names, so that overlapping deciders cannot wait for each other in a circle.</remarks>
internal sealed class DecisionLines(TimeProvider time, Random random, bool runsInline = false)
{
    /// <summary>Lines without a decider that keep their state, so that the next one need not read everything.</summary>
    const int IdleMax = 256;

    static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(25);
    static readonly TimeSpan TurnMax = TimeSpan.FromMilliseconds(100);
    static readonly ConditionalWeakTable<ILedger, DecisionLines> OfLedgers = [];

    readonly Dictionary<string, DecisionLine> _lines = new(StringComparer.Ordinal);
    readonly LinkedList<DecisionLine> _idle = [];
    ITimer? _timer;

    public Lock Lock { get; } = new();

    public TimeProvider Time => time;

    public Random Random => random;

    public TaskCompletionSource<T> NewSource<T>() => new(runsInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The lines of a ledger; new ones at the first call.</summary>
    public static DecisionLines Of(ILedger ledger) => OfLedgers.GetValue(ledger, static _ => new DecisionLines(TimeProvider.System, Random.Shared));

    /// <summary>Replaces the lines of a ledger, for tests with a clock of their own.</summary>
    public static void Use(ILedger ledger, DecisionLines lines) => OfLedgers.AddOrUpdate(ledger, lines);

    /// <summary>Waits for the turn in all these lines.</summary>
    /// <param name="names">The names of the lines, sorted and distinct.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<DecisionTurn> EnterAsync(string[] names, CancellationToken cancellationToken)
    {
        var entered = Entered(names);
        var numbers = new long[entered.Length];
        var taken = 0;
        try
        {
            for (; taken < entered.Length; taken++)
            {
                var waiter = Take(entered[taken], out numbers[taken]);
                if (waiter is not null) numbers[taken] = await WaitAsync(waiter, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            End(entered[..taken], numbers);
            Leave(entered);
            throw;
        }

        return new DecisionTurn(this, entered, numbers);
    }

    public void End(DecisionLine[] entered, long[] turns)
    {
        lock (Lock)
        {
            for (var i = 0; i < entered.Length; i++) entered[i].End(turns[i], time.GetTimestamp());
        }
    }

    public void Leave(DecisionLine[] entered)
    {
        lock (Lock)
        {
            foreach (var line in entered)
                if (--line.Users == 0) line.Idle = _idle.AddLast(line);
            while (_idle.Count > IdleMax)
            {
                _lines.Remove(_idle.First!.Value.Key);
                _idle.RemoveFirst();
            }
        }
    }

    DecisionLine[] Entered(string[] names)
    {
        var entered = new DecisionLine[names.Length];
        lock (Lock)
        {
            for (var i = 0; i < names.Length; i++)
            {
                if (!_lines.TryGetValue(names[i], out var line)) _lines.Add(names[i], line = new DecisionLine(names[i]));
                line.Users++;
                if (line.Idle is { } idle) _idle.Remove(idle);
                line.Idle = null;
                entered[i] = line;
            }
        }

        return entered;
    }

    /// <summary>Takes the turn; if it is taken, returns the one that will be told.</summary>
    TaskCompletionSource<long>? Take(DecisionLine line, out long number)
    {
        TaskCompletionSource<long>? waiter = null;
        lock (Lock)
        {
            number = line.Take(time.GetTimestamp(), () => waiter = NewSource<long>()) ?? 0;
            if (waiter is not null) _timer ??= time.CreateTimer(static lines => ((DecisionLines)lines!).EndLongTurns(), this, LookEvery, LookEvery);
        }

        return waiter;
    }

    static async ValueTask<long> WaitAsync(TaskCompletionSource<long> waiter, CancellationToken cancellationToken)
    {
        await using var cancelling = cancellationToken.UnsafeRegister(static (waiting, token) => ((TaskCompletionSource<long>)waiting!).TrySetCanceled(token), waiter).ConfigureAwait(false);
        return await waiter.Task.ConfigureAwait(false);
    }

    void EndLongTurns()
    {
        lock (Lock)
        {
            var now = time.GetTimestamp();
            var begun = now - (long)((TurnMax - LookEvery).TotalSeconds * time.TimestampFrequency);
            var isWaiting = false;
            foreach (var line in _lines.Values)
            {
                line.EndBefore(begun, now);
                isWaiting |= line.HasWaiting;
            }

            if (isWaiting) return;
            _timer?.Dispose();
            _timer = null;
        }
    }
}
