namespace Factstone.Storage;

/// <summary>Rebuilds a damaged run from the log. The reader that found the damage waits for the rebuild and reads again.</summary>
/// <remarks>Threads: any. One rebuild runs at a time, and the index worker pauses meanwhile.</remarks>
internal sealed class RunRebuild(IFileSystem files, LedgerLayout layout, StorageOptions options, FactIndex index, SegmentDirectory segments, Func<Manifest> manifest, DamageLog damage, IndexBuilder? builder, RunDirectory runs)
{
    readonly Lock _rebuild = new();

    /// <summary>Replaces a run by one that is rebuilt from the log.</summary>
    /// <exception cref="LedgerIndexException">There is too much of it, and it cannot be written to files because the ledger is open for reading only.</exception>
    public void Rebuild(Run damaged)
    {
        lock (_rebuild)
        {
            using var pause = builder is null ? default : builder.Pause();
            if (!index.TryFindBefore(damaged, out var before)) return; // somebody else has
            RefuseTooMuch(damaged);

            options.BranchTaken?.Invoke(RecoveryBranch.RunRebuilt);
            if (builder is not null) runs.TryDelete(damaged.Path);
            var isReplaced = index.Replace([damaged], Read(damaged, before));
            Invariant.Holds(isReplaced || builder is null); // a reader may have taken over other runs meanwhile
        }
    }

    /// <summary>What cannot be written to files is in memory, and there must not be too much of it.</summary>
    void RefuseTooMuch(Run damaged)
    {
        if (damaged.Footer.Items <= options.ReadOnlyFactsMax) return;
        if (builder is null) throw new LedgerIndexException(layout.Root, $"its index file '{damaged.Path}' is damaged, and covers {damaged.Footer.Items:N0} facts, cells or append ids");
        if (builder.Stopped is { } stopped) throw LedgerIndexException.OfRun(damaged.Path, stopped, damaged.Footer.Items);
    }

    IndexPart[] Read(Run damaged, IndexPart? before)
    {
        var found = new List<Damage>();
        var parts = new PartsFromLog(damaged, before?.LastTime ?? long.MinValue, options, part => found.Count == 0 ? Write(part, damaged) : null);
        using var walk = new SegmentSet(files, layout, options, segments, parts, found);
        var now = manifest();
        var start = before?.End ?? new LogLocation(now.Segments[0].BasePosition, now.Segments[0].Generation, SegmentHeader.Bytes);
        var isBefore = true;
        var isLast = false;

        // To the run's end, not to its last fact: segments between the two hold cells only.
        for (var i = 0; i < now.Segments.Count && !isLast; i++)
        {
            var header = now.Segments[i];
            if (isBefore && !start.IsIn(header)) continue;
            var from = isBefore ? start.FileOffset : SegmentHeader.Bytes;
            isBefore = false;
            isLast = damaged.Footer.End.IsIn(header);
            var end = isLast ? damaged.Footer.End.FileOffset : now.EndOf(i)!.Value;
            var until = isLast ? damaged.Last.Next() : now.Segments[i + 1].BasePosition;
            if (segments.Find(header.BasePosition, header.Generation) is { } segment)
            {
                if (end > from) walk.ReadDurable(segment, from, end, parts.Next, until);
            }
            else if (header.MayHaveCells && end > from)
            {
                found.Add(new Damage(layout.Segment(header.BasePosition, header.Generation), 0, Position.None, Position.None, "The file is missing."));
                parts.MarkCellsUnknown();
            }

            parts.AddHoles(new Position(until.Value - 1));
        }

        damage.Add([.. found]);
        return parts.Finish();
    }

    Run? Write(MemoryPart part, Run damaged)
    {
        var run = builder?.TryWrite(part);
        if (run is null) RefuseTooMuch(damaged);
        return run;
    }

    /// <summary>Cuts what a walk along the log finds into parts, of which runs are written where that is possible.</summary>
    sealed class PartsFromLog(Run run, long startTime, StorageOptions options, Func<MemoryPart, Run?> write) : IFrameVisitor
    {
        readonly MemoryFiller _filler = new();
        readonly List<IndexPart> _parts = [];
        MemoryPart _part = new(run.First, run.Footer.Start, startTime);

        public Position Next => _part.Next;

        public void Frame(Segment segment, in FrameHeader header, string? appendId)
        {
            var isFull = _part.Count >= options.MemoryFactsMax || _part.Bytes >= options.MemoryBytesMax;
            if (isFull && header.Kind is FrameKind.Batch or FrameKind.Lost && header.GroupStart == header.FileOffset) Complete(segment.LocationOf(header.FileOffset), _part.LastTime);
            if (appendId is not null && header.Kind == FrameKind.Batch)
                _part.AddAppend(appendId, new IndexedAppend(new AppendSpan(header.BasePosition, header.FactCount), header.CellCount > 0 ? segment.LocationOf(header.FileOffset) : default));
            if (header.FactCount == 0) _part.Recorded(header.Time);
        }

        public void Fact(Segment segment, long fileOffset, in HeaderView header)
        {
            if (header.Position < Next || header.Position > run.Last) return;
            _filler.Add(_part, segment, fileOffset, header);
        }

        public void Lost(Segment segment, Position first, Position last)
        {
            while (Next < first && Next <= run.Last) _part.AddHole();
            while (Next <= last && Next <= run.Last) _part.AddLost(segment, Math.Max(_part.LastTime, 0));
        }

        public void Cell(Segment segment, long fileOffset, in CellView cell) => _part.AddCell(cell.Name, CellEntry.Of(segment, fileOffset, cell));

        public void MarkCellsUnknown() => _part.Cells.Miss();

        public void AddHoles(Position last)
        {
            while (Next <= last && Next <= run.Last) _part.AddHole();
        }

        public IndexPart[] Finish()
        {
            AddHoles(run.Last);
            Complete(run.Footer.End, run.Footer.LastTime);
            return [.. _parts];
        }

        void Complete(LogLocation end, long lastTime)
        {
            _part.Complete(end, lastTime);
            _parts.Add(Written(_part) ?? (IndexPart)_part);
            _part = new MemoryPart(_part.Next, end, lastTime);
        }

        Run? Written(MemoryPart part)
        {
            try
            {
                return part.HasUnknown ? null : write(part);
            }
            catch (FactstoneException refused) when (refused is not LedgerIndexException)
            {
                return null; // it stays in memory, and the builder tries again
            }
        }
    }
}
