namespace Factstone.Storage;

/// <summary>When the ledger is idle, merges index runs, so that a lookup visits fewer of them and no append pays for the merge.</summary>
/// <remarks>Threads: the index worker's.</remarks>
internal sealed class IdleMerging(FactIndex index, IndexBuilder builder, StorageOptions options)
{
    long _lastTime;
    DateTimeOffset _since;

    /// <summary>Schedules another step; null where there is no scheduler.</summary>
    public Action<TimeSpan>? StepLater { get; set; }

    /// <summary>Does one step of a merge; false when nothing is to be merged yet.</summary>
    public bool Step()
    {
        if (builder.RetryAfter is { } pause) StepLater?.Invoke(pause);
        if (!builder.HasIdleWork) return false;
        var (lastTime, now) = (index.LastTime, options.Time.GetUtcNow());
        if (lastTime != _lastTime || now < _since) (_lastTime, _since) = (lastTime, now); // each append has a later time
        var left = _since + options.IdleBeforeMerging - now;
        if (left <= TimeSpan.Zero) return builder.IdleStep();
        StepLater?.Invoke(left);
        return false;
    }
}
