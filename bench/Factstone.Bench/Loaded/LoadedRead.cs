using System.Diagnostics;

namespace Factstone.Bench;

/// <summary>One kind of read of the loaded facts, repeated by one caller. The sum of all answers is compared with the sum of the correct answers.</summary>
internal sealed class LoadedRead(BenchContext context) : IComparedWorkload
{
    /// <summary>The number of reads between two reads of the clock, if one read is short.</summary>
    const int ReadsPerLook = 64;

    public required string Name { get; init; }

    public required string What { get; init; }

    public string Unit { get; init; } = "facts/s";

    public required Bar? Must { get; init; }

    public required Bar? Goal { get; init; }

    public int FactsPerRead { get; init; } = 1;

    /// <summary>Performs the n-th read.</summary>
    public required Func<ILoadedStore, long, ValueTask<long>> Read { get; init; }

    /// <summary>The correct answer of the n-th read.</summary>
    public required Func<long, long> Expected { get; init; }

    public IReadOnlyList<Side> Sides =>
    [
        new(Side.Sqlite, () => MeasureAsync(Side.Sqlite, context.Loaded.Sqlite, context.Duration)),
        new(Side.Factstone, () => MeasureAsync(Side.Factstone, context.Loaded.Ledger, context.Duration)),
    ];

    public async ValueTask PrepareAsync()
    {
        await context.Loaded.OpenAsync();

        // Long enough for all pages to be mapped, all blocks checked and all code compiled.
        foreach (var side in Sides) await side.MeasureAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    async ValueTask<double> MeasureAsync(string side, ILoadedStore store, TimeSpan duration)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var looks = FactsPerRead == 1 ? ReadsPerLook : 1;
        var (reads, sum) = (0L, 0L);
        var used = new ProcessorTime();
        var started = Stopwatch.GetTimestamp();
        TimeSpan taken;
        do
        {
            for (var i = 0; i < looks; i++) sum += await Read(store, reads++);
            taken = Stopwatch.GetElapsedTime(started);
        }
        while (taken < duration);
        used.Report($"{Name} {side}, {Unit}", reads * FactsPerRead);

        var expected = 0L;
        for (var n = 0L; n < reads; n++) expected += Expected(n);
        if (sum != expected) throw new InvalidDataException($"{Name}: {reads:N0} reads of {side} came to {sum} where {expected} was written.");
        return reads * FactsPerRead / taken.TotalSeconds;
    }
}
