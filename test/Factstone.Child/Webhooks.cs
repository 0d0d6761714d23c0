using System.Globalization;

namespace Factstone.Child;

/// <summary>Handles deliveries of events, as the receiver of webhooks does. The sender's event id is the append id.</summary>
internal static class Webhooks
{
    /// <summary>Handles each line of a file, DELIVERY EVENT, with several callers at once.</summary>
    /// <remarks>
    /// open                                  the ledger is open
    /// handled DELIVERY EVENT POSITION HOW . the delivery is answered; HOW is committed or repeated
    /// done                                  all deliveries are answered
    /// </remarks>
    public static async Task<int> RunAsync(string directory, string deliveries)
    {
        var lines = await File.ReadAllLinesAsync(deliveries);
        await using var ledger = await Ledger.OpenAsync(directory, new LedgerOptions { SegmentSizeBytes = 64 * 1_024 });
        Console.WriteLine("open");
        await Parallel.ForEachAsync(lines, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (line, _) =>
        {
            var words = line.Split(' ');
            await HandleAsync(ledger, words[0], words[1]);
        });
        Console.WriteLine("done");
        return 0;
    }

    static async Task HandleAsync(Ledger ledger, string delivery, string name)
    {
        // The payload differs from delivery to delivery, as the time of sending does in a real one.
        var fact = new NewFact($"orders/{int.Parse(name, CultureInfo.InvariantCulture) % 100}", "paid", $$"""{"event":{{name}},"delivery":{{delivery}}}""");
        var outcome = await ledger.TryAppendAsync(new AppendRequest(fact) { AppendId = $"shop:{name}", OnRepeat = RepeatPolicy.SameId });
        var receipt = outcome.EnsureCommittedOrDuplicate();
        await Task.Delay(1); // some time for the test to kill it before it has handled everything
        Console.WriteLine($"handled {delivery} {name} {receipt.LastPosition} {(outcome is AppendOutcome.Committed ? "committed" : "repeated")} .");
    }
}
