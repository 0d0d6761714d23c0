namespace Factstone.Storage;

/// <summary>Finds facts by the index and reads them from the log. If the index is damaged, it is rebuilt and the lookup is repeated.</summary>
/// <remarks>Threads: any number. Reads of many facts proceed in pages, so that nothing is held between two of them.</remarks>
internal sealed partial class IndexedReading(FactIndex index, LostFacts lost, DamageLog damage, RunRebuild rebuild, ReaderGate gate, StorageOptions options)
{
    const int KeysPerPage = 256;

    /// <summary>The facts of a stream are far apart in the log, so this many are prefetched.</summary>
    const int FactsPrefetched = 4;

    /// <summary>One query never finds more damaged runs than this, because a ledger does not have as many.</summary>
    const int ReplacedMax = 10_000;

    /// <summary>Positions that the caller enumerates are looked up in groups of this size.</summary>
    const int FactsTogether = 16;

    public StreamState StateAt(StreamName stream, Position until)
    {
        using var reading = gate.Enter();
        var state = LastLocation(stream, until).State;
        RefuseHole(stream, state.Position, until);
        RefuseUnknownEnd(until);
        return lost.Raise(stream, state, until);
    }

    public AppendSpan? FindAppend(string appendId, Position head)
    {
        using var reading = gate.Enter();
        if ((LookupInside(appendId, static (index, id) => index.FindAppend(id))?.Span ?? lost.FindAppend(appendId)) is { } span && (span.Last <= head || !index.IsEndUnknown)) return span.Last <= head ? span : null;

        // An id is in the header of its frame. If facts are missing, a header may be missing too.
        if (damage.All.Count > 0) throw new LedgerDamagedException($"It is unknown whether there is an append '{appendId}'.", damage.All);
        return null;
    }

    /// <summary>The frame of the append with an id, if it wrote cells; null if not.</summary>
    public LogLocation? FrameOfCells(string appendId) => Lookup(() => index.FindAppend(appendId)) is { Frame: var frame } && frame != default ? frame : null;

    /// <summary>The newest write of a cell; null if there is none.</summary>
    /// <exception cref="LedgerDamagedException">A damaged stretch of the log may hide a newer one.</exception>
    public CellEntry? FindKnownCell(CellName cell)
    {
        using var reading = gate.Enter();
        var found = LookupInside(cell, static (index, cell) => index.FindCell(cell));
        return found.IsCertain ? found.Entry : throw new LedgerDamagedException($"The value of the cell {cell} is unknown.", damage.All);
    }

    /// <summary>The names in a bucket that have a value, with a prefix, after a name, in order.</summary>
    public IEnumerable<string> CellNames(string bucket, string prefix, string? after)
    {
        var page = new CellPage(TermKey.Prefix(TermKind.Cell, bucket, prefix), keepsNames: true);
        if (after is not null) page.Turn(TermKey.Prefix(TermKind.Cell, bucket, after));
        for (; ; page.Turn())
        {
            Lookup(() => index.FindCells(page));

            // A damaged stretch of the log may hide a write of any cell that has none after it. This is checked last, because a run that was rebuilt meanwhile may have found one.
            if (index.HasUnknownCells) throw new LedgerDamagedException($"It is unknown whether the bucket {bucket} has another cell.", damage.All);
            foreach (var name in page.Names) yield return name;
            if (page.IsLast) yield break;
            BetweenPages();
        }
    }

    /// <summary>The buckets in which a cell has a value, in order.</summary>
    public IEnumerable<string> CellBuckets()
    {
        for (var page = new CellPage([(byte)TermKind.Cell], keepsNames: true) { FindsBuckets = true }; ; page.Turn())
        {
            Lookup(() => index.FindCells(page));
            if (index.HasUnknownCells) throw new LedgerDamagedException("It is unknown whether there is another bucket.", damage.All);
            foreach (var bucket in page.Names) yield return bucket;
            if (page.IsLast) yield break;
            BetweenPages();
        }
    }

    /// <summary>The number of cells that are known to have a value.</summary>
    public long CountCells()
    {
        var count = 0L;
        for (var page = new CellPage([(byte)TermKind.Cell], keepsNames: false); ; page.Turn())
        {
            Lookup(() => index.FindCells(page));
            count += page.Count;
            if (page.IsLast) return count;
        }
    }

    public IndexSnapshot Prepare(PreparedAppend append)
    {
        using var reading = gate.Enter();
        return LookupInside(append, static (index, append) => index.Prepare(append));
    }

