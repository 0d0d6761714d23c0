namespace Factstone.Storage;

/// <summary>Replaces a damaged run. A small one is rebuilt from the log at once; a large one is replaced by a stand-in until the index worker has rebuilt it.</summary>
/// <remarks>Threads: any. One replacement runs at a time, and the index worker pauses meanwhile.</remarks>
internal sealed class RunRebuild(LedgerLayout layout, StorageOptions options, FactIndex index, LogStretch log, DamageLog damage, IndexBuilder? builder, RunDirectory runs, ReaderGate gate)
{
    readonly Lock _rebuild = new();

    /// <summary>Replaces a run. Afterwards all parts of the index answer.</summary>
    /// <exception cref="LedgerIndexException">The rebuilt run is too large for memory, and it cannot be written to files.</exception>
    public void Rebuild(Run damaged)
    {
        if (damaged.Footer.Items > options.RebuiltAtOnceMax)
        {
            if (index.Replace([damaged], [new DamagedRun(damaged, log, damage, gate, options)])) builder?.Wake?.Invoke();
            return;
        }

        lock (_rebuild)
        {
            using var pause = builder is null ? default : builder.Pause();
            if (!index.TryFindBefore(damaged, out var before)) return; // it was replaced meanwhile
            RefuseTooMuch(damaged);

            options.BranchTaken?.Invoke(RecoveryBranch.RunRebuilt);
            if (builder is not null) runs.TryDelete(damaged.Path);
            var isReplaced = index.Replace([damaged], Read(damaged, before));
            Invariant.Holds(isReplaced || builder is null); // a reader may have taken over other runs meanwhile
        }
    }

    /// <summary>Creates the rebuild of a large run, for the index worker.</summary>
    /// <param name="part">The stand-in of the run.</param>
    /// <param name="startTime">The last RecordedAt before the run.</param>
    public DamagedRunRebuild Begin(DamagedRun part, long startTime) => new(part, startTime, log, builder!.Files, options, damage);

    /// <summary>Parts that cannot be written to files stay in memory. This limits them.</summary>
    void RefuseTooMuch(Run damaged)
    {
        if (damaged.Footer.Items <= options.ReadOnlyFactsMax) return;
        if (builder is null) throw new LedgerIndexException(layout.Root, $"its index file '{damaged.Path}' is damaged, and covers {damaged.Footer.Items:N0} facts, cells or append ids");
        if (builder.Stopped is { } stopped) throw LedgerIndexException.OfRun(damaged.Path, stopped, damaged.Footer.Items);
    }

    IndexPart[] Read(Run damaged, IndexPart? before)
    {
        var found = new List<Damage>();
        var parts = new PartsFromLog(damaged, before?.LastTime ?? long.MinValue, options, part => found.Count == 0 ? TryWrite(part, damaged) : null);
        foreach (var piece in log.Pieces(damaged))
            foreach (var step in log.Walk(piece, parts, found)) { }
        damage.Add([.. found]);
        return parts.Finish();
    }

    Run? TryWrite(MemoryPart part, Run damaged)
    {
        try
        {
            var run = builder?.TryWrite(part);
            if (run is null) RefuseTooMuch(damaged);
            return run;
        }
        catch (FactstoneException refused) when (refused is not LedgerIndexException)
        {
            return null; // it stays in memory, and the builder tries again
        }
    }
}
