namespace Factstone.Storage;

/// <summary>Rebuilds a large damaged run from the log, one piece at a step, while its stand-in answers.</summary>
/// <remarks>
/// The damaged file stays until all new ones are complete. So after a crash it is still there, and the next open removes
/// the new files. Threads: the index worker's.
/// </remarks>
internal sealed class DamagedRunRebuild : IDisposable
{
    readonly LogStretch _log;
    readonly RunFiles _files;
    readonly DamageLog _damage;
    readonly PartsFromLog _parts;
    readonly List<Damage> _found = [];
    readonly IEnumerator<int> _steps;
    bool _isDone;

    public DamagedRunRebuild(DamagedRun part, long startTime, LogStretch log, RunFiles files, StorageOptions options, DamageLog damage)
    {
        (Part, _log, _files, _damage) = (part, log, files, damage);
        _parts = new PartsFromLog(part.Run, startTime, options, memory => _found.Count == 0 ? files.Write(memory) : null);
        _steps = Steps().GetEnumerator();
    }

    public DamagedRun Part { get; }

    /// <summary>The parts that replace the damaged run; complete when the rebuild is done.</summary>
    public IndexPart[] Result => [.. _parts.Parts];

    /// <summary>Does the next piece of work; false when the rebuild is done.</summary>
    public bool Step() => _steps.MoveNext();

    /// <summary>Removes the new files, unless the rebuild is done.</summary>
    public void Dispose()
    {
        _steps.Dispose();
        if (_isDone) return;
        foreach (var part in _parts.Parts)
            if (part is Run run) _files.Discard(run);
    }

    /// <summary>To be called when the result is in the index.</summary>
    public void Done() => _isDone = true;

    IEnumerable<int> Steps()
    {
        foreach (var piece in _log.Pieces(Part.Run))
        {
            foreach (var step in _log.Walk(piece, _parts, _found))
            {
                Part.Rebuilt = _parts.Next.Value - Part.First.Value;
                foreach (var merged in MergeSome()) yield return merged;
                yield return step;
            }
        }

        _parts.Finish();
        foreach (var merged in MergeSome()) yield return merged;
        Part.Rebuilt = Part.Run.Footer.Items;
        _damage.Add([.. _found]);
    }

    /// <summary>Merges as the index does, so that few files replace the damaged one.</summary>
    IEnumerable<int> MergeSome()
    {
        var parts = _parts.Parts;
        while (true)
        {
            var first = parts.FindLastIndex(static part => part is not Run) + 1;
            var runs = parts.GetRange(first, parts.Count - first).ConvertAll(static part => (Run)part);
            var (start, length) = RunPlan.Next([.. runs.Select(static run => run.Footer.Items)]).GetOffsetAndLength(runs.Count);
            if (length == 0) yield break;
            Run? merged;
            using (var merge = _files.Merge(runs.GetRange(start, length)))
                while ((merged = merge.Step()) is null) yield return 0;
            parts.RemoveRange(first + start, length);
            parts.Insert(first + start, merged);
            foreach (var run in runs.GetRange(start, length)) _files.Discard(run);
        }
    }
}