    /// <summary>The last position up to the head that was recorded at or before a time.</summary>
    public Position PositionAt(long recordedBy, StorageHead head)
    {
        if (recordedBy >= head.RecordedAt) RefuseUnknownEnd(head.Position);
        if (recordedBy >= head.RecordedAt && options.Defect != Defect.RecordedByIsExclusive) return head.Position;
        var time = options.Defect == Defect.RecordedByIsExclusive ? recordedBy - 1 : recordedBy;
        var low = Lookup(() => LastRecordedBy(time));
        var position = low < head.Position ? low : head.Position;

        // A fact without a header has no time: it may have been recorded before or after.
        if (recordedBy < head.RecordedAt && index.IsHole(position))
            throw new LedgerDamagedException($"It is unknown whether position {position} was recorded by then.", damage.At(position));
        return position;
    }

    public IEnumerable<Fact> Read(Position from, Position until, bool backward) => Read(Pages(from, until, backward), isLong: true);

    public IEnumerable<Fact> ReadStream(StreamName stream, StreamVersion from, Position until, bool backward) => Read(StreamPages(stream, from, until, backward), isLong: false);

    public void Fold(Position from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken) =>
        Fold(onlyWhere: null, from, until, backward, visitor, cancellationToken);

    /// <summary>The same for facts that match a query, if one is given.</summary>
    public void Fold(FactQuery? onlyWhere, Position from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken) =>
        Fold(Pages(from, until, backward), isLong: true, onlyWhere, visitor, cancellationToken);

    public void FoldStream(StreamName stream, StreamVersion from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken) =>
        Fold(StreamPages(stream, from, until, backward), isLong: false, onlyWhere: null, visitor, cancellationToken);

    /// <summary>How facts become values; null if nothing is registered.</summary>
    public FactValues? FactValues => options.Values;

    public Fact? ReadAt(Position position)
    {
        if (IsLost(position)) return null;
        using var tools = ReadingTools.Take(damage, options.Values);
        return ReadAt(tools.Reader, position);
    }

    /// <summary>Whether a repair has recorded the fact at a position as lost.</summary>
    public bool IsLost(Position position)
    {
        if (lost.IsEmpty) return false;
        using var reading = gate.Enter();
        return lost.Contains(position, out _);
    }

    /// <summary>The last fact of a stream at or below a position, if it gives the record a value.</summary>
    public Fact? ReadLatest(StreamName stream, Position until)
    {
        using var reading = gate.Enter(); // the file is not closed before the fact is copied
        using var tools = ReadingTools.Take(damage, options.Values);
        var fact = TryViewLatest(tools.Reader, stream, until, out var view) ? view.ToFact() : null;
        GC.KeepAlive(tools);
        return fact;
    }

    /// <summary>The same, passed on in place; false if the record has no value.</summary>
    public bool VisitLatest(StreamName stream, Position until, FactVisitor visitor)
    {
        gate.EnterPinned();
        try
        {
            using var tools = ReadingTools.Take(damage, options.Values);
            if (!TryViewLatest(tools.Reader, stream, until, out var fact)) return false;
            visitor.Visit(fact);
            GC.KeepAlive(tools);
            return true;
        }
        finally
        {
            gate.Leave();
        }
    }

    bool TryViewLatest(FactReader reader, StreamName stream, Position until, out FactView fact)
    {
        using var reading = gate.Enter();
        reader.Hint(stream);
        fact = default;
        var last = LookupInside((stream, until), static (index, about) => index.FindLast(about.stream, about.until));
        var isFound = last.Candidate is { } segment && reader.TryView(segment, last.CandidateAt, stream, out fact);
        var location = isFound ? new Location(fact.StreamVersion, fact.Position, fact.Retracts) : last.Candidate is null ? last.Location : LastLocation(stream, until);
        RefuseHole(stream, location.Position, until);
        RefuseUnknownEnd(until);
        if (!lost.Raise(stream, location.State, until).HasValue) return false;
        if (isFound) return true;
        var found = Find(location);
        FactReader.Prefetch(found);
        fact = reader.View(found);
        return true;
    }

    IEnumerable<Fact> Read(IEnumerable<FactPage> pages, bool isLong)
    {
        using var window = NewWindow(isLong);
        var reader = new FactReader(damage, window, options.Values);
        foreach (var page in pages)
        {
            for (var i = page.Start; i < page.End; i++)
            {
                if (!isLong && i + FactsPrefetched < page.End) FactReader.Prefetch(page[i + FactsPrefetched]);
                yield return Read(reader, page[i]);
            }
        }
    }

    void Fold(IEnumerable<FactPage> pages, bool isLong, FactQuery? onlyWhere, FactVisitor visitor, CancellationToken cancellationToken)
    {
        using var showing = Show(isLong, visitor, cancellationToken);
        foreach (var page in pages)
        {
            for (var i = page.Start; i < page.End; i++)
            {
                if (!isLong && i + FactsPrefetched < page.End) FactReader.Prefetch(page[i + FactsPrefetched]);
                if (!showing.At(page[i], onlyWhere)) return;
            }
        }
    }

    /// <summary>Begins to pass facts to a visitor.</summary>
    public FactVisit Show(bool isLong, FactVisitor visitor, CancellationToken cancellationToken) => new(gate, damage, isLong ? NewWindow(isLong) : null, options.Values, visitor, cancellationToken);

