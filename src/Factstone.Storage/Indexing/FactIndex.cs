namespace Factstone.Storage;

/// <summary>Where every fact is, by position, stream, time, append id and term: runs, and in memory what is newer than the last of them.</summary>
/// <remarks>
/// Always true: the parts follow one another without a gap from position 1, and what they say of positions up to the
/// head is final. Threads: the writer, or the one that opens or refreshes, adds; the run builder replaces parts by
/// others that say the same; anybody reads, and looks at nothing beyond the head that they read before.
/// </remarks>
internal sealed class FactIndex : IFrameVisitor, ITermIndex
{
    readonly Lock _replacing = new();
    readonly Defect _defect;
    readonly StorageOptions _options;
    readonly MemoryFiller _filler = new();
    AppendSnapshot _withoutHeads = AppendSnapshot.Empty;
    IndexPart[] _parts;

    /// <summary>The parts in memory that the writer still looks at, oldest first; those of which a run was made meanwhile stay for a while, for appends that were prepared before.</summary>
    MemoryPart[] _memory;

    public FactIndex(StorageOptions options)
    {
        _options = options;
        _defect = options.Defect;
        Cells = new CellIndex(options.Defect);
        Active = new MemoryPart(new Position(1));
        _parts = [Active];
        _memory = [Active];
    }

    /// <summary>Called while the log is read, when the part that grows is full, at a place where it may be completed.</summary>
    public Action<LogPlace>? WhenFull { get; set; }

    /// <summary>Whether the part that grows has all that it should have in memory. A run is of facts: what there is of cells and ids alone waits for one.</summary>
    public bool IsFull => !Active.IsEmpty && (Active.Count >= _options.MemoryFactsMax || Active.Bytes >= _options.MemoryBytesMax);

    /// <summary>The part that grows.</summary>
    public MemoryPart Active { get; private set; }

    /// <summary>All parts, oldest first; the last one grows.</summary>
    public ReadOnlySpan<IndexPart> Parts => Volatile.Read(ref _parts);

    /// <summary>What is so of the cells.</summary>
    public CellIndex Cells { get; }

    /// <summary>The position that comes after all that were added.</summary>
    public Position Next => Active.Next;

    public long LastTime { get; private set; }

    public long Streams => Sum(static part => part.Streams);

    public long AppendIds => Sum(static part => part.AppendIds);

    /// <summary>What comes after this position is in memory for the writer.</summary>
    public Position MemoryFloor => new(_memory[0].First.Value - 1);

    /// <summary>Whether a complete part waits for a run. For the writer.</summary>
    public bool HasUnwritten
    {
        get
        {
            var parts = Parts;
            return parts.Length > 1 && parts[^2] is MemoryPart;
        }
    }

    /// <summary>Begins with runs that were found, instead of at position 1. Those from a damaged one on are taken from the list, and given up.</summary>
    public void Start(List<Run> runs, SegmentDirectory segments, Action<Run> giveUp)
    {
        Invariant.Holds(Next == new Position(1));
        for (var i = 0; i < runs.Count; i++)
        {
            if (TryReadCells(runs[i], segments)) continue;
            foreach (var run in runs[i..])
            {
                run.Dispose();
                giveUp(run);
            }

            runs.RemoveRange(i, runs.Count - i);
        }

        if (runs.Count == 0) return;
        Active = new MemoryPart(runs[^1].Last.Next());
        LastTime = runs[^1].Footer.LastTime;
        Volatile.Write(ref _parts, [.. runs, Active]);
        _memory = [Active];
    }

    /// <summary>Completes the part that grows, and begins the next. Between two groups.</summary>
    /// <param name="end">Where the log goes on.</param>
    public MemoryPart Freeze(in LogPlace end)
    {
        var frozen = Active;
        frozen.End = end;
        frozen.LastTime = LastTime;
        Active = new MemoryPart(frozen.Next);
        lock (_replacing)
        {
            Volatile.Write(ref _parts, [.. _parts, Active]);
        }

        _memory = [.. _memory, Active];
        return frozen;
    }

    /// <summary>Lets go of parts in memory that runs have, but for the newest of them.</summary>
    public void ForgetOldMemory()
    {
        var kept = 0;
        while (_memory.Length - kept > 2 && !Holds(_memory[kept]) && !Holds(_memory[kept + 1])) kept++;
        if (kept > 0) _memory = _memory[kept..];
    }

