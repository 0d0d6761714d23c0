namespace Factstone.Storage;

/// <summary>Limits the memory of the index and the number of its runs. If the index worker is late, the writer does part of its work between two groups.</summary>
/// <remarks>Threads: the writer's.</remarks>
internal sealed class IndexPacing(FactIndex index, IndexBuilder builder, LedgerLayout layout)
{
    /// <summary>The largest number of memory parts while the disk has no space for a run. The log may still have some, so appends continue.</summary>
    public const int PartsWithoutSpaceMax = 16;

    /// <summary>Above this number of runs, the writer helps to merge them. Eight runs on each of eight levels cover up to four billion facts, so a worker that keeps up leaves fewer.</summary>
    public const int RunsMax = 64;

    double _stepsDue;

    /// <summary>Makes space in memory for a group of appends.</summary>
    /// <param name="tail">Where the log continues.</param>
    /// <returns>Whether a memory part was completed. The index worker then writes it as a run.</returns>
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

    /// <summary>Makes each group wait for a share of a merge. The share grows with the number of runs above the limit: at twice the limit, it is one step.</summary>
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
