using System.Globalization;

namespace Factstone.Storage;

/// <summary>The files of the index. They are found by listing the directory, and each is valid only if its footer is.</summary>
internal sealed class RunDirectory(IFileSystem files, LedgerLayout layout, StorageOptions options, FilePool pool)
{
    const string Ending = ".run";
    const int DigitsOfPosition = 20;
    const int DigitsOfNumber = 6;

    readonly List<string> _rejected = [];

    /// <summary>Whether the disk has space for more files.</summary>
    public IndexSpace Space { get; } = new(files, layout, options);

    /// <summary>The end that the log has reached at least, according to the existing runs, usable or not; null if there is no run of this ledger.</summary>
    /// <remarks>A run contains only durable facts. So a log that ends before this has lost facts that were acknowledged.</remarks>
    public IndexedEnd? IndexedEnd { get; private set; }

    /// <summary>The highest epoch of the existing runs of this ledger; 0 if there is none.</summary>
    public long LastEpoch { get; private set; }

    /// <summary>Whether the directory has a whole run, of this ledger or of another.</summary>
    public bool HasAny()
    {
        foreach (var name in files.List(layout.Index).Where(static name => TryParse(name, out _, out _)))
        {
            using var run = Run.Inspect(files.Open($"{layout.Index}/{name}", FileOpening.ReadOnly), out _);
            if (run is not null) return true;
        }

        return false;
    }

    /// <summary>Opens the runs of this log that follow one another from position 1 on.</summary>
    /// <param name="manifest">The current manifest.</param>
    /// <param name="segments">The segments of the ledger.</param>
    public List<Run> Open(Manifest manifest, SegmentDirectory segments)
    {
        _rejected.Clear();
        IndexedEnd = null;
        var found = new List<(Position First, Position Last, string Path)>();
        foreach (var name in files.List(layout.Index))
        {
            if (TryParse(name, out var first, out var last)) found.Add((first, last, $"{layout.Index}/{name}"));
        }

        var whole = new List<Run>();
        foreach (var (first, last, path) in found)
        {
            if (TryOpen(path, first, last, manifest, segments, footer => Note(footer, path, manifest)) is { } run) whole.Add(run);
            else Reject(path);
        }

        var runs = new List<Run>();
        while (Longest(whole, runs.Count == 0 ? null : runs[^1]) is { } run)
        {
            runs.Add(run);
            whole.Remove(run);
        }

        foreach (var run in whole)
        {
            run.Dispose();
            Reject(run.Path);
        }

        if (runs.Count > 0) options.BranchTaken?.Invoke(RecoveryBranch.RunsFound);
        return runs;
    }

    /// <summary>The run that continues where another one ends, or begins at the beginning of the log; null if there is none.</summary>
    /// <remarks>After a crash, a merged run may exist beside the runs from which it was made. The longest whole run is used.</remarks>
    static Run? Longest(List<Run> runs, Run? before)
    {
        var (next, start) = (before?.Last.Next() ?? new Position(1), before?.End ?? default);
        return runs.Where(run => run.First == next && run.Footer.Start == start).MaxBy(static run => (run.Last.Value, run.LastTime));
    }

    void Reject(string path)
    {
        options.BranchTaken?.Invoke(RecoveryBranch.RunRejected);
        _rejected.Add(path);
    }

    /// <summary>The files that <see cref="Open"/> found unusable.</summary>
    public IReadOnlyList<string> Rejected => _rejected;

    /// <summary>Removes the files that <see cref="Open"/> found unusable. They are rebuilt from the log.</summary>
    /// <param name="keepsIndexedEnd">Whether to keep the file that proves how far the log has reached, because it is not known yet whether the log has lost something.</param>
    public void RemoveRejected(bool keepsIndexedEnd)
    {
        foreach (var path in _rejected.Where(path => !keepsIndexedEnd || path != IndexedEnd?.Path)) TryDelete(path);
        _rejected.RemoveAll(path => !keepsIndexedEnd || path != IndexedEnd?.Path);
    }

    /// <summary>The same as <see cref="IndexedEnd"/>, without keeping the runs open.</summary>
    public IndexedEnd? FindIndexedEnd(Manifest manifest)
    {
        IndexedEnd = null;
        foreach (var name in files.List(layout.Index).Where(static name => TryParse(name, out _, out _)))
        {
            var path = $"{layout.Index}/{name}";
            using var run = Run.Inspect(files.Open(path, FileOpening.ReadOnly), out _);
            if (run is not null) Note(run.Footer, path, manifest);
        }

        return IndexedEnd;
    }

