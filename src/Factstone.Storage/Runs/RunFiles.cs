namespace Factstone.Storage;

/// <summary>Makes the files of runs, from memory parts and from other runs. A file that is not finished is removed.</summary>
internal sealed class RunFiles(RunDirectory directory, SegmentDirectory segments, Func<Manifest> manifest, StorageOptions options)
{
    /// <exception cref="FactstoneException">The disk refused a write, or does not return what was written.</exception>
    public Run Write(MemoryPart part)
    {
        var path = directory.NewPath(part.First, part.Last);
        Run run;
        try
        {
            using (var file = directory.Create(path)) MemoryRun.Write(part, file, segments.MarkOf(part.End), manifest().LedgerId, manifest().Epoch);
            run = Reopen(path, part.First, part.Last);
        }
        catch (Exception failure) when (failure is not MachineStoppedException)
        {
            directory.TryDelete(path);
            throw;
        }

        options.BranchTaken?.Invoke(RecoveryBranch.RunWritten);
        return run;
    }

    /// <summary>Begins a merge of consecutive runs.</summary>
    public RunMergeFile Merge(IReadOnlyList<Run> runs) => new(this, directory, runs, options.Defect);

    /// <summary>Removes a run that no reader uses.</summary>
    public void Discard(Run run)
    {
        run.Dispose();
        directory.TryDelete(run.Path);
    }

    /// <exception cref="LedgerIOException">The file does not return what was written.</exception>
    public Run Reopen(string path, Position first, Position last) =>
        directory.TryOpen(path, first, last, manifest(), segments) ?? throw new LedgerIOException(path, "read", "what was read back differs from what was written");
}
