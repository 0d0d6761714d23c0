namespace Factstone;

/// <summary>Assigns times to appends, strictly later for each, and keeps the promise that the answer to "recorded by" never changes.</summary>
/// <remarks>
/// Always true: no append gets a time at or before one for which "recorded by" was answered. Threads: the writer begins
/// and ends groups; readers may call it at any time.
/// </remarks>
internal sealed class RecordingClock
{
    /// <summary>A larger step forward than this, compared with a clock that also runs during suspend, is treated as an error.</summary>
    static readonly TimeSpan JumpMax = TimeSpan.FromDays(1);

    readonly Lock _lock = new();
    readonly TimeProvider _time;
    readonly bool _isSystem;
    long _last;

    /// <summary>Every append with a time up to this one has been decided, and no later append can get such a time.</summary>
    long _passed;
    long _now;
    long _wallAtStart;
    TimeSpan _runningAtStart;
    TaskCompletionSource? _group;

    public RecordingClock(TimeProvider time, long last)
    {
        _time = time;
        _isSystem = ReferenceEquals(time, TimeProvider.System);
        _last = _passed = last;
        Accept();
    }

    /// <summary>How far the clock is behind the last assigned time; zero if it is not behind.</summary>
    public TimeSpan Lag
    {
        get
        {
            lock (_lock) return TimeSpan.FromMicroseconds(Math.Max(0, _last - Now()));
        }
    }

    /// <summary>Accepts the present time of the clock as correct.</summary>
    public void Accept()
    {
        lock (_lock)
        {
            _wallAtStart = Now();
            _runningAtStart = Running();
        }
    }

    /// <summary>Called before the appends of a group get times.</summary>
    /// <param name="last">The last time in the ledger. A recovery that waited for disk space may have found a later one.</param>
    /// <exception cref="ClockJumpedException">The clock went forward by over a day more than the time that has passed.</exception>
    public void BeginGroup(long last)
    {
        lock (_lock)
        {
            _last = Math.Max(_last, last);
            _now = Now();
            RefuseJump(_now);
            _group = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>The time of the next append of the group, in microseconds.</summary>
    public long Next()
    {
        lock (_lock) return _last = Math.Max(_now, _last + 1);
    }

    /// <summary>Called when the group is durable, or refused.</summary>
    public void EndGroup()
    {
        TaskCompletionSource? group;
        lock (_lock)
        {
            (group, _group) = (_group, null);
            Volatile.Write(ref _passed, _last);
        }

        group?.SetResult();
    }

    /// <summary>Completes when every append with a time at or before this one has been decided, and no later append can get such a time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is ahead of the clock.</exception>
    /// <exception cref="ClockJumpedException">The time is in the past only by a clock that went forward by more than a day. An answer would force all later appends to get later times than that.</exception>
    public Task PassedAsync(long time)
    {
        // For a time that has passed, no reader has to wait, however busy the writer is.
        if (time <= Volatile.Read(ref _passed)) return Task.CompletedTask;
        lock (_lock)
        {
            var now = Now();
            RefuseFuture(time, Math.Max(now, _last));
            if (time > _last) RefuseJump(now);
            _last = Math.Max(_last, time);
            if (_group is not null) return _group.Task;
            Volatile.Write(ref _passed, _last);
            return Task.CompletedTask;
        }
    }

    public static void RefuseFuture(long time, long now, string parameter = "time")
    {
        if (time > now)
            throw new ArgumentOutOfRangeException(parameter, $"{Microseconds.ToText(Microseconds.ToTime(time))} is ahead of the ledger's clock, {Microseconds.ToText(Microseconds.ToTime(now))}: it is not known yet what will be recorded by then.");
    }

    void RefuseJump(long now)
    {
        var passed = TimeSpan.FromMicroseconds(now - _wallAtStart);
        var jump = passed - (Running() - _runningAtStart);
        if (jump > JumpMax) throw new ClockJumpedException(jump, Microseconds.ToTime(now));
    }

    long Now() => Microseconds.From(_time.GetUtcNow());

    /// <summary>A clock that cannot be set.</summary>
    TimeSpan Running() => _isSystem ? RunningClock.Elapsed() : _time.GetElapsedTime(0);
}
