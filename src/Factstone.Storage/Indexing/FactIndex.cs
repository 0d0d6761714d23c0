namespace Factstone.Storage;

/// <summary>Where every fact is, by position, stream, time, append id and term: runs, and in memory what is newer than the last of them.</summary>
/// <remarks>
/// Always true: the parts follow one another without a gap from position 1, and what they say of positions up to the
/// head is final. Threads: the writer, or the one that opens or refreshes, adds; the run builder replaces parts by
/// others that say the same; anybody reads, and looks at nothing beyond the head that they read before.
/// </remarks>
internal sealed partial class FactIndex
{
    readonly Lock _replacing = new();
    readonly Defect _defect;
    readonly StorageOptions _options;
    readonly MemoryFiller _filler = new();
    IndexSnapshot _withoutHeads = IndexSnapshot.Empty;
    IndexPart[] _parts;

    /// <summary>The parts in memory that the writer still looks at, oldest first; those of which a run was made meanwhile stay for a while, for appends that were prepared before.</summary>
    MemoryPart[] _memory;

    public FactIndex(StorageOptions options)
    {
        _options = options;
        _defect = options.Defect;
        Active = new MemoryPart(new Position(1));
        _parts = [Active];
        _memory = [Active];
    }

    /// <summary>Called while the log is read, when the part that grows is full, at a place where it may be completed.</summary>
    public Action<LogLocation>? WhenFull { get; set; }

    /// <summary>Whether the part that grows has all that it should have in memory.</summary>
    public bool IsFull => Active.Count >= _options.MemoryFactsMax || Active.Bytes >= _options.MemoryBytesMax;

    /// <summary>The part that grows.</summary>
    public MemoryPart Active { get; private set; }

    /// <summary>All parts, oldest first; the last one grows.</summary>
    public ReadOnlySpan<IndexPart> Parts => Volatile.Read(ref _parts);

    /// <summary>The position that comes after all that were added.</summary>
    public Position Next => Active.Next;

    public long LastTime { get; private set; }

    /// <summary>The last position, where it is not known what the log holds behind it, because something that would tell is gone; null where it is known.</summary>
    public Position? LostEnd { get; private set; }

    public bool IsEndUnknown => LostEnd is not null;

    /// <summary>From now on nobody is told what comes last.</summary>
    /// <param name="head">The last position that is shown.</param>
    public void MarkEndUnknown(Position head) => LostEnd = head;

    public long Streams => Sum(static part => part.Streams);

    public long AppendIds => Sum(static part => part.AppendIds);

    /// <summary>What comes after this position is in memory for the writer.</summary>
    public Position MemoryFloor => new(_memory[0].First.Value - 1);

    /// <summary>Whether all that was appended since a snapshot was taken is in memory. For the writer.</summary>
    public bool HasAllSince(IndexSnapshot snapshot) => _memory[0].Number <= snapshot.Until;

    /// <summary>Whether a complete part waits for a run. For the writer.</summary>
    public bool HasUnwritten
    {
        get
        {
            var parts = Parts;
            return parts.Length > 1 && parts[^2] is MemoryPart;
        }
    }

    /// <summary>Parts that no run has, with the one that grows.</summary>
    public int MemoryParts
    {
        get
        {
            var count = 0;
            foreach (var part in Parts)
                if (part is MemoryPart) count++;
            return count;
        }
    }

    /// <summary>Facts, cells or append ids that no run has.</summary>
    public long UnwrittenItems
    {
        get
        {
            var items = 0L;
            foreach (var part in Parts)
                if (part is MemoryPart memory) items += memory.Items;
            return items;
        }
    }

    /// <summary>Whether what no run has takes twice the memory that the part that grows may have. For the writer.</summary>
    public bool IsTwiceFull
    {
        get
        {
            var (count, bytes) = (0L, 0L);
            foreach (var part in Parts)
                if (part is MemoryPart memory) (count, bytes) = (count + memory.Count, bytes + memory.Bytes);
            return count >= 2L * _options.MemoryFactsMax || bytes >= 2 * _options.MemoryBytesMax;
        }
    }

    /// <summary>Begins with runs that were found, instead of at position 1.</summary>
    public void Start(IReadOnlyList<Run> runs)
    {
        Invariant.Holds(Next == new Position(1));
        if (runs.Count == 0) return;
        var newest = runs[^1];
        Active = new MemoryPart(newest.Last.Next(), newest.End, newest.LastTime) { Number = Active.Number + 1 };
        LastTime = newest.LastTime;
        Volatile.Write(ref _parts, [.. runs, Active]);
        _memory = [Active];
    }

