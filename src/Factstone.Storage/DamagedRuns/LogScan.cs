namespace Factstone.Storage;

/// <summary>Searches the log for what a damaged part of the index cannot answer.</summary>
internal abstract class LogScan : IFrameVisitor
{
    /// <summary>Whether everything wanted was found.</summary>
    public virtual bool IsDone => false;

    public virtual void Frame(Segment segment, in FrameHeader header, string? appendId) { }

    public virtual void Fact(Segment segment, long fileOffset, in HeaderView header) { }

    public virtual void Cell(Segment segment, long fileOffset, in CellView cell) { }

    public void AddHoles(Position last) { }

    public void Lost(Segment segment, Position first, Position last) { }

    public void MarkCellsUnknown() { }

    public static Location LocationOf(long fileOffset, in HeaderView header) => new(header.StreamVersion, header.Position, header.Retracts, (uint)fileOffset);
}

/// <summary>Finds the facts of a stream.</summary>
internal sealed class StreamScan(TermBytes stream, Position until, bool keepsAll) : LogScan
{
    readonly List<Location> _locations = [];

    public IReadOnlyList<Location> Locations => _locations;

    public Location Last { get; private set; }

    public override bool IsDone => Last.Position == until;

    public override void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (header.Position > until || !stream.IsOf(header)) return;
        Last = LocationOf(fileOffset, header);
        if (keepsAll) _locations.Add(Last);
    }
}

/// <summary>Finds the locations of consecutive facts.</summary>
internal sealed class PositionScan(Position from, Position until) : LogScan
{
    public List<FactLocation> Found { get; } = [];

    public override bool IsDone => Found.Count > 0 && Found[^1].Position == until;

    public override void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (header.Position >= from && header.Position <= until) Found.Add(new FactLocation(header.Position, segment, fileOffset));
    }
}

/// <summary>Finds the positions of a term.</summary>
internal sealed class TermScan(TermBytes term, Position after, Position until) : LogScan
{
    public List<Position> Found { get; } = [];

    public override void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (header.Position > after && header.Position <= until && term.IsOf(header)) Found.Add(header.Position);
    }
}

/// <summary>Finds the append with an id.</summary>
internal sealed class AppendIdScan(string id) : LogScan
{
    public IndexedAppend? Found { get; private set; }

    public override bool IsDone => Found is not null;

    public override void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        if (header.Kind == FrameKind.Batch && appendId == id)
            Found = new IndexedAppend(new AppendSpan(header.BasePosition, header.FactCount), header.CellCount > 0 ? segment.LocationOf(header.FileOffset) : default);
    }
}

/// <summary>Finds the newest write of a cell.</summary>
internal sealed class CellScan(TermBytes name) : LogScan
{
    public CellEntry? Found { get; private set; }

    public override void Cell(Segment segment, long fileOffset, in CellView cell)
    {
        if (name.IsOf(cell)) Found = CellEntry.Of(segment, fileOffset, cell);
    }
}

/// <summary>Counts the facts and the new streams of each store.</summary>
internal sealed class StoresScan : LogScan
{
    readonly Dictionary<string, StoreCount> _counts = new(StringComparer.Ordinal);
    readonly TextPool _texts = new();

    public IReadOnlyCollection<StoreCount> Counts => _counts.Values;

    public override void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        var store = _texts.Get(header.Store);
        var known = _counts.GetValueOrDefault(store);
        _counts[store] = new StoreCount(store, known.Facts + 1, known.Streams + (header.StreamVersion.Value == 1 ? 1 : 0));
    }
}

/// <summary>Finds the first terms with a prefix from a given term on, each with its last write. The number of terms kept is bounded, however many there are.</summary>
internal sealed class FirstTermsScan(TermKind kind, byte[] from, byte[] prefix) : LogScan
{
    const int TermsMax = 1_024;

    readonly SortedSet<Entry> _found = new(ByTerm.Instance);
    readonly Entry _sought = new() { Term = new byte[TermKey.BytesMax] };

    /// <summary>The terms, in order.</summary>
    public IEnumerable<KeyValuePair<byte[], TermFound>> Found => _found.Select(static entry => KeyValuePair.Create(entry.Term, entry.Found));

    /// <summary>Whether more terms may follow.</summary>
    public bool IsCut { get; private set; }

    public override void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (kind == TermKind.Stream) Add(TermBytes.Join(_sought.Term, kind, header.Store, header.Key), new TermFound(LocationOf(fileOffset, header), HasValue: true));
    }

    public override void Cell(Segment segment, long fileOffset, in CellView cell)
    {
        if (kind == TermKind.Cell) Add(TermBytes.Join(_sought.Term, kind, cell.Names[..cell.Extent.BucketLength], cell.Names[cell.Extent.BucketLength..]), new TermFound(default, !cell.Head.IsDelete));
    }

    void Add(ReadOnlySpan<byte> term, in TermFound found)
    {
        if (!term.StartsWith(prefix) || term.SequenceCompareTo(from) < 0) return;

        // Once a term is left out, all terms after the last one that is kept are left out: the last one only moves toward the beginning.
        if (IsCut && term.SequenceCompareTo(_found.Max!.Bytes) > 0) return;
        _sought.Length = term.Length;
        if (_found.TryGetValue(_sought, out var known))
        {
            known.Found = found;
            return;
        }

        if (_found.Count == TermsMax)
        {
            IsCut = true;
            if (term.SequenceCompareTo(_found.Max!.Bytes) > 0) return;
            _found.Remove(_found.Max!);
        }

        _found.Add(new Entry { Term = term.ToArray(), Length = term.Length, Found = found });
    }

    sealed class Entry
    {
        public required byte[] Term { get; init; }

        public int Length { get; set; }

        public TermFound Found { get; set; }

        public ReadOnlySpan<byte> Bytes => Term.AsSpan(0, Length);
    }

    sealed class ByTerm : IComparer<Entry>
    {
        public static readonly ByTerm Instance = new();

        public int Compare(Entry? x, Entry? y) => x!.Bytes.SequenceCompareTo(y!.Bytes);
    }
}

/// <summary>The result of a scan for a term.</summary>
/// <param name="Last">For a stream: its last fact.</param>
/// <param name="HasValue">For a cell: whether its last write gave it a value.</param>
internal readonly record struct TermFound(Location Last, bool HasValue);
