using System.Runtime.InteropServices;

namespace Factstone;

/// <summary>Time since the machine was started, including time in suspend. It cannot be set.</summary>
internal static partial class RunningClock
{
    /// <summary>CLOCK_BOOTTIME, clock_gettime(2).</summary>
    const int BootTime = 7;

    public static TimeSpan Elapsed() =>
        OperatingSystem.IsLinux() && GetTime(BootTime, out var time) == 0
            ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1_000)
            : TimeSpan.FromMilliseconds(Environment.TickCount64);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetTime(int clock, out TimeSpec time);

    /// <summary>struct timespec where long has 64 bits.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
