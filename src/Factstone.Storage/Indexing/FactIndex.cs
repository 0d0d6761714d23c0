namespace Factstone.Storage;

/// <summary>Finds facts by position, stream, time, append id and term. It consists of runs, and of memory parts for what is newer than the last run.</summary>
/// <remarks>
/// Always true: the parts cover all positions from 1 without a gap, and what they contain for positions up to the
/// head is final. Threads: the writer adds, or the thread that opens or refreshes. The run builder replaces parts by
/// others with the same content. Any thread may read; it reads nothing beyond the head that it read first.
/// </remarks>
internal sealed partial class FactIndex
{
    readonly Lock _replacing = new();
    readonly Defect _defect;
    readonly StorageOptions _options;
    readonly PartBuilder _builder;
    IndexSnapshot _withoutHeads = IndexSnapshot.Empty;
    IndexPart[] _parts;

    /// <summary>The memory parts that the writer still uses, oldest first. A part that has become a run stays here for a while, for appends that were prepared earlier.</summary>
    MemoryPart[] _memory;

    public FactIndex(StorageOptions options)
    {
        _options = options;
        _defect = options.Defect;
        _builder = new PartBuilder(options, new MemoryPart(new Position(1)));
        _parts = [Active];
        _memory = [Active];
    }

    /// <summary>Called while the log is read, when the active part is full, at a place where it may be completed.</summary>
    public Action<LogLocation>? WhenFull { get; set; }

    /// <summary>Whether the active part has reached its limit of facts or bytes.</summary>
    public bool IsFull => _builder.IsFull;

    /// <summary>The active part: new facts are added to it.</summary>
    public MemoryPart Active => _builder.Part;

    /// <summary>All parts, oldest first. The last one is the active part.</summary>
    public ReadOnlySpan<IndexPart> Parts => Volatile.Read(ref _parts);

    /// <summary>The position of the fact that is added next.</summary>
    public Position Next => Active.Next;

    public long LastTime { get; private set; }

    /// <summary>The last position, if the end of the log is unknown because a file that would show it is missing; null if the end is known.</summary>
    public Position? LostEnd { get; private set; }

    public bool IsEndUnknown => LostEnd is not null;

    /// <summary>Marks the end of the log as unknown.</summary>
    /// <param name="head">The last position that readers see.</param>
    public void MarkEndUnknown(Position head) => LostEnd = head;

    public long Streams => Sum(static part => part.Streams);

    public long AppendIds => Sum(static part => part.AppendIds);

    /// <summary>Facts after this position are in memory for the writer.</summary>
    public Position MemoryFloor => new(_memory[0].First.Value - 1);

    /// <summary>Whether everything that was appended after a snapshot was taken is in memory. For the writer.</summary>
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

    /// <summary>The number of memory parts, including the active one.</summary>
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

    /// <summary>The number of facts, cells or append ids that are not in a run yet.</summary>
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

    /// <summary>Whether the memory parts together have reached twice the limit of the active part. For the writer.</summary>
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

    /// <summary>Starts the index from existing runs instead of from position 1.</summary>
    public void Start(IReadOnlyList<Run> runs)
    {
        Invariant.Holds(Next == new Position(1));
        if (runs.Count == 0) return;
        var newest = runs[^1];
        _builder.Begin(new MemoryPart(newest.Last.Next(), newest.End, newest.LastTime) { Number = Active.Number + 1 });
        LastTime = newest.LastTime;
        Volatile.Write(ref _parts, [.. runs, Active]);
        _memory = [Active];
        FindTruncationsIn(runs);
    }

    /// <summary>Completes the active part and begins the next one. Called between two groups.</summary>
    /// <param name="end">Where the log continues.</param>
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