    /// <summary>The last position that was recorded at or before a time, as far as the index knows.</summary>
    Position LastRecordedBy(long time)
    {
        var (low, high) = index.Bracket(time);

        // Between two rows of a run's table, the recorded times of the facts themselves are read.
        using var window = NewWindow(isLong: false);
        var reader = new FactReader(damage, window, options.Values);
        var location = LocationBetween(low, high);
        while (high.Value - low.Value > 1)
        {
            // The middles of both halves are prefetched.
            var middle = Between(low, high);
            var (below, above) = (LocationBetween(low, middle), LocationBetween(middle, high));
            if (TimeAt(reader, middle, location) <= time) (low, location) = (middle, above);
            else (high, location) = (middle, below);
        }

        return low;

        static Position Between(Position low, Position high) => new((low.Value + high.Value) >>> 1);

        FactLocation LocationBetween(Position low, Position high)
        {
            if (high.Value - low.Value <= 1) return default;
            var between = index.LocationOf(Between(low, high));
            FactReader.PrefetchTime(between);
            return between;
        }
    }

    /// <summary>The recorded time of the fact at a position; if the fact is lost for good, that of the one before it.</summary>
    long TimeAt(FactReader reader, Position position, in FactLocation location)
    {
        if (!lost.Contains(position, out var gone)) return reader.ReadTime(location);
        do position = new Position(gone.First.Value - 1);
        while (lost.Contains(position, out gone));
        return position == Position.None ? long.MinValue : reader.ReadTime(index.LocationOf(position));
    }

    public Fact ReadAt(FactReader reader, Position position)
    {
        using var reading = gate.Enter();
        return reader.Read(Find(new Location(default, position, retracts: false)));
    }

    public FactLocation LocationOf(Position position) => LocationOf(new Location(default, position, retracts: false));

    FactLocation LocationOf(Location location)
    {
        using var reading = gate.Enter();
        return Find(location);
    }

    Fact Read(FactReader reader, in FactLocation location)
    {
        using var reading = gate.Enter();
        return reader.Read(location);
    }

    /// <summary>For a reader that has entered the gate already.</summary>
    FactLocation Find(in Location location) => LookupInside(location, static (index, location) => index.LocationOf(location));

    /// <summary>For a reader that has entered the gate already.</summary>
    Location LastLocation(StreamName stream, Position until) => LookupInside((stream, until), static (index, about) => index.LastLocation(about.stream, about.until));

    /// <summary>Queries the index. If that finds a damaged run, the query is repeated once the run is rebuilt.</summary>
    public T Lookup<T>(Func<T> question)
    {
        using var reading = gate.Enter();
        return LookupInside(question, static (_, question) => question());
    }

    /// <summary>The same without an object for the question.</summary>
    T Lookup<TAbout, T>(TAbout about, Func<FactIndex, TAbout, T> question)
    {
        using var reading = gate.Enter();
        return LookupInside(about, question);
    }

    /// <summary>The same for a reader that has entered the gate already.</summary>
    T LookupInside<TAbout, T>(TAbout about, Func<FactIndex, TAbout, T> question)
    {
        for (var replaced = 0; ; replaced++)
        {
            Invariant.Holds(replaced <= ReplacedMax);
            try
            {
                return question(index, about);
            }
            catch (RunDamagedException found)
            {
                rebuild.Rebuild(found.Run);
            }
        }
    }

    /// <summary>The position after which a condition by query is looked up.</summary>
    public Position SearchedAfter(Position after) => options.Defect == Defect.QueryLooksTooFar ? after.Next() : after;

    /// <summary>Nothing is held here, so anything that other threads do may happen in between.</summary>
    public void BetweenPages() => options.Interleave?.Invoke(InterleavingPoint.BetweenPages);

    /// <summary>The same during the preparation of an append.</summary>
    public void Preparing() => options.Interleave?.Invoke(InterleavingPoint.Preparing);

    /// <summary>A fact with a damaged header may belong to any stream. A read that depends on whether it belongs to this one is refused.</summary>
    void RefuseHole(StreamName stream, Position after, Position until)
    {
        var hole = index.FirstHole(after, until);
        if (hole > Position.None)
            throw new LedgerDamagedException($"It is unknown whether {stream} has a fact at position {hole}.", damage.At(hole));
    }

    /// <summary>If the end of the log is lost, the last fact is unknown. Reads as of an earlier position are possible.</summary>
    public void RefuseUnknownEnd(Position until)
    {
        if (index.LostEnd is { } last && until >= last)
            throw new LedgerDamagedException($"It is unknown what comes after position {last}.", damage.All);
    }

    public static FileWindow NewWindow(bool isLong) => isLong ? new FileWindow(16 * 1_024, 1_024 * 1_024) : new FileWindow(2 * 1_024, 256 * 1_024);
}