    /// <summary>Puts parts in the place of others that say the same.</summary>
    /// <returns>False when the old ones are not there any more.</returns>
    public bool Replace(ReadOnlySpan<IndexPart> old, ReadOnlySpan<IndexPart> now)
    {
        lock (_replacing)
        {
            var at = Array.IndexOf(_parts, old[0]);
            if (at < 0 || !_parts.AsSpan(at, Math.Min(old.Length, _parts.Length - at)).SequenceEqual(old)) return false;
            Volatile.Write(ref _parts, [.. _parts[..at], .. now, .. _parts[(at + old.Length)..]]);
            return true;
        }
    }

    /// <summary>The head of a stream with the appends in memory; null when none of them is of it. For the writer.</summary>
    public StreamState? MemoryState(StreamName stream)
    {
        for (var i = _memory.Length - 1; i >= 0; i--)
            if (_memory[i].Find(stream) is { } entry) return _defect == Defect.StaleStreamHead && i < _memory.Length - 1 ? null : entry.Durable;
        return null;
    }

    public AppendSpan? MemoryAppend(string appendId)
    {
        for (var i = _memory.Length - 1; i >= 0; i--)
            if (_memory[i].FindAppend(appendId) is { } append) return append.Span;
        return null;
    }

    /// <summary>What is known of a fact in memory; for the writer, of positions beyond <see cref="MemoryFloor"/>.</summary>
    public MemoryFact MemoryFact(Position position)
    {
        var i = _memory.Length - 1;
        while (_memory[i].First > position) i--;
        return _memory[i][position];
    }

    /// <summary>The first fact behind a position that matches a query; none when none does. For the writer, of positions beyond <see cref="MemoryFloor"/>.</summary>
    public Position FirstMemoryMatch(FactQuery query, Position after)
    {
        // Few facts are asked one by one; many are not, so that a group of many appends costs no more than their number.
        const int AskedMax = 128;
        var last = new Position(Next.Value - 1);
        if (last.Value - after.Value > AskedMax)
        {
            for (var cursor = QueryCandidates.Open(query, new PartTerms(_memory), after, last, backward: false); cursor.Current > Position.None; cursor.MoveNext())
                if (!cursor.NeedsCheck || MemoryFact(cursor.Current).Matches(query)) return cursor.Current;
            return Position.None;
        }

        for (var position = after.Next(); position <= last; position = position.Next())
            if (MemoryFact(position).Matches(query)) return position;
        return Position.None;
    }

    /// <summary>Reads the heads of streams of which nothing is in memory.</summary>
    public AppendSnapshot Prepare(PreparedAppend append)
    {
        var parts = Parts;
        var newest = parts.Length - 1;
        while (newest >= 0 && parts[newest] is not Run) newest--;
        if (newest < 0) return AppendSnapshot.Empty;

        var until = parts[newest].Last;
        Dictionary<StreamName, StreamState>? heads = null;
        StreamName last = default;
        foreach (ref readonly var fact in append.Facts.AsSpan())
        {
            if (fact.Stream == last) continue;
            last = fact.Stream;
            PrepareHead(parts, last, ref heads);
        }

        foreach (var condition in append.Conditions)
            if (condition.Stream.Store is not null) PrepareHead(parts, condition.Stream, ref heads);
        return heads is null ? WithoutHeads(until) : new AppendSnapshot { Until = until, Heads = heads };
    }

    /// <summary>What most appends are prepared on between two runs, so they share it.</summary>
    AppendSnapshot WithoutHeads(Position until)
    {
        var shared = Volatile.Read(ref _withoutHeads);
        if (shared.Until == until) return shared;
        shared = new AppendSnapshot { Until = until, Heads = null };
        Volatile.Write(ref _withoutHeads, shared);
        return shared;
    }

    static void PrepareHead(ReadOnlySpan<IndexPart> parts, StreamName stream, ref Dictionary<StreamName, StreamState>? heads)
    {
        if (heads?.ContainsKey(stream) == true) return;
        for (var i = parts.Length - 1; i >= 0 && parts[i] is MemoryPart memory; i--)
            if (memory.Find(stream) is not null) return;

        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var key = TermKey.Encode(Term.Stream(stream), buffer);
        var state = LastPlace(parts, stream, key, new Position(Position.MaxValue)).State;
        if (state.Version > StreamVersion.None) (heads ??= [])[stream] = state;
    }

