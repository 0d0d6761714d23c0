using System.Diagnostics;
using System.Globalization;

namespace Factstone.Bench;

/// <summary>The processor time of all threads of this process since this object was created. On a busy machine it varies less than elapsed time.</summary>
internal sealed class ProcessorTime
{
    readonly TimeSpan _started = Ours();

    public TimeSpan Elapsed => Ours() - _started;

    /// <summary>Reports the processor time of each operation, beside the results.</summary>
    public void Report(string what, long operations) =>
        BenchContext.Report(string.Create(CultureInfo.InvariantCulture, $"{what}: {Elapsed.TotalMicroseconds / Math.Max(1, operations):0.000} µs of processor time each"));

    static TimeSpan Ours()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
