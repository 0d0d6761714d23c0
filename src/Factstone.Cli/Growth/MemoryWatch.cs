using System.Globalization;

namespace Factstone.Cli.Growth;

/// <summary>The peak of the private memory of a process, sampled every 100 ms: memory that belongs to no file on the disk (RssAnon and RssShmem of proc(5)).</summary>
internal sealed class MemoryWatch : IDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    readonly string _status;
    readonly Timer _timer;
    long _peak;

    public MemoryWatch(int processId)
    {
        _status = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/status");
        _timer = new Timer(_ => Sample(), null, TimeSpan.Zero, Interval);
    }

    /// <summary>In bytes; 0 if the system does not report it.</summary>
    public long Peak => Volatile.Read(ref _peak);

    public void Dispose() => _timer.Dispose();

    void Sample()
    {
        var bytes = Read(_status);
        long peak;
        while (bytes > (peak = Volatile.Read(ref _peak)) && Interlocked.CompareExchange(ref _peak, bytes, peak) != peak) { }
    }

    static long Read(string status)
    {
        try
        {
            var kibibytes = 0L;
            foreach (var line in File.ReadLines(status))
            {
                if (line.StartsWith("RssAnon:", StringComparison.Ordinal) || line.StartsWith("RssShmem:", StringComparison.Ordinal))
                    kibibytes += long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
            }

            return kibibytes * 1_024;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0; // the process has ended, or this is another system
        }
    }
}
