namespace Factstone.Storage;

/// <summary>A merge of runs into a file, one piece at a time. If it is disposed before it is done, the file is removed.</summary>
internal sealed class RunMergeFile : IDisposable
{
    readonly RunFiles _files;
    readonly RunDirectory _directory;
    readonly IStorageFile _file;
    readonly RunMerge _merge;
    bool _isClosed;
    bool _isDone;

    public RunMergeFile(RunFiles files, RunDirectory directory, IReadOnlyList<Run> runs, Defect defect)
    {
        (_files, _directory) = (files, directory);
        _file = directory.Create(directory.NewPath(runs[0].First, runs[^1].Last));
        try
        {
            _merge = new RunMerge(runs, _file, defect);
        }
        catch
        {
            _file.Dispose();
            directory.TryDelete(_file.Path);
            throw;
        }
    }

    public IReadOnlyList<Run> Runs => _merge.Runs;

    /// <summary>Writes one more piece.</summary>
    /// <returns>The merged run when all is written; null before.</returns>
    /// <exception cref="LedgerIOException">The file does not return what was written.</exception>
    public Run? Step()
    {
        if (_merge.Step()) return null;
        CloseFile();
        var merged = _files.Reopen(_file.Path, Runs[0].First, Runs[^1].Last);
        _isDone = true;
        return merged;
    }

    public void Dispose()
    {
        CloseFile();
        if (!_isDone) _directory.TryDelete(_file.Path);
    }

    void CloseFile()
    {
        if (_isClosed) return;
        _isClosed = true;
        _merge.Dispose();
        _file.Dispose();
    }
}
