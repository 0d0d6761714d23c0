namespace Factstone.Storage;

/// <summary>Looks at the published head now and then while somebody waits for it: a writer in another process tells nobody.</summary>
/// <remarks>One timer for all who wait, and none while nobody does. Threads: any; one look at a time.</remarks>
internal sealed class HeadPoll(TimeProvider time, HeadWatch watch, Action look) : IDisposable
{
    /// <summary>A look is a read of one page of memory.</summary>
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    readonly Lock _lock = new();
    ITimer? _timer;
    bool _isDue;
    bool _isClosed;

    /// <summary>Somebody waits.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_isDue || _isClosed) return;
            _isDue = true;
            _timer ??= time.CreateTimer(static poll => ((HeadPoll)poll!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _timer?.Dispose();
        }
    }

    void Look()
    {
        try
        {
            look();
        }
        catch (Exception failure)
        {
            // Whoever waits must hear of it, whatever it is: a timer has no caller.
            watch.Fail(failure);
        }

        lock (_lock) _isDue = false;
        if (watch.HasWaiters) Start();
    }
}
