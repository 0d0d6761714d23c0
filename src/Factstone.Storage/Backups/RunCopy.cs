namespace Factstone.Storage;

/// <summary>Copies the runs of a pinned log, so that a large copy can be opened without rebuilding them.</summary>
/// <remarks>Runs vanish when they are merged; then the directory is listed again. A damaged run is left out, because no data depends on it.</remarks>
internal sealed class RunCopy(CopyTask task)
{
    const int AttemptsMax = 5;

    readonly Dictionary<string, long> _copied = new(StringComparer.Ordinal);

    /// <summary>Copies the runs that form a chain from the beginning of the log.</summary>
    /// <param name="log">The log.</param>
    /// <param name="epoch">The epoch of the copies.</param>
    /// <returns>The number of runs, and their bytes.</returns>
    public (int Runs, long Bytes) Copy(PinnedLog log, long epoch)
    {
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var chain = Chain(log);
            KeepOnly(chain);
            if (TryCopy(chain, epoch)) break;

            // Those of earlier attempts that come after it.
            if (attempt == AttemptsMax) KeepOnly(chain.TakeWhile(run => _copied.ContainsKey(run.Name)));
        }

        task.Target.SyncDirectory(task.To.Index);
        return (_copied.Count, _copied.Values.Sum());
    }

    /// <summary>False if a run has vanished.</summary>
    bool TryCopy(List<(string Name, RunFooter Footer)> chain, long epoch)
    {
        foreach (var (name, footer) in chain)
        {
            if (_copied.ContainsKey(name)) continue;
            var path = $"{task.From.Index}/{name}";
            var last = new byte[RunFooter.Bytes];
            (footer with { Epoch = epoch }).Write(last);
            _copied[name] = footer.FileBytes;
            try
            {
                task.Copy(path, CopyOf(name), footer.FileBytes, last);
            }
            catch (LedgerIOException) when (!task.Source.FileExists(path))
            {
                Remove(name);
                return false;
            }

            if (IsWhole(CopyOf(name))) continue;

            // The runs after it cannot be used without it.
            Remove(name);
            KeepOnly(chain.TakeWhile(run => _copied.ContainsKey(run.Name)));
            return true;
        }

        return true;
    }

    List<(string Name, RunFooter Footer)> Chain(PinnedLog log)
    {
        var found = new List<(string Name, RunFooter Footer)>();
        foreach (var name in task.Source.List(task.From.Index))
            if (RunDirectory.IsRun(name) && ReadFooter($"{task.From.Index}/{name}") is { } footer && IsOf(footer, log)) found.Add((name, footer));

        var chain = new List<(string Name, RunFooter Footer)>();
        for (var (next, start) = (new Position(1), default(LogLocation)); ; (next, start) = (chain[^1].Footer.Last.Next(), chain[^1].Footer.End))
        {
            var following = found.Where(run => run.Footer.First == next && run.Footer.Start == start).ToList();
            if (following.Count == 0) return chain;
            chain.Add(following.MaxBy(run => (run.Footer.Last.Value, run.Footer.LastTime)));
            found.Remove(chain[^1]);
        }
    }

    static bool IsOf(RunFooter footer, PinnedLog log) =>
        footer.LedgerId == log.Manifest.LedgerId && footer.Epoch == log.Manifest.Epoch && footer.Last <= log.End.Position && log.Reaches(footer.End);

    RunFooter? ReadFooter(string path)
    {
        try
        {
            using var file = task.Source.Open(path, FileOpening.ReadOnly);
            return Run.Inspect(file, out _)?.Footer;
        }
        catch (LedgerIOException)
        {
            return null; // merged since, or unreadable
        }
    }

    bool IsWhole(string path)
    {
        using var file = task.Target.Open(path, FileOpening.ReadOnly);
        return Run.Inspect(file, out _) is { } run && !run.DamagedBlocks().Any();
    }

    void KeepOnly(IEnumerable<(string Name, RunFooter Footer)> runs)
    {
        var names = runs.Select(static run => run.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in _copied.Keys.Where(name => !names.Contains(name)).ToList()) Remove(name);
    }

    void Remove(string name)
    {
        task.Target.Delete(CopyOf(name));
        if (_copied.Remove(name, out var bytes)) task.Subtract(bytes);
    }

    string CopyOf(string name) => $"{task.To.Index}/{name}";
}