    void Note(RunFooter footer, string path, Manifest manifest)
    {
        if (footer.LedgerId == manifest.LedgerId) LastEpoch = Math.Max(LastEpoch, footer.Epoch);
        if (footer.LedgerId != manifest.LedgerId || footer.Epoch < manifest.Epoch || options.Defect == Defect.BelieveRunBeyondLog) return;
        if (IndexedEnd is not { } known || footer.LastTime > known.LastTime) IndexedEnd = new IndexedEnd(path, footer.Last, footer.LastTime);
    }

    /// <summary>Opens a run; null if it is unusable.</summary>
    public Run? TryOpen(string path, Position first, Position last, Manifest manifest, SegmentDirectory segments, Action<RunFooter>? seen = null)
    {
        try
        {
            var file = pool.Add(path);
            var run = Run.Open(file, segments, options.MapsFiles, options.Defect, seen);
            if (run?.IsMapped == true) file.CloseIfUnused();
            if (run is null) return null;
            var footer = run.Footer;
            if (footer.LedgerId == manifest.LedgerId && footer.Epoch == manifest.Epoch && footer.First == first && footer.Last == last) return run;
            run.Close();
            return null;
        }
        catch (LedgerIOException)
        {
            // The file was removed after it was listed, or is unreadable. In both cases the run is rebuilt from the log.
            return null;
        }
    }

    /// <summary>Whether damage was found in a part of the ledger that an open does not read.</summary>
    public bool IsSuspicious => files.FileExists(layout.Suspicion);

    /// <summary>Creates a mark for the next open for writing, which would not read the damaged part otherwise.</summary>
    public void Suspect()
    {
        try
        {
            // A backup is never opened for writing, and nothing in it ever changes.
            if (!options.MarksSuspicion || !files.DirectoryExists(layout.Index) || IsSuspicious || files.FileExists(layout.Backup)) return;
            files.Open(layout.Suspicion, FileOpening.CreateNew).Dispose();
        }
        catch (FactstoneException)
        {
            // The directory cannot be written to. Readers there report the damage without the mark.
        }
    }

    /// <summary>Removes the mark, because all of the log was read and is whole.</summary>
    public void Trust() => TryDelete(layout.Suspicion);

    /// <summary>An unused path for a run. Several runs can have the same positions, if some contain only cells and append ids.</summary>
    public string NewPath(Position first, Position last)
    {
        files.CreateDirectory(layout.Index);
        var number = 0;
        while (files.FileExists(PathOf(first, last, number))) number++;
        return PathOf(first, last, number);
    }

    public IStorageFile Create(string path) => files.Open(path, FileOpening.CreateNew);

    string PathOf(Position first, Position last, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{layout.Index}/{first.Value:D20}-{last.Value:D20}{(number > 0 ? $".{number:D6}" : "")}{Ending}");

    /// <summary>Deletes a file to which nothing refers any more. If that fails, the next open deletes it.</summary>
    public void TryDelete(string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (FactstoneException)
        {
            // The file takes space until an open finds it unusable.
        }
    }

    /// <summary>Whether a name is that of a run.</summary>
    public static bool IsRun(string name) => TryParse(name, out _, out _);

    static bool TryParse(string name, out Position first, out Position last)
    {
        first = last = default;
        const int Digits = (2 * DigitsOfPosition) + 1;
        if (!name.EndsWith(Ending, StringComparison.Ordinal)) return false;
        var hasNumber = name.Length == Digits + 1 + DigitsOfNumber + Ending.Length && name[Digits] == '.';
        if (hasNumber && !int.TryParse(name.AsSpan(Digits + 1, DigitsOfNumber), NumberStyles.None, CultureInfo.InvariantCulture, out _)) return false;
        if ((!hasNumber && name.Length != Digits + Ending.Length) || name[DigitsOfPosition] != '-') return false;
        if (!long.TryParse(name.AsSpan(0, DigitsOfPosition), NumberStyles.None, CultureInfo.InvariantCulture, out var from)) return false;
        if (!long.TryParse(name.AsSpan(DigitsOfPosition + 1, DigitsOfPosition), NumberStyles.None, CultureInfo.InvariantCulture, out var to)) return false;
        (first, last) = (new Position(from), new Position(to));
        return from > 0 && to >= from - 1;
    }
}
