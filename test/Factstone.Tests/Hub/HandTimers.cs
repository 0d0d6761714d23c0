namespace Factstone.Tests.Hub;

/// <summary>Timers that fire when the test says so, and not because the machine is slow.</summary>
internal sealed class HandTimers : TimeProvider
{
    readonly Lock _lock = new();
    readonly List<HandTimer> _set = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new HandTimer(this, callback, state);
        lock (_lock) _set.Add(timer);
        return timer;
    }

    /// <summary>Waits until a timer is set, and fires it.</summary>
    public async Task FireAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            HandTimer? next;
            lock (_lock) next = _set.FirstOrDefault();
            if (next is not null)
            {
                next.Fire();
                return;
            }

            await Task.Delay(1, cancellationToken);
        }
    }

    sealed class HandTimer(HandTimers timers, TimerCallback callback, object? state) : ITimer
    {
        public void Fire()
        {
            Dispose();
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            lock (timers._lock) timers._set.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
