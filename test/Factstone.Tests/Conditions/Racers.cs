namespace Factstone.Tests;

/// <summary>Callers that append at once, of which one can win.</summary>
internal static class Racers
{
    /// <summary>All callers append, each with its number. Every append is queued when this returns.</summary>
    public static Task<AppendOutcome[]> Start(int callers, Func<int, ValueTask<AppendOutcome>> append, Action? halfTime)
    {
        var appends = new ValueTask<AppendOutcome>[callers];
        Queue(0, callers / 2);
        halfTime?.Invoke();
        Queue(callers / 2, callers);
        return Task.WhenAll(appends.Select(append => append.AsTask()));

        void Queue(int from, int to) => Parallel.For(from, to, new ParallelOptions { MaxDegreeOfParallelism = 4 }, caller => appends[caller] = append(caller));
    }

    /// <summary>Exactly one append was committed. Each of the others learns that from its outcome alone.</summary>
    /// <param name="outcomes">The outcomes by caller.</param>
    /// <param name="value">The value that a caller wrote.</param>
    /// <param name="took">Called for each caller with the winner's receipt and the caller's conflict, which is null for the winner.</param>
    public static void OneWins(AppendOutcome[] outcomes, Func<int, string> value, Action<int, AppendReceipt, AppendOutcome.Conflict?> took)
    {
        var winner = Array.FindIndex(outcomes, outcome => outcome is AppendOutcome.Committed);
        var receipt = Assert.Single(outcomes.OfType<AppendOutcome.Committed>()).Receipt;
        for (var caller = 0; caller < outcomes.Length; caller++)
        {
            var conflict = outcomes[caller] as AppendOutcome.Conflict;
            if (conflict is null) Assert.Equal(winner, caller);
            else
            {
                var fact = Assert.Single(conflict.Facts);
                Assert.Equal(value(winner), fact.Json);
                Assert.Equal(receipt.FirstPosition, fact.Position);
                Assert.True(conflict.IsComplete);
            }

            took(caller, receipt, conflict);
        }
    }
}
