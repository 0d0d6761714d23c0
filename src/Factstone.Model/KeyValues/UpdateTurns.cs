using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>Updates of one entry through one ledger object take turns, so that they do not make each other fail.</summary>
/// <remarks>Only a matter of fairness and speed: the condition of each update is what keeps updates apart.</remarks>
internal sealed class UpdateTurns
{
    static readonly ConditionalWeakTable<ILedger, UpdateTurns> OfLedgers = [];

    readonly Dictionary<CellName, Turn> _turns = [];

    public static UpdateTurns Of(ILedger ledger) => OfLedgers.GetOrCreateValue(ledger);

    /// <summary>Waits for the turn. Disposing of it passes it on.</summary>
    /// <exception cref="InvalidOperationException">The function of an update of this entry, which runs on this thread, asks for it: it would wait for itself.</exception>
    public async ValueTask<Turn> TakeAsync(CellName cell, CancellationToken cancellationToken)
    {
        Turn? turn;
        lock (_turns)
        {
            if (!_turns.TryGetValue(cell, out turn)) _turns.Add(cell, turn = new Turn(this, cell));
            if (turn.FunctionThread == Environment.CurrentManagedThreadId)
                throw new InvalidOperationException($"The function of an update of '{cell}' updates the same entry. Return the new value from the function instead.");
            turn.Users++;
        }

        try
        {
            await turn.Waiting.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Leave(turn);
            throw;
        }

        return turn;
    }

    /// <summary>The last to leave removes the turn, so that memory does not grow with the number of names.</summary>
    void Leave(Turn turn)
    {
        lock (_turns)
            if (--turn.Users == 0 && _turns.Remove(turn.Cell))
                turn.Waiting.Dispose();
    }

    internal sealed class Turn(UpdateTurns turns, CellName cell) : IDisposable
    {
        public CellName Cell => cell;

        public SemaphoreSlim Waiting { get; } = new(initialCount: 1);

        /// <summary>How many updates have the turn or wait for it; guarded by the lock.</summary>
        public int Users { get; set; }

        /// <summary>The thread that runs a caller's function at this moment; 0 for none.</summary>
        public int FunctionThread { get; private set; }

        public T Run<T>(Func<T, T> function, T value)
        {
            FunctionThread = Environment.CurrentManagedThreadId;
            try
            {
                return function(value);
            }
            finally
            {
                FunctionThread = 0;
            }
        }

        public void Dispose()
        {
            Waiting.Release();
            turns.Leave(this);
        }
    }
}
