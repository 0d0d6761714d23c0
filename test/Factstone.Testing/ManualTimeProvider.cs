namespace Factstone.Testing;

/// <summary>A clock that stops until a test moves it.</summary>
/// <remarks>
/// <see cref="GetTimestamp"/> advances only by <see cref="Advance"/>, so that elapsed time continues when the wall clock
/// is set back. Timers are created but never fire, not even by <see cref="Advance"/>: a wait for one ends only when it
/// is cancelled.
/// Threads: any number.
/// </remarks>
public sealed class ManualTimeProvider : TimeProvider
{
    readonly Lock _moving = new();
    DateTimeOffset _utcNow;
    long _timestamp;

    /// <summary>Starts at the given moment, or at the first of January 2020.</summary>
    public ManualTimeProvider(DateTimeOffset? start = null) =>
        _utcNow = (start ?? new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero)).ToUniversalTime();

    /// <summary>One tick of a <see cref="TimeSpan"/>, 100 nanoseconds.</summary>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>UTC, so that no test depends on the machine's time zone.</summary>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_moving) return _utcNow;
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_moving) return _timestamp;
    }

    /// <summary>Sets the wall clock, also back, as an administrator or a time server may. The timestamp is not changed.</summary>
    public void SetUtcNow(DateTimeOffset value)
    {
        lock (_moving) _utcNow = value.ToUniversalTime();
    }

    /// <summary>Lets time pass: wall clock and timestamp move by the same span.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is negative.</exception>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (_moving)
        {
            _utcNow += by;
            _timestamp += by.Ticks;
        }
    }

    /// <summary>A timer that never fires.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new SilentTimer();

    sealed class SilentTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() { }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