    public StreamState StateAt(StreamName stream, Position until) => LastPlace(stream, until).State;

    /// <summary>The last place of a stream at or below a position; default when it has none.</summary>
    public Place LastPlace(StreamName stream, Position until)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var parts = Parts;
        return LastPlace(parts, stream, KeyFor(Term.Stream(stream), parts, buffer), until);
    }

    static Place LastPlace(ReadOnlySpan<IndexPart> parts, StreamName stream, in TermKey key, Position until)
    {
        foreach (var part in parts) part.Expect(key);
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            if (parts[i].First > until) continue;
            var place = parts[i].LastPlace(stream, key, until);
            if (place.Version > StreamVersion.None) return place;
        }

        return default;
    }

    /// <summary>Some places of a stream, in order of version.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="from">The first version; backward, the last, or none for the end.</param>
    /// <param name="until">The last position.</param>
    /// <param name="backward">From there on down.</param>
    /// <param name="places">Filled from the start.</param>
    /// <returns>How many there are; fewer than there is room for only at the end.</returns>
    public int Places(StreamName stream, StreamVersion from, Position until, bool backward, Span<Place> places)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var parts = Parts;
        var key = KeyFor(Term.Stream(stream), parts, buffer);
        var count = 0;
        for (var i = 0; i < parts.Length && count < places.Length; i++)
        {
            var part = parts[backward ? parts.Length - 1 - i : i];
            if (part.First > until || part.FindStream(stream, key) is not { } found) continue;
            var end = found.CountUntil(until);
            if (backward)
            {
                if (from > StreamVersion.None) end = Math.Min(end, found.CountBelow(from.Next()));
                for (var j = end - 1; j >= 0 && count < places.Length; j--) places[count++] = found[j];
            }
            else
            {
                for (var j = found.CountBelow(from); j < end && count < places.Length; j++) places[count++] = found[j];
            }
        }

        return count;
    }

    /// <summary>Where the log goes on behind the part before this one; null when it is the first.</summary>
    public LogPlace? EndBefore(IndexPart part)
    {
        var parts = Parts;
        var at = parts.IndexOf(part);
        return at <= 0 ? null : parts[at - 1] is Run run ? run.Footer.End : ((MemoryPart)parts[at - 1]).End;
    }

    public IndexedAppend? FindAppend(string appendId)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var parts = Parts;
        var key = KeyFor(Term.AppendId(appendId), parts, buffer);
        for (var i = parts.Length - 1; i >= 0; i--)
            if (parts[i].FindAppend(appendId, key) is { } append) return append;
        return null;
    }

    /// <summary>Where a fact is; false where the log is too damaged to tell.</summary>
    public bool TryFind(Position position, out Segment segment, out long fileOffset) => PartOf(position).TryFind(position, out segment, out fileOffset);

    /// <summary>Where a fact of a stream is.</summary>
    public FactPlace PlaceOf(in Place place) =>
        place.FileOffset > 0 && PartOf(place.Position) is Run run && run.SegmentOf(place.Position) is { } segment
            ? new FactPlace(place.Position, segment, place.FileOffset)
            : PlaceOf(place.Position);

    public FactPlace PlaceOf(Position position) => TryFind(position, out var segment, out var fileOffset) ? new FactPlace(position, segment, fileOffset) : new FactPlace(position, null, 0);

    /// <summary>Adds the places of facts that follow one another, as far as one part has them and there is room; returns the position behind the last.</summary>
    public Position AddPlaces(FactPage page, Position position, Position until) => PartOf(position).AddPlaces(page, position, until);

    /// <summary>The first position in a range whose fact, and so its stream, is unknown; none when all are known.</summary>
    public Position FirstHole(Position after, Position until)
    {
        foreach (var part in Parts)
            if (part is MemoryPart { HasHoles: true } memory && memory.FirstHole(after, until) is { Value: > 0 } hole) return hole;
        return Position.None;
    }

    public bool IsHole(Position position) => FirstHole(new Position(position.Value - 1), position) > Position.None;

    /// <summary>Two positions between which a time falls: what lies up to the first was recorded at or before it, and what lies from the second on, after.</summary>
    public (Position AtOrBefore, Position After) Bracket(long recordedBy)
    {
        var parts = Parts;
        for (var i = parts.Length - 1; i >= 0; i--)
            if (parts[i].FirstTime <= recordedBy || i == 0) return parts[i].Bracket(recordedBy);
        throw new InvariantException("there is always a part");
    }

    /// <summary>Some streams of a store whose keys begin with a prefix, behind a key, in order, each with its last place at or below a position.</summary>
    public void FindStreams(string store, string prefix, string? after, Position until, StreamHeads heads)
    {
        var open = new List<StreamCursor>();
        var parts = Parts;
        for (var i = parts.Length - 1; i >= 0; i--) // the newest first: it knows what is so now
            if (parts[i].OpenStreams(store, prefix, after) is { } cursor && cursor.MoveNext()) open.Add(cursor);

        heads.Clear();
        while (open.Count > 0 && heads.HasRoom)
        {
            var least = open[0];
            foreach (var cursor in open)
                if (cursor.IsBefore(least)) least = cursor;

            Place last = default;
            foreach (var cursor in open)
                if (last.Version == StreamVersion.None && cursor.IsWith(least)) last = cursor.LastPlace(until);
            heads.Add(least.Key, last);

            // The one that the others are compared with moves last.
            for (var i = open.Count - 1; i >= 0; i--)
                if (open[i] != least && open[i].IsWith(least) && !open[i].MoveNext()) open.RemoveAt(i);
            if (!least.MoveNext()) open.Remove(least);
        }

        heads.IsLast = open.Count == 0;
    }

    /// <summary>All stores in order, with what is in them.</summary>
    public IReadOnlyList<StoreCount> Stores()
    {
        var stores = new SortedDictionary<string, StoreCount>(Utf8Order.Instance);
        foreach (var part in Parts)
        {
            foreach (var store in part.Stores())
            {
                var known = stores.GetValueOrDefault(store.Store);
                stores[store.Store] = new StoreCount(store.Store, known.Facts + store.Facts, known.Streams + store.Streams);
            }
        }

        return [.. stores.Values];
    }

    /// <summary>How many runs there are, and the bytes of their files.</summary>
    public (int Runs, long Bytes) CountRuns()
    {
        var (count, bytes) = (0, 0L);
        foreach (var part in Parts)
        {
            if (part is not Run run) continue;
            count++;
            bytes += run.Footer.FileBytes;
        }

        return (count, bytes);
    }

    public PositionCursor Open(Term term, Position after, Position until, bool backward) => new PartTerms(Volatile.Read(ref _parts)).Open(term, after, until, backward);

    public long CountAtMost(Term term, Position after, Position until) => new PartTerms(Volatile.Read(ref _parts)).CountAtMost(term, after, until);

    /// <summary>What is known of a fact without reading a file; null where a run has it.</summary>
    public MemoryFact? TryMemoryFact(Position position) => PartOf(position) is MemoryPart memory ? memory[position] : null;

    /// <summary>The first fact of a short range that matches a query; none when none does.</summary>
    /// <returns>False where not all of the range is in memory.</returns>
    public bool TryFirstMatch(FactQuery query, Position after, Position until, out Position first)
    {
        first = Position.None;
        var parts = Parts;
        for (var i = parts.Length - 1; i >= 0 && parts[i].Last > after; i--)
        {
            if (parts[i] is not MemoryPart memory) return false;
            if (memory.FirstMatch(query, after, until) is { Value: > 0 } found) first = found;
        }

        return true;
    }

    public void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        // A run ends where a group begins: all before that was durable by then.
        if (IsFull && header.GroupStart == header.FileOffset && header.BasePosition == Next)
            WhenFull?.Invoke(new LogPlace(segment.Header.BasePosition, segment.Header.Generation, header.FileOffset));

        // Frames that a run knows of come by when all of the log is walked.
        var last = new Position(header.BasePosition.Value + header.FactCount - 1);
        if (header.FactCount > 0 && last < Active.First) return;

        // A frame that was rewritten after a crash may already be here, from a disk that was too full to rewrite it then.
        if (appendId is not null && header.Kind == FrameKind.Batch && header.BasePosition >= Active.First && _defect != Defect.ForgetAppendIds)
        {
            var span = new AppendSpan(header.BasePosition, header.FactCount);
            AddAppend(appendId, span, header.CellCount > 0 ? segment.PlaceOf(header.FileOffset) : default);
        }

        if (header.FactCount == 0) LastTime = Math.Max(LastTime, header.Time);
    }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (header.Position < Next) return;
        _filler.Add(Active, segment, fileOffset, header);
        LastTime = header.RecordedAt;
    }

    public void Cell(Segment segment, long fileOffset, in CellView cell) => ApplyCell(cell.Name, CellEntry.Of(segment, fileOffset, cell));

    public void Lost(Segment segment, Position first, Position last)
    {
        while (Next < first) Active.AddHole();
        while (Next <= last) Active.AddLost(segment, LastTime);
    }

    /// <summary>A cell of a group that is durable now.</summary>
    public void ApplyCell(CellName cell, CellEntry entry)
    {
        Cells.Apply(cell, entry);
        Active.AddCell(cell, entry);
    }

    public void MissedCells() => Cells.Missed();

    /// <summary>A fact of a group that is durable now.</summary>
    public void Add(Segment segment, long fileOffset, long recordedAt, in Place place, StreamEntry stream, string? type, string[] tags)
    {
        Active.Add(segment, fileOffset, recordedAt, place, stream, type, tags);
        LastTime = recordedAt;
    }

    /// <summary>The time of an append, with facts or without.</summary>
    public void Recorded(long time) => LastTime = Math.Max(LastTime, time);

    /// <summary>The fact has been written anew at another place.</summary>
    public void Move(Segment segment, long fileOffset, Position position) => Active.Move(segment, fileOffset, position);

    /// <summary>The time of the last append before a position, which is no older than the last run.</summary>
    public long LastTimeBefore(Position position)
    {
        if (Active.LastTimeBefore(position) is { } time) return time;
        var parts = Parts;
        for (var i = parts.Length - 2; i >= 0; i--)
            if (parts[i].Last < position) return parts[i] is Run run ? run.Footer.LastTime : ((MemoryPart)parts[i]).LastTime;
        return 0;
    }

    /// <summary>An append with an id.</summary>
    /// <param name="appendId">The id.</param>
    /// <param name="span">Its facts.</param>
    /// <param name="frame">Where it is, if it wrote cells.</param>
    public void AddAppend(string appendId, AppendSpan span, LogPlace frame) => Active.AddAppend(appendId, new IndexedAppend(span, frame));

    /// <summary>Positions whose facts cannot be found, up to and including the last.</summary>
    public void AddHoles(Position last)
    {
        while (Next <= last) Active.AddHole();
    }

    /// <summary>Nobody reads any more.</summary>
    public void CloseRuns()
    {
        foreach (var part in Parts)
            if (part is Run run) run.Dispose();
    }

    bool TryReadCells(Run run, SegmentDirectory segments)
    {
        try
        {
            foreach (var (cell, entry) in run.Cells(segments))
            {
                if (entry is null) Cells.Missed();
                else Cells.Apply(cell, entry);
            }

            return true;
        }
        catch (RunDamagedException)
        {
            return false;
        }
    }

    public bool Holds(IndexPart part) => Array.IndexOf(_parts, part) >= 0;

    long Sum(Func<IndexPart, long> of)
    {
        var sum = 0L;
        foreach (var part in Parts) sum += of(part);
        return sum;
    }

    IndexPart PartOf(Position position)
    {
        var parts = Parts;
        var low = 0;
        var high = parts.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (parts[middle].First <= position) low = middle;
            else high = middle - 1;
        }

        return parts[low];
    }

    /// <summary>Only runs look at the bytes of a term, and the last part is none.</summary>
    static TermKey KeyFor(in Term term, ReadOnlySpan<IndexPart> parts, Span<byte> buffer) => parts.Length > 1 ? TermKey.Encode(term, buffer) : default;

    /// <summary>For a reader in another process than the writer: takes runs that the writer has made since, and lets go of what they know.</summary>
    public void Adopt(IReadOnlyList<Run> runs)
    {
        Invariant.Holds(runs[^1].Last >= new Position(Active.First.Value - 1) && runs[^1].Last < Next);
        var newest = Active.Behind(runs[^1].Last);
        lock (_replacing)
        {
            Active = newest;
            Volatile.Write(ref _parts, [.. runs, newest]);
        }

        _memory = [newest];
    }
}
