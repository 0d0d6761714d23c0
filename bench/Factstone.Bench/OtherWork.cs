using System.Diagnostics;
using System.Globalization;

namespace Factstone.Bench;

/// <summary>The share of the processors that everything else on the machine used, which disturbs a measurement.</summary>
internal sealed class OtherWork
{
    /// <summary>From this share on, a measurement counts as disturbed. The kernel's own work for this process counts as other work, so the share is never zero.</summary>
    public const double Limit = 0.10;

    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    readonly long _started = Stopwatch.GetTimestamp();
    readonly TimeSpan _ours = Ours();
    readonly TimeSpan _all = All();

    /// <summary>The share since this object was created, from 0 to 1.</summary>
    public double Share()
    {
        var available = Stopwatch.GetElapsedTime(_started) * Environment.ProcessorCount;
        return Math.Clamp((All() - _all - (Ours() - _ours)) / available, 0, 1);
    }

    /// <summary>Waits until the rest of the machine is idle, or until the given time.</summary>
    public static async Task WaitForQuietAsync(DateTimeOffset until)
    {
        while (TimeProvider.System.GetUtcNow() < until)
        {
            var look = new OtherWork();
            await Task.Delay(Look);
            if (look.Share() < Limit / 2) return;
        }
    }

    static TimeSpan Ours()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    /// <summary>The busy time of all processors, from /proc/stat in hundredths of a second, without idle time and time waiting for the disk.</summary>
    static TimeSpan All()
    {
        if (!OperatingSystem.IsLinux()) return TimeSpan.Zero;
        var numbers = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return TimeSpan.FromMilliseconds(10 * (numbers.Sum() - numbers[3] - numbers[4]));
    }
}
