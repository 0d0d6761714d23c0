namespace Factstone.Storage;

/// <summary>Chooses the runs that are merged next, if there is space for the merge.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class MergePlan(FactIndex index, IndexSpace space, StorageOptions options)
{
    /// <summary>The time after which a failed step is tried again. Merges that are smaller than one that failed do not wait.</summary>
    public static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    long _mergeBytes;
    long _bytesRefused = long.MaxValue;
    DateTimeOffset _refusedUntil;

    /// <summary>The size of the runs that are being merged; 0 for none.</summary>
    public long MergeBytes => _mergeBytes;

    /// <summary>Records that a merge of these runs begins.</summary>
    public void Begin(List<Run> runs) => _mergeBytes = Bytes(runs);

    /// <summary>Records that the merge has ended.</summary>
    public void End() => _mergeBytes = 0;

    /// <summary>Records that a step has failed. If a merge has begun, it and every merge of at least its size wait for <see cref="RetryPause"/>.</summary>
    public void Failed()
    {
        if (_mergeBytes > 0) (_bytesRefused, _refusedUntil) = (_mergeBytes, options.Time.GetUtcNow() + RetryPause);
    }

    /// <summary>Consecutive runs to merge into one; none when there is nothing to merge. Large runs are not merged, and the runs between two large runs are considered on their own.</summary>
    /// <param name="choose">Chooses among consecutive runs by their size.</param>
    public List<Run> Next(MergeChoice choose)
    {
        var between = new List<Run>();
        foreach (var part in index.Parts)
        {
            var run = part as Run;
            if (run is not null && !IsLarge(run))
            {
                between.Add(run);
                continue;
            }

            var plan = choose([.. between.Select(static one => one.Footer.Items)], range => HasSpace(between[range]));
            var (start, length) = plan.GetOffsetAndLength(between.Count);
            if (length > 0) return between.GetRange(start, length);
            if (part is MemoryPart) return [];
            between.Clear();
        }

        return [];
    }

    public delegate Range MergeChoice(ReadOnlySpan<long> items, Predicate<Range> hasSpace);

    /// <summary>Whether a merge of these runs may be tried now.</summary>
    bool HasSpace(List<Run> runs)
    {
        var bytes = Bytes(runs);
        if (options.Time.GetUtcNow() >= _refusedUntil) _bytesRefused = long.MaxValue;

        // A large merge needs scratch space after the run, up to half of the size of the run.
        return bytes < _bytesRefused && space.HasForMerge(bytes + (bytes / 2));
    }

    static long Bytes(List<Run> runs) => runs.Sum(static run => run.Footer.FileBytes);

    /// <summary>Several runs of this size could make a run that is too large for the run format.</summary>
    bool IsLarge(Run run) => run.Footer.FileBytes > options.MergedRunBytesMax || run.Footer.Items > options.MergedRunFactsMax;
}