    /// <summary>Completes the part that grows, and begins the next. Between two groups.</summary>
    /// <param name="end">Where the log goes on.</param>
    public MemoryPart Freeze(in LogLocation end)
    {
        var frozen = Active;
        frozen.Complete(end, LastTime);
        var next = new MemoryPart(frozen.Next, end, LastTime) { Number = frozen.Number + 1 };
        lock (_replacing)
        {
            Volatile.Write(ref _parts, [.. _parts, next]);
        }

        _options.Interleave?.Invoke(InterleavingPoint.Freezing);

        // Only now: until it grows no more, nobody makes a run of the last part that readers know.
        Active = next;
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

    /// <summary>Up to where a snapshot would speak that was taken now.</summary>
    public long PreparedUntil => FirstInMemory(Parts, out _).Number;

    /// <summary>The oldest part of which no run was made. What comes before it, its caller looks up for an append.</summary>
    static MemoryPart FirstInMemory(ReadOnlySpan<IndexPart> parts, out bool hasRuns)
    {
        var first = parts.Length - 1;
        while (first > 0 && parts[first - 1] is MemoryPart) first--;
        hasRuns = first > 0;
        return (MemoryPart)parts[first];
    }

    /// <summary>Reads the heads of streams, and what is so of cells, of which nothing is in memory.</summary>
    public IndexSnapshot Prepare(PreparedAppend append)
    {
        var parts = Parts;
        var until = FirstInMemory(parts, out var hasRuns).Number;
        _options.Interleave?.Invoke(InterleavingPoint.Preparing);
        if (!hasRuns) return WithoutHeads(until);
        Dictionary<StreamName, StreamState>? heads = null;
        Dictionary<CellName, CellState>? cells = null;
        StreamName last = default;
        foreach (ref readonly var fact in append.Facts.AsSpan())
        {
            if (fact.Stream == last) continue;
            last = fact.Stream;
            PrepareHead(parts, last, append, ref heads);
        }

        foreach (var condition in append.Conditions)
        {
            if (condition.IsOnCell) PrepareCell(parts, condition.Cell, ref cells);
            else if (condition.Stream.Store is not null) PrepareHead(parts, condition.Stream, append, ref heads);
        }

        foreach (ref readonly var cell in append.Cells.AsSpan()) PrepareCell(parts, cell.Cell, ref cells);
        _options.Interleave?.Invoke(InterleavingPoint.Preparing);
        if (_defect == Defect.PrepareUntilLate) until = FirstInMemory(Parts, out _).Number;
        return heads is null && cells is null ? WithoutHeads(until) : new IndexSnapshot { Until = until, Heads = heads, Cells = cells };
    }

    /// <summary>What most appends are prepared on between two runs, so they share it.</summary>
    IndexSnapshot WithoutHeads(long until)
    {
        var shared = Volatile.Read(ref _withoutHeads);
        if (shared.Until == until) return shared;
        shared = new IndexSnapshot { Until = until, Heads = null };
        Volatile.Write(ref _withoutHeads, shared);
        return shared;
    }

    /// <summary>Room for the heads of so many streams is made at once, at most.</summary>
    const int HeadsPrefetched = 128;

    static void PrepareHead(ReadOnlySpan<IndexPart> parts, StreamName stream, PreparedAppend append, ref Dictionary<StreamName, StreamState>? heads)
    {
        if (heads?.ContainsKey(stream) == true) return;
        for (var i = parts.Length - 1; i >= 0 && parts[i] is MemoryPart memory; i--)
            if (memory.Find(stream) is not null) return;

        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var key = TermKey.Encode(Term.Stream(stream), buffer);
        var state = LastLocation(parts, stream, key, new Position(Position.MaxValue)).State;
        if (state.Version == StreamVersion.None) return;

        // Mostly all facts are of one stream, or each is of another.
        heads ??= new Dictionary<StreamName, StreamState>(1);
        if (heads.Count == 1) heads.EnsureCapacity(Math.Min(append.Facts.Length, HeadsPrefetched));
        heads[stream] = state;
    }

    /// <summary>Nobody reads any more.</summary>
    public void CloseRuns()
    {
        foreach (var part in Parts)
            (part as Run ?? (part as DamagedRun)?.Run)?.Dispose();
    }

    public bool Holds(IndexPart part) => Array.IndexOf(_parts, part) >= 0;

    long Sum(Func<IndexPart, long> of)
    {
        var sum = 0L;
        foreach (var part in Parts) sum += of(part);
        return sum;
    }

    /// <summary>For a reader in another process than the writer: takes runs that the writer has made since, and lets go of what they know.</summary>
    /// <param name="runs">All runs, of which the last ends within the part that grows.</param>
    /// <param name="isBehind">Whether a place in the log comes behind that end.</param>
    public void Adopt(IReadOnlyList<Run> runs, Func<LogLocation, bool> isBehind)
    {
        var last = runs[^1];
        Invariant.Holds(last.Last >= new Position(Active.First.Value - 1) && last.Last < Next);
        Invariant.Holds(last.LastTime >= Active.StartTime && last.LastTime <= LastTime);
        var newest = Active.Behind(last.Last, last.End, last.LastTime, isBehind);
        lock (_replacing)
        {
            Active = newest;
            Volatile.Write(ref _parts, [.. runs, newest]);
        }

        _memory = [newest];
    }

    /// <summary>The same where the runs go on behind all that a reader has seen: what was read behind that, and not shown yet, is let go.</summary>
    public void Skip(IReadOnlyList<Run> runs)
    {
        var last = runs[^1];
        Invariant.Holds(last.LastTime > Active.StartTime);
        var newest = new MemoryPart(last.Last.Next(), last.End, last.LastTime);
        lock (_replacing)
        {
            Active = newest;
            Volatile.Write(ref _parts, [.. runs, newest]);
        }

        _memory = [newest];
        LastTime = last.LastTime;
    }
}
