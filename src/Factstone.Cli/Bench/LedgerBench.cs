namespace Factstone.Cli.Bench;

/// <summary>Measures the ledger and the disk in turn, in several rounds of each workload. The median is the result.</summary>
internal sealed class LedgerBench(string directory, TimeSpan duration)
{
    public const int Rounds = 3;

    const int Seed = 1;
    static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(200);

    readonly ZipfStreams _streams = new(Seed);
    readonly Payloads _payloads = new(Seed);

    /// <summary>Runs one workload.</summary>
    /// <param name="workload">The workload.</param>
    /// <param name="starting">Called before each measurement.</param>
    /// <param name="ct">Ends it between two appends.</param>
    public async ValueTask<BenchResult> RunAsync(Workload workload, Action<string> starting, CancellationToken ct)
    {
        var bytes = await FrameSizes.MeasureAsync(directory, workload, _streams, _payloads).ConfigureAwait(false);
        var (probe, ledger) = (new Rates(), new Rates());
        (BenchTarget Target, Rates Rates)[] targets = [(DiskProbe.Target(_ => bytes), probe), (LedgerStore.Target, ledger)];

        // Code that is still being compiled is slow, so this run does not count.
        await MeasureAsync(workload, LedgerStore.Target, duration < WarmUp ? duration : WarmUp, ct).ConfigureAwait(false);
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (target, rates) in targets)
            {
                starting($"{workload.Name} {workload.What}: {target.Name}, round {round + 1} of {Rounds}");
                rates.Add(await MeasureAsync(workload, target, duration, ct).ConfigureAwait(false));
            }
        }

        return new BenchResult(workload, bytes, probe.Median, ledger.Median);
    }

    ValueTask<double> MeasureAsync(Workload workload, BenchTarget target, TimeSpan span, CancellationToken ct) =>
        new WorkloadRun(workload, target, _streams, _payloads).RunAsync(directory, span, ct);
}

/// <summary>The result of one workload; rates in facts per second.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="BytesPerAppend">Bytes in the log for one append, which is what the probe writes.</param>
/// <param name="Probe">The disk alone.</param>
/// <param name="Ledger">The ledger.</param>
internal sealed record BenchResult(Workload Workload, int BytesPerAppend, double Probe, double Ledger)
{
    public double ShareOfProbe => Ledger / Probe;
}
