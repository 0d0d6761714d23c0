namespace Factstone.Storage;

internal sealed partial class FactIndex
{
    /// <summary>Whether a damaged part of the log may contain a cell that the index does not know.</summary>
    public bool HasUnknownCells
    {
        get
        {
            foreach (var part in Parts)
                if (part is MemoryPart { Cells.UnknownMarks: > 0 }) return true;
            return false;
        }
    }

    /// <summary>The newest write of a cell, and whether a damaged part of the log may contain a newer one.</summary>
    public CellFound FindCell(CellName cell)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var parts = Parts;
        var key = KeyFor(Term.Cell(cell), parts, buffer);
        foreach (var part in parts) part.Prefetch(key);
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            // The write is read before the counter. If damage is found in between, the result becomes uncertain; in the
            // opposite order, an uncertain result could be reported as certain.
            var entry = parts[i].FindCell(cell, key);
            var missed = parts[i] is MemoryPart memory ? memory.Cells.UnknownMarks : 0;
            if (entry is not null) return new CellFound(Known(entry), entry.UnknownMarksBefore == missed);
            if (missed > 0) return new CellFound(null, IsCertain: false);
        }

        return new CellFound(null, IsCertain: true);
    }

    /// <summary>The newest write of a cell among the appends in memory; null when none of them wrote it. For the writer.</summary>
    public CellState? MemoryCell(CellName cell)
    {
        for (var i = _memory.Length - 1; i >= 0; i--)
            if (_memory[i].Cells.Find(cell) is { } entry) return _defect == Defect.StaleCell && i < _memory.Length - 1 ? null : Known(entry)?.State ?? default(CellState);
        return null;
    }

    /// <summary>Fills a page. One cursor per part visits the cells in order. Where several parts have a cell, the newest part decides.</summary>
    public CellPage FindCells(CellPage page)
    {
        var open = new List<CellCursor>();
        var parts = Parts;
        for (var i = parts.Length - 1; i >= 0; i--)
            if (parts[i].OpenCells(page.From, page.Prefix) is { } cursor && cursor.MoveNext()) open.Add(cursor);

        page.Clear();
        while (open.Count > 0 && page.HasRoom)
        {
            // If several cursors are at the same cell, the first is chosen: it belongs to the newest part.
            var least = open[0];
            foreach (var cursor in open)
                if (cursor.IsBefore(least)) least = cursor;
            page.Add(least.Term, least.HasValue);

            // The other cursors are compared with this one, so it moves last.
            for (var i = open.Count - 1; i >= 0; i--)
                if (open[i] != least && open[i].IsWith(least) && !open[i].MoveNext()) open.RemoveAt(i);
            if (!least.MoveNext()) open.Remove(least);
        }

        page.IsLast = open.Count == 0;
        return page;
    }

    /// <summary>Reads the state of a cell that the writer will need and that is not in memory.</summary>
    void PrepareCell(ReadOnlySpan<IndexPart> parts, CellName cell, ref Dictionary<CellName, CellState>? cells)
    {
        if (cells?.ContainsKey(cell) == true) return;
        var newest = parts.Length - 1;
        for (; newest >= 0 && parts[newest] is MemoryPart memory; newest--)
            if (memory.Cells.Find(cell) is not null) return;

        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var key = TermKey.Encode(Term.Cell(cell), buffer);
        foreach (var part in parts) part.Prefetch(key);
        for (var i = newest; i >= 0; i--)
        {
            if (parts[i].FindCell(cell, key) is not { } entry) continue;
            if (Known(entry) is { } known) (cells ??= [])[cell] = known.State;
            return;
        }
    }

    CellEntry? Known(CellEntry entry) => _defect == Defect.ForgetDeletedCells && entry.IsDeleted ? null : entry;
}
