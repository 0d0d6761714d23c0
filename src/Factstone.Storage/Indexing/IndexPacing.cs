namespace Factstone.Storage;

/// <summary>Keeps the index in memory small and its runs few. Where the index worker is late, the writer does a part of its work between two groups.</summary>
/// <remarks>Threads: the writer's.</remarks>
internal sealed class IndexPacing(FactIndex index, IndexBuilder builder, LedgerLayout layout)
{
    /// <summary>Parts in memory while the disk has no space for a run. The log may still have some, so appends go on.</summary>
    public const int PartsWithoutSpaceMax = 16;

    /// <summary>Beyond so many runs the writer helps to merge them. Eight of each of eight levels are up to four billion facts, so a worker that keeps up leaves fewer.</summary>
    public const int RunsMax = 64;

    double _stepsDue;

    /// <summary>Makes room for a group of appends.</summary>
    /// <param name="tail">Where the log goes on.</param>
    /// <returns>Whether a part in memory was completed, which the index worker now writes.</returns>
    /// <exception cref="FactstoneException">Memory is full, and no run can be written.</exception>
    public bool BeforeGroup(in LogLocation tail)
    {
        MergeSome();
        if (index.IsFull && index.HasUnwritten)
        {
            while (index.HasUnwritten && builder.Step()) { }
            if (index.HasUnwritten && builder is { Stopped: null, Failure: { } failure } && (failure is not LedgerFullException || index.MemoryParts >= PartsWithoutSpaceMax)) throw failure;
        }

        if (builder.Stopped is { } stopped && index.IsTwiceFull) throw LedgerIndexException.OfAppend(layout.Root, stopped);
        if (!index.IsFull) return false;
        index.Freeze(tail);
        index.ForgetOldMemory();
        return true;
    }

    /// <summary>The more runs there are beyond the bound, the more of a merge each group waits for: at twice the bound, for one step.</summary>
    void MergeSome()
    {
        var excess = index.Parts.Length - RunsMax;
        if (excess <= 0) return;
        for (_stepsDue += (double)excess / RunsMax; _stepsDue >= 1; _stepsDue--)
        {
            if (builder.Step()) continue;
            _stepsDue = 0;
            return;
        }
    }
}
