namespace Factstone.Storage;

/// <summary>Slows merges down while appends are committed, because both need the disk and a processor.</summary>
/// <remarks>
/// Always true: while appends are committed, large merges pause for at most twice as long as they work, so they keep a third
/// of their speed. They do not pause while a complete memory part waits to be written, a damaged run is rebuilt, or the
/// writer helps to merge because there are too many runs (<see cref="IndexPacing"/>). A pause is not a wait: the step ends,
/// and the worker is woken later. Where it cannot be, as in a simulation, nothing pauses.
/// Threads: the writer's says when it commits; all else is the index worker's.
/// </remarks>
internal sealed class MergePace(FactIndex index, TimeProvider time, Func<long>? mergeBytes = null)
{
    /// <summary>Smaller merges do not pause: they are soon done, write little, and leave fewer runs for the lookups of appends.</summary>
    const long PacedBytesMin = 64 * 1_024 * 1_024;

    const int PausePerWork = 2;

    /// <summary>Shorter pauses are collected: a thread that sleeps for less is woken late.</summary>
    static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(2);

    /// <summary>One pause is not longer, so that a merge is at full speed soon after the last append.</summary>
    static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(50);

    /// <summary>A caller that appends again at once does so within this time.</summary>
    static readonly TimeSpan StillCommitting = TimeSpan.FromMilliseconds(5);

    readonly long _start = time.GetTimestamp();
    long _committed = -StillCommitting.Ticks;
    bool _isCommitting;
    TimeSpan _due;
    TimeSpan? _pausedAt;

    /// <summary>Schedules another step; null where there is no scheduler that can.</summary>
    public Action<TimeSpan>? StepLater { get; set; }

    TimeSpan Now => time.GetElapsedTime(_start);

    bool IsCommitting => Volatile.Read(ref _isCommitting) || Now.Ticks - Volatile.Read(ref _committed) < StillCommitting.Ticks;

    /// <summary>Whether the other work of the index leaves time for pauses.</summary>
    bool MayPause
    {
        get
        {
            var parts = index.Parts;
            if (parts.Length > IndexPacing.RunsMax || index.HasUnwritten) return false;
            foreach (var part in parts)
                if (part is DamagedRun) return false;
            return true;
        }
    }

    /// <summary>Called by the writer before it writes a group.</summary>
    public void BeginCommit() => Volatile.Write(ref _isCommitting, true);

    /// <summary>Called by the writer when the group is durable, or has failed.</summary>
    public void EndCommit()
    {
        Volatile.Write(ref _committed, Now.Ticks);
        Volatile.Write(ref _isCommitting, false);
    }

    /// <summary>Does a step of the index worker, unless it is time for a pause. Then it schedules another step and returns false.</summary>
    public bool Step(Func<bool> step)
    {
        if (StepLater is null) return step();
        if (Pause() is { Ticks: > 0 } pause)
        {
            StepLater(pause);
            return false;
        }

        var began = Now;
        var isDone = step();
        if (mergeBytes is null || mergeBytes() >= PacedBytesMin) _due += PausePerWork * (Now - began);
        return isDone;
    }

    /// <summary>The rest of the pause that is due now; zero when there is none.</summary>
    TimeSpan Pause()
    {
        if (_pausedAt is { } pausedAt) _due -= Now - pausedAt;
        _pausedAt = null;
        if (_due > PauseMax) _due = PauseMax;
        if (_due < PauseMin) return TimeSpan.Zero;
        if (!IsCommitting || !MayPause)
        {
            _due = TimeSpan.Zero;
            return TimeSpan.Zero;
        }

        _pausedAt = Now;
        return _due;
    }
}
