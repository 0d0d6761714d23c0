namespace Factstone.Storage;

/// <summary>Merges consecutive runs into one, a piece at a time, so that memory and pauses stay small.</summary>
internal sealed class RunMerge : IDisposable
{
    const int LocationsPerStep = 100_000;
    const int TimesPerStep = 100_000;
    const int CopiedBytes = 64 * 1_024;
    const int CopiedBytesPerStep = 4 * 1_024 * 1_024;

    readonly IReadOnlyList<Run> _runs;
    readonly RunWriter _writer;
    readonly Defect _defect;
    readonly IEnumerator<int> _steps;
    readonly List<PositionListHead> _heads = [];
    readonly Location[] _locations = new Location[PositionListFormat.LocationsPerBlock];

    public RunMerge(IReadOnlyList<Run> runs, IStorageFile file, Defect defect, RunMemory? memory = null)
    {
        (_runs, _defect) = (runs, defect);
        var usual = new RunMemory();

        // The merged run will hardly be longer than its sources together, so its scratch space need not be moved.
        memory ??= usual with { ScratchBegin = Math.Max(usual.ScratchBegin, runs.Sum(static run => run.Footer.FileBytes) * 5 / 4) };
        _writer = new RunWriter(file, runs[0].First, memory) { Start = runs[0].Footer.Start, Defect = defect };
        _steps = Steps().GetEnumerator();
    }

    /// <summary>The runs that are merged.</summary>
    public IReadOnlyList<Run> Runs => _runs;

    /// <summary>The footer of the merged run; set when all is written.</summary>
    public RunFooter? Footer { get; private set; }

    /// <summary>Writes one more piece; false when all is written.</summary>
    public bool Step() => _steps.MoveNext();

    public void Dispose()
    {
        _steps.Dispose();
        _writer.Dispose();
    }

    IEnumerable<int> Steps()
    {
        foreach (var run in _runs)
        {
            for (var at = 0L; at < run.Footer.Facts * RunFormat.LocationBytes; at += CopiedBytes)
            {
                if (at % CopiedBytesPerStep == 0) yield return 0;
                CopyLocations(run, at);
            }
        }

        MergeSegments();
        foreach (var run in _runs)
        {
            for (var i = 0L; i < run.Footer.TimeCount; i++)
            {
                if (i % TimesPerStep == 0) yield return 0;
                _writer.AddTime(run.TimeRow(i));
            }
        }

        var cursors = _runs.Select(static run => new TermCursor(run, [])).ToList();
        var open = cursors.Where(static cursor => cursor.MoveNext()).ToList();
        var same = new List<TermCursor>();
        var done = 0;
        while (open.Count > 0)
        {
            FindSmallest(open, same);
            var kind = TermKey.Kind(same[0].Term);
            if (kind == TermKind.AppendId) MergeAppend(same);
            else if (kind == TermKind.Cell) MergeCell(same);
            else
            {
                BeginList(same, kind);
                for (var i = 0; i < _heads.Count; i++)
                {
                    for (var block = 0; block < _heads[i].Blocks; block++)
                    {
                        done += MergeBlock(same[i], kind, _heads[i], block);
                        if (done < LocationsPerStep) continue;
                        done = 0;
                        yield return 0;
                    }
                }

                _writer.EndList();
            }

            foreach (var cursor in same)
                if (!cursor.MoveNext()) open.Remove(cursor);
            if (++done < LocationsPerStep) continue;
            done = 0;
            yield return 0;
        }

        var oldest = _runs[0].Footer;
        var newest = _runs[^1].Footer;
        foreach (var step in _writer.FinishSteps(oldest.LedgerId, oldest.Epoch, newest.Last, newest.End, newest.EndMark, _runs.Min(static run => run.FirstTime), newest.LastTime)) yield return step;
        Footer = _writer.Footer;
    }

    void CopyLocations(Run run, long at)
    {
        var locations = run.Read(at, Math.Min(CopiedBytes, (run.Footer.Facts * RunFormat.LocationBytes) - at));
        _writer.AddLocations(locations);
        GC.KeepAlive(run);
    }

    void MergeSegments()
    {
        RunSegment? last = null;
        foreach (var run in _runs)
        {
            for (var i = 0; i < run.Segments.Count; i++)
            {
                var segment = run.Segments[i];
                if (last is { } before && before.Base == segment.Base && before.Generation == segment.Generation) continue;
                _writer.AddSegment(segment.From, segment.Base, segment.Generation);
                last = segment;
            }
        }
    }

    /// <summary>Finds the cursors at the smallest term of all cursors, in the order of their runs.</summary>
    static void FindSmallest(List<TermCursor> open, List<TermCursor> same)
    {
        same.Clear();
        same.Add(open[0]);
        for (var i = 1; i < open.Count; i++)
        {
            var order = open[i].Term.SequenceCompareTo(same[0].Term);
            if (order < 0) same.Clear();
            if (order <= 0) same.Add(open[i]);
        }
    }

    void MergeAppend(List<TermCursor> same)
    {
        // An id is in one run only.
        Span<byte> value = stackalloc byte[AppendSpanFormat.BytesMax];
        var append = AppendSpanFormat.Read(same[^1].Value, same[^1].Run.First);
        _writer.AddValue(same[^1].Term, value[..AppendSpanFormat.Write(value, append, _runs[0].First)]);
    }

    /// <summary>The newest write of the cell is kept.</summary>
    void MergeCell(List<TermCursor> same)
    {
        var newest = same[_defect == Defect.MergeKeepsOldCell ? 0 : ^1];
        _writer.AddValue(newest.Term, newest.Value);
    }

    void BeginList(List<TermCursor> same, TermKind kind)
    {
        _heads.Clear();
        long count = 0, streams = 0;
        foreach (var cursor in same)
        {
            if (_defect == Defect.MergeDropsList && cursor != same[0] && cursor == same[^1]) continue;
            var head = PositionListHead.Read(cursor.Value, kind, cursor.Run.First);
            _heads.Add(head);
            count += head.Count;
            streams += head.Streams;
        }

        _writer.BeginList(same[0].Term, count, streams);
    }

    int MergeBlock(TermCursor cursor, TermKind kind, in PositionListHead head, int block)
    {
        var locations = RunLocations.Decode(cursor.Run, kind, head, cursor.Value, block, _locations);
        _writer.Add(locations);
        return locations.Length;
    }
}
