namespace Factstone.Storage;

/// <summary>Merges runs further while nobody appends, so that reads have few to look into and appends do not pay for it.</summary>
/// <remarks>Threads: the run builder's.</remarks>
internal sealed class QuietMerging(FactIndex index, IndexBuilder builder, StorageOptions options)
{
    long _lastTime;
    DateTimeOffset _since;

    /// <summary>Asks for another step after a while; null where nobody can be asked.</summary>
    public Action<TimeSpan>? StepLater { get; set; }

    /// <summary>Merges a piece; false when there is nothing to merge, or not yet.</summary>
    public bool Step()
    {
        if (!builder.HasQuietWork) return false;
        var (lastTime, now) = (index.LastTime, options.Time.GetUtcNow());
        if (lastTime != _lastTime || now < _since) (_lastTime, _since) = (lastTime, now); // each append has a later time
        var left = _since + options.QuietBeforeMerging - now;
        if (left <= TimeSpan.Zero) return builder.QuietStep();
        StepLater?.Invoke(left);
        return false;
    }
}
