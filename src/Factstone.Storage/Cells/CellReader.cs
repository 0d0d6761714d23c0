namespace Factstone.Storage;

/// <summary>Reads single cells at the locations in the index, and checks each before it returns it.</summary>
internal sealed class CellReader(LedgerLayout layout, SegmentDirectory segments, DamageLog damage, FileWindow window)
{
    /// <summary>The first read is large enough for a small cell.</summary>
    const int FirstReadBytes = 1_024;

    /// <summary>One cell. The caller has entered the gate.</summary>
    /// <exception cref="LedgerDamagedException">The cell differs from what was written; appends are refused from now on.</exception>
    public Cell Read(CellName name, CellEntry entry)
    {
        var at = entry.Location.FileOffset;
        if (segments.Find(entry.Location.Base, entry.Location.Generation) is not { } segment)
            throw Refused($"The cell {name} cannot be read.", new Damage(layout.Segment(entry.Location.Base, entry.Location.Generation), 0, Position.None, Position.None, "The file is missing."));
        segment.Prefetch(at);
        var mapped = segment.Map();
        var source = segment.Bytes(mapped, window, at, FirstReadBytes);
        if (CellFormat.TryReadLengths(source, out var extent) && extent.Length > source.Length)
            source = segment.Bytes(mapped, window, at, extent.Length);

        var status = CellFormat.TryRead(source, segment.Seed, out extent);
        var cell = new CellView(source, extent);
        if (status != CellStatus.Whole || cell.Head.Version != entry.Version || !cell.Is(name))
            throw Refused($"The cell {name} cannot be read.", DamagedValue(segment, at, name, entry.Version));
        var read = new Cell
        {
            Bucket = name.Bucket,
            Name = name.Name,
            Version = entry.Version,
            Value = cell.Value.ToArray(),
            RecordedAt = Microseconds.ToTime(cell.Head.RecordedAt),
        };
        GC.KeepAlive(mapped); // the pool may release a mapping that nobody holds
        return read;
    }

    /// <summary>All cells of the frame at a location.</summary>
    /// <exception cref="LedgerDamagedException">The frame differs from what was written; appends are refused from now on.</exception>
    public IReadOnlyList<StoredCell> ReadFrame(Segment segment, long fileOffset)
    {
        var reader = new FrameReader(segment, window);
        if (!reader.TryReadHeader(fileOffset, out var header) || !reader.IsWhole(header))
            throw Refused("The cells of an append cannot be read.", new Damage(segment.Path, fileOffset, Position.None, Position.None, "A frame is damaged."));

        var frame = reader.Bytes(header);
        var at = header.HeaderBytes;
        for (var i = 0; i < header.FactCount; i++)
        {
            FactFormat.TryReadLengths(frame[at..], out var fact);
            at += fact.Length;
        }

        var cells = new StoredCell[header.CellCount];
        for (var i = 0; i < cells.Length; i++)
        {
            CellFormat.TryReadLengths(frame[at..], out var extent);
            var cell = new CellView(frame[at..], extent);
            var head = cell.Head;
            cells[i] = new StoredCell(cell.Name, head.Version, head.IsDelete, cell.Value.ToArray(), head.RecordedAt);
            at += extent.Length;
        }

        return cells;
    }

    public static Damage DamagedValue(Segment segment, long fileOffset, CellName name, CellVersion version) =>
        new(segment.Path, fileOffset, Position.None, Position.None, $"The value of cell {name} v{version} is damaged.");

    LedgerDamagedException Refused(string what, Damage found)
    {
        window.Forget();
        damage.Add(found);
        return new LedgerDamagedException(what, [found]);
    }
}
