using System.Diagnostics;
using System.Globalization;

namespace Factstone.Bench;

/// <summary>What this process, with all its threads, has used of the processors since this was made: steadier than what a clock says of a busy machine.</summary>
internal sealed class ProcessorTime
{
    readonly TimeSpan _started = Ours();

    /// <summary>Says beside the results how much each operation took.</summary>
    public void Report(string what, long operations) =>
        BenchContext.Report(string.Create(CultureInfo.InvariantCulture, $"{what}: {(Ours() - _started).TotalMicroseconds / Math.Max(1, operations):0.000} µs of processor time each"));

    static TimeSpan Ours()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
