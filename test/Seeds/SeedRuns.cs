using System.Collections.Concurrent;

namespace Factstone;

/// <summary>Runs the current test for many seeds. Prints the seeds, what has happened, and how each failure is replayed.</summary>
internal sealed class SeedRuns(int countByDefault)
{
    const int FailuresShown = 10;

    /// <summary>See <see cref="Seeds.Draw"/>.</summary>
    public string? Script { get; init; }

    /// <summary>See <see cref="Seeds.Draw"/>.</summary>
    public bool AreFresh { get; init; }

    public int SeedsAtOnce { get; init; } = 2;

    public Task<SeedCounts> RunAsync(Action<int, SeedCounts> run) => RunAsync((seed, counts) =>
    {
        run(seed, counts);
        return Task.CompletedTask;
    });

    public async Task<SeedCounts> RunAsync(Func<int, SeedCounts, Task> run)
    {
        var output = TestContext.Current.TestOutputHelper!;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = SeedsAtOnce, CancellationToken = TestContext.Current.CancellationToken };
        var ranges = Seeds.Draw(countByDefault, Script, AreFresh);
        var counts = new SeedCounts(ranges.Sum(static seeds => seeds.Count));
        var failures = new ConcurrentQueue<(string Message, Exception Cause)>();
        foreach (var seeds in ranges)
        {
            output.WriteLine(seeds.ToString());
            await Parallel.ForEachAsync(seeds.Numbers, parallel, async (seed, cancellation) =>
            {
                try
                {
                    await run(seed, counts);
                }
                catch (Exception failure) when (!cancellation.IsCancellationRequested)
                {
                    failures.Enqueue(($"seed {seed}: {failure.Message}\n    Replay: {seeds.Replay(seed)}", failure));
                }
            });
        }

        if (!counts.IsEmpty) output.WriteLine(counts.ToString());
        if (failures.IsEmpty) return counts;
        var messages = failures.Take(FailuresShown).Select(static failure => failure.Message);
        throw new InvalidOperationException($"{failures.Count} of {counts.Seeds} seeds failed.\n{string.Join('\n', messages)}", failures.First().Cause);
    }
}
