namespace Factstone.Storage;

/// <summary>Polls the published head while a reader waits for it, because a writer in another process sends no notification.</summary>
/// <remarks>There is one timer for all waiting readers, and none without them. Threads: any; one poll at a time.</remarks>
internal sealed class HeadPoll(TimeProvider time, HeadWatch watch, Action poll) : IDisposable
{
    /// <summary>A poll reads one page of memory.</summary>
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    readonly Lock _lock = new();
    ITimer? _timer;
    bool _isDue;
    bool _isClosed;

    /// <summary>Called when a reader begins to wait.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_isDue || _isClosed) return;
            _isDue = true;
            _timer ??= time.CreateTimer(static state => ((HeadPoll)state!).Poll(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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

    void Poll()
    {
        try
        {
            poll();
        }
        catch (Exception failure)
        {
            // The waiting readers must get the exception, whatever it is, because a timer has no caller.
            watch.Fail(failure);
        }

        lock (_lock) _isDue = false;
        if (watch.HasWaiters) Start();
    }
}
