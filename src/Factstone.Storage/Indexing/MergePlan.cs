namespace Factstone.Storage;

/// <summary>Chooses the runs that are merged next, as far as there is space for it.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class MergePlan(FactIndex index, IndexSpace space, StorageOptions options)
{
    /// <summary>What failed is tried again after so long. Merges that are smaller than one that failed do not wait.</summary>
    public static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    long _mergeBytes;
    long _bytesRefused = long.MaxValue;
    DateTimeOffset _refusedUntil;

    /// <summary>A merge of these runs begins.</summary>
    public void Begin(List<Run> runs) => _mergeBytes = Bytes(runs);

    /// <summary>The merge has ended.</summary>
    public void End() => _mergeBytes = 0;

    /// <summary>A step has failed. If a merge has begun, it and any that is as large wait for <see cref="RetryPause"/>.</summary>
    public void Failed()
    {
        if (_mergeBytes > 0) (_bytesRefused, _refusedUntil) = (_mergeBytes, options.Time.GetUtcNow() + RetryPause);
    }

    /// <summary>Runs that follow one another and are to become one; none when there is nothing to merge. Large runs stay, and what lies between two of them is by itself.</summary>
    /// <param name="choose">Which of some that follow one another, by their size.</param>
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

        // A large merge needs scratch space behind the run, up to half of it.
        return bytes < _bytesRefused && space.HasForMerge(bytes + (bytes / 2));
    }

    static long Bytes(List<Run> runs) => runs.Sum(static run => run.Footer.FileBytes);

    /// <summary>Several like it might make a run that is larger than its format can say.</summary>
    bool IsLarge(Run run) => run.Footer.FileBytes > options.MergedRunBytesMax || run.Footer.Items > options.MergedRunFactsMax;
}
