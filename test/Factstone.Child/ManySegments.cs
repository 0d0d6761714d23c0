using System.Diagnostics;
using System.Globalization;

namespace Factstone.Child;

/// <summary>Uses a ledger of many segments, as a process does that may have few files open.</summary>
internal static class ManySegments
{
    const int Opens = 5;
    const int PayloadBytes = 40_000;

    /// <summary>Fills the ledger with one segment for each fact, where it is not; then opens it, reads it whole, and appends one fact.</summary>
    /// <remarks>
    /// begins             the program runs
    /// filled HEAD        the segments are there, and the ledger is closed
    /// opened MS          the least time that one of five opens took
    /// whole FACTS        all facts were read
    /// appended POSITION  one more is durable
    /// refused MESSAGE    the ledger could not be used
    /// </remarks>
    public static async Task<int> RunAsync(string directory, int count)
    {
        Console.WriteLine("begins"); // what the console opens, it opens now
        try
        {
            await FillAsync(directory, count);
            var time = await LeastTimeAsync(directory);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"opened {time:0.0}"));
            await using var ledger = await Ledger.OpenAsync(directory, Options);
            var facts = await ledger.FoldAsync(0L, static (ref long facts, in FactView fact) => ++facts > 0 && fact.Payload.Length > 0);
            Console.WriteLine($"whole {facts}");
            var receipt = await ledger.AppendAsync(new NewFact("orders/1", "added", "1"));
            Console.WriteLine($"appended {receipt.LastPosition}");
            return 0;
        }
        catch (FactstoneException refused)
        {
            Console.WriteLine($"refused {refused.Message}");
            return 1;
        }
    }

    static LedgerOptions Options => new() { SegmentSizeBytes = 64 * 1_024, PreallocationBytesMin = 0, PreallocationBytesMax = 0 };

    static async Task FillAsync(string directory, int count)
    {
        await using var ledger = await Ledger.OpenAsync(directory, Options);
        var payload = $"\"{new string('x', PayloadBytes)}\"";
        for (var i = (await ledger.GetHeadAsync()).Value; i < count; i++)
            await ledger.AppendAsync(new NewFact($"orders/{i}", "grown", payload));
        var head = await ledger.GetHeadAsync();
        Console.WriteLine($"filled {head}");
    }

    static async Task<double> LeastTimeAsync(string directory)
    {
        var least = double.MaxValue;
        for (var i = 0; i < Opens; i++)
        {
            var started = Stopwatch.GetTimestamp();
            var ledger = await Ledger.OpenAsync(directory, Options);
            least = Math.Min(least, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            await ledger.DisposeAsync();
        }

        return least;
    }
}