        // The active part changes only after the next part is visible: the builder skips the active part, and it must not
        // write a run of the last part that readers see.
        _builder.Begin(next);
        _memory = [.. _memory, Active];
        return frozen;
    }

    /// <summary>Releases the memory parts that have become runs, except the newest of them.</summary>
    public void ForgetOldMemory()
    {
        var kept = 0;
        while (_memory.Length - kept > 2 && !Holds(_memory[kept]) && !Holds(_memory[kept + 1])) kept++;
        if (kept > 0) _memory = _memory[kept..];
    }

    /// <summary>Replaces parts by others with the same content.</summary>
    /// <returns>False when the index no longer contains the old parts.</returns>
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

    /// <summary>The head of a stream after the appends in memory; null when none of them wrote to the stream. For the writer.</summary>
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

    /// <summary>A fact as the memory parts know it. For the writer, and only for positions after <see cref="MemoryFloor"/>.</summary>
    public MemoryFact MemoryFact(Position position)
    {
        var i = _memory.Length - 1;
        while (_memory[i].First > position) i--;
        return _memory[i][position];
    }

    /// <summary>The first fact after a position that matches a query; none when no fact matches. For the writer, and only for positions after <see cref="MemoryFloor"/>.</summary>
    public Position FirstMemoryMatch(FactQuery query, Position after)
    {
        // A few facts are checked one by one. Many facts are searched by term, so that the cost of a group of many appends
        // grows only with their number.
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

    /// <summary>The part number up to which a snapshot taken now is valid.</summary>
    public long PreparedUntil => FirstInMemory(Parts, out _).Number;

    /// <summary>The oldest part that is not a run yet. The caller of an append looks up what is before it.</summary>
    static MemoryPart FirstInMemory(ReadOnlySpan<IndexPart> parts, out bool hasRuns)
    {
        var first = parts.Length - 1;
        while (first > 0 && parts[first - 1] is MemoryPart) first--;
        hasRuns = first > 0;
        return (MemoryPart)parts[first];
    }

    /// <summary>Reads the heads of streams and the states of cells that are not in memory.</summary>
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
            if (condition.IsOnRecord && _mayHaveTruncations) PrepareCell(parts, TruncationCell.NameOf(condition.Stream), ref cells);
        }

        foreach (ref readonly var cell in append.Cells.AsSpan()) PrepareCell(parts, cell.Cell, ref cells);
        _options.Interleave?.Invoke(InterleavingPoint.Preparing);
        if (_defect == Defect.PrepareUntilLate) until = FirstInMemory(Parts, out _).Number;
        return heads is null && cells is null ? WithoutHeads(until) : new IndexSnapshot { Until = until, Heads = heads, Cells = cells };
    }

    /// <summary>Most appends between two runs need no head and no cell from a run, so they share one snapshot.</summary>
    IndexSnapshot WithoutHeads(long until)
    {
        var shared = Volatile.Read(ref _withoutHeads);
        if (shared.Until == until) return shared;
        shared = new IndexSnapshot { Until = until, Heads = null };
        Volatile.Write(ref _withoutHeads, shared);
        return shared;
    }

    /// <summary>The largest number of stream heads for which space is allocated at once.</summary>
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

        // Usually all facts are of one stream, or each fact is of a different stream.
        heads ??= new Dictionary<StreamName, StreamState>(1);
        if (heads.Count == 1) heads.EnsureCapacity(Math.Min(append.Facts.Length, HeadsPrefetched));
        heads[stream] = state;
    }

    /// <summary>Closes the files of all runs. No reader may use them afterwards.</summary>
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

    /// <summary>For a reader in another process than the writer: takes over runs that the writer has made since, and releases the memory for what they contain.</summary>
    /// <param name="runs">All runs; the last ends within the active part.</param>
    /// <param name="isAfter">Whether a location in the log is after that end.</param>
    public void Adopt(IReadOnlyList<Run> runs, Func<LogLocation, bool> isAfter)
    {
        var last = runs[^1];
        Invariant.Holds(last.Last >= new Position(Active.First.Value - 1) && last.Last < Next);
        Invariant.Holds(last.LastTime >= Active.StartTime && last.LastTime <= LastTime);
        var newest = Active.PartAfter(last.Last, last.End, last.LastTime, isAfter);
        lock (_replacing)
        {
            _builder.Begin(newest);
            Volatile.Write(ref _parts, [.. runs, newest]);
        }

        _memory = [newest];
    }

    /// <summary>For a reader: takes over runs that end after everything that is visible. What was read from the log after that, and is not visible yet, is discarded.</summary>
    public void Skip(IReadOnlyList<Run> runs)
    {
        var last = runs[^1];
        Invariant.Holds(last.LastTime > Active.StartTime);
        var newest = new MemoryPart(last.Last.Next(), last.End, last.LastTime);
        lock (_replacing)
        {
            _builder.Begin(newest);
            Volatile.Write(ref _parts, [.. runs, newest]);
        }

        _memory = [newest];
        LastTime = last.LastTime;
        FindTruncationsIn(runs);
    }
}
