namespace Factstone;

/// <summary>Gives appends their times, strictly later for each, and keeps the promise that what was recorded by a time stays the same.</summary>
/// <remarks>
/// Always true: no append gets a time at or before one that a reader was answered for. Threads: the writer begins and
/// ends groups; readers ask at any time.
/// </remarks>
internal sealed class RecordingClock
{
    /// <summary>A larger step forward than this, against a clock that runs on through suspend, is taken for a mistake.</summary>
    static readonly TimeSpan JumpMax = TimeSpan.FromDays(1);

    readonly Lock _lock = new();
    readonly TimeProvider _time;
    readonly bool _isSystem;
    long _last;

    /// <summary>Every append with a time up to this one has been decided, and none can get one any more.</summary>
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

    /// <summary>How far the clock is behind the last time that was given; zero when it is not.</summary>
    public TimeSpan Lag
    {
        get
        {
            lock (_lock) return TimeSpan.FromMicroseconds(Math.Max(0, _last - Now()));
        }
    }

    /// <summary>Takes the clock as it is now for right.</summary>
    public void Accept()
    {
        lock (_lock)
        {
            _wallAtStart = Now();
            _runningAtStart = Running();
        }
    }

    /// <summary>Appends are about to get times.</summary>
    /// <param name="last">The last time in the ledger: an open that waited for room on the disk has found more since.</param>
    /// <exception cref="ClockJumpedException">The clock went forward by more than a day more than has passed.</exception>
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

    /// <summary>The group is durable, or refused.</summary>
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

    /// <summary>Returns when every append with a time at or before this one has been decided, and none can get one any more.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time lies ahead.</exception>
    /// <exception cref="ClockJumpedException">Only by a clock that went forward by more than a day does it not lie ahead. To answer would date all later appends behind it.</exception>
    public Task PassedAsync(long time)
    {
        // What is past nobody has to wait for, however busy the writer is.
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

    public static void RefuseFuture(long time, long now)
    {
        if (time > now)
            throw new ArgumentOutOfRangeException(nameof(time), $"{Microseconds.ToText(Microseconds.ToTime(time))} lies ahead of the ledger's clock, {Microseconds.ToText(Microseconds.ToTime(now))}: what will have been recorded by then is not known yet.");
    }

    void RefuseJump(long now)
    {
        var passed = TimeSpan.FromMicroseconds(now - _wallAtStart);
        var jump = passed - (Running() - _runningAtStart);
        if (jump > JumpMax) throw new ClockJumpedException(jump, Microseconds.ToTime(now));
    }

    long Now() => Microseconds.From(_time.GetUtcNow());

    /// <summary>A clock that nobody sets.</summary>
    TimeSpan Running() => _isSystem ? RunningClock.Elapsed() : _time.GetElapsedTime(0);
}
