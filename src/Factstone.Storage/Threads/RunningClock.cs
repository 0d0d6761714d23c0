namespace Factstone.Storage;

/// <summary>Time since the machine was started, suspend included; it cannot be set.</summary>
internal static class RunningClock
{
    /// <summary>CLOCK_BOOTTIME, clock_gettime(2).</summary>
    const int BootTime = 7;

    public static TimeSpan Elapsed() =>
        OperatingSystem.IsLinux() && LibC.GetTime(BootTime, out var time) == 0
            ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1_000)
            : TimeSpan.FromMilliseconds(Environment.TickCount64);
}
