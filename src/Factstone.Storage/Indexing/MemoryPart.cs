using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>A part of the index in memory: the newest facts and cells, until they are in a run.</summary>
/// <remarks>
/// Always true: what it contains for positions up to the head is final. Threads: the writer adds, or the thread that
/// opens or refreshes. Other threads read, and read nothing beyond the head that they read first.
/// </remarks>
/// <param name="first">The position of its first fact.</param>
/// <param name="start">Where its part of the log begins; default for the beginning of the log.</param>
/// <param name="startTime">The last RecordedAt before that.</param>
internal sealed class MemoryPart(Position first, LogLocation start, long startTime) : IndexPart
{
    const int Hole = -1;

    /// <summary>The approximate memory of a fact, a stream and an append id, without their texts.</summary>
    const int BytesPerFact = 72;
    const int BytesPerStream = 240;
    const int BytesPerAppendId = 144;

    readonly ConcurrentDictionary<string, StoreEntry> _stores = new(concurrencyLevel: 1, capacity: 7, StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, IndexedAppend> _appends = new(concurrencyLevel: 1, capacity: 31, StringComparer.Ordinal);
    readonly ChunkedList<MemoryFact> _facts = new();
    readonly ChunkedList<BatchTime> _times = new();
    readonly GrowingList<Segment> _segments = new();
    readonly GrowingList<PositionRange> _holes = new();
    readonly MemoryTerms _terms = new(first);
    Segment? _segment;
    StoreEntry? _store;
    long _streams;
    long _bytes;
    LogLocation _end;
    long _lastTime = startTime;

    public MemoryPart(Position first) : this(first, default, long.MinValue) { }

    public override Position First => first;

    public override Position Last => new(first.Value + _facts.Count - 1);

    public Position Next => new(first.Value + _facts.Count);

    /// <summary>Whether it has no facts.</summary>
    public bool IsEmpty => _facts.Count == 0;

    public long Count => _facts.Count;

    /// <summary>Whether it contains facts, cells or append ids.</summary>
    public bool HasAny => Items > 0;

    /// <summary>The number of its facts, cells or append ids, whichever is largest.</summary>
    public long Items => Math.Max(_facts.Count, Math.Max(Cells.Count, _appends.Count));

    public MemoryCells Cells { get; } = new();

    public override long FirstTime => _times.Count == 0 ? long.MaxValue : _times[0].Time;

    public override long Streams => Volatile.Read(ref _streams);

    public override long AppendIds => _appends.Count;

    public bool HasHoles => _holes.Count > 0;

    /// <summary>Whether a fact or cell of its range is unknown. Such a part is never written as a run, so that the next open finds the damage again.</summary>
    public bool HasUnknown => HasHoles || Cells.UnknownMarks > 0;

    /// <summary>Its approximate memory in bytes.</summary>
    public long Bytes => _bytes + Cells.Bytes;

    public LogLocation Start => start;

    /// <summary>The number of the part in its index, from 0. A position or a time does not identify a part: several parts may begin at one position, and the remains of one append after a repair have one time.</summary>
    public long Number { get; init; }

    public long StartTime { get; } = startTime;

    /// <summary>Where the log continues after the part; set when the part is completed.</summary>
    public override LogLocation End => _end;

    public override long LastTime => _lastTime;

    public StreamEntry? Find(StreamName stream)
    {
        // Usually the store is that of the previous fact, and its name is the same string object.
        var store = _store;
        if (store is null || !ReferenceEquals(store.Name, stream.Store)) store = _stores.GetValueOrDefault(stream.Store);
        return store?.Find(stream.Key);
    }

    public override bool TryFind(Position position, out Segment segment, out long fileOffset)
    {
        var fact = this[position];
        segment = null!;
        fileOffset = fact.FileOffset;
        if (fact.Segment == Hole || fact.FileOffset == 0) return false;
        segment = _segments[fact.Segment];
        return true;
    }

    public MemoryFact this[Position position] => _facts[position.Value - first.Value];

    public Segment SegmentOf(in MemoryFact fact) => _segments[fact.Segment];

    public override Location LastLocation(StreamName stream, in TermKey key, Position until) => Find(stream)?.LastLocation(until) ?? default;

    public override IStreamLocations? FindStream(StreamName stream, in TermKey key) => Find(stream) is { Count: > 0 } entry ? entry : null;

    public override IndexedAppend? FindAppend(string appendId, in TermKey key) => FindAppend(appendId);

    public IndexedAppend? FindAppend(string appendId) => _appends.TryGetValue(appendId, out var append) ? append : null;

    public override CellEntry? FindCell(CellName cell, in TermKey key) => Cells.Find(cell);

    public override CellCursor? OpenCells(byte[] from, byte[] prefix) => Cells.Count > 0 ? new MemoryCellCursor(Cells, from, prefix) : null;

    public override PositionCursor? Open(in Term term, in TermKey key, Position after, Position until, bool backward) =>
        ListOf(term, until) is { } locations ? new LocationsCursor(locations, after, until, backward) : null;

    public override long CountAtMost(in Term term, in TermKey key) => ListOf(term, Last)?.Count ?? 0;

    public override StreamCursor? OpenStreams(string store, string prefix, string? after) =>
        _stores.TryGetValue(store, out var entry) ? new MemoryStreamCursor(entry, prefix, after is null ? "" : after + '\0') : null;

    public override IEnumerable<StoreCount> Stores()
    {
        foreach (var store in _stores.Values)
            if (store.Facts > 0) yield return new StoreCount(store.Name, store.Facts, store.Streams);
    }

    public override (Position AtOrBefore, Position After) Bracket(long recordedBy)
    {
        var count = checked((int)_times.Count);
        var until = BinarySearch.Count(new TimesUntil(_times, recordedBy), count);
        var after = until == count ? Next : _times[until].First;
        return (new Position(after.Value - 1), after);
    }

    /// <summary>The first position in a range whose fact is unknown, and therefore its stream; none when all are known.</summary>
    public Position FirstHole(Position after, Position until)
    {
        foreach (var hole in _holes.Items)
        {
            if (hole.Last <= after || hole.First > until) continue;
            return hole.First > after ? hole.First : after.Next();
        }

        return Position.None;
    }

    /// <summary>The first known fact of a range in this part that matches a query; none when no fact matches.</summary>
    public Position FirstMatch(FactQuery query, Position after, Position until)
    {
        var from = after < first ? first : after.Next();
        for (var position = from; position <= until && position <= Last; position = position.Next())
            if (this[position].Matches(query)) return position;
        return Position.None;
    }

    /// <summary>The time of the last append before a position; null when that append is not in this part.</summary>
    public long? LastTimeBefore(Position position)
    {
        for (var i = _times.Count - 1; i >= 0; i--)
            if (_times[i].First < position) return _times[i].Time;
        return null;
    }

    /// <summary>Each stream with a fact in this part, in no particular order.</summary>
    public IEnumerable<StreamEntry> AllStreams() => _stores.Values.SelectMany(static store => store.Entries).Where(stream => stream.Count > 0);

    public IEnumerable<KeyValuePair<string, IndexedAppend>> AllAppends() => _appends;

    public ChunkedList<BatchTime> Times => _times;

    /// <summary>The positions of stores, types and tags up to a position.</summary>
    public PositionsOfTerm[] AllTerms(Position until) => _terms.All(this, until);

    /// <summary>Adds a fact of a group that is now durable, at the next position.</summary>
    public void Add(Segment segment, long fileOffset, long recordedAt, in Location location, StreamEntry stream, string? type, string[] tags)
    {
        Invariant.Holds(location.Position == Next);
        if (_times.Count == 0 || _times[_times.Count - 1].Time != recordedAt) _times.Add(new BatchTime(location.Position, recordedAt));
        _lastTime = recordedAt;
        if (stream.Count == 0) AddStream(stream);
        stream.Add(location);
        stream.Pending = location.State;
        if (location.Version.Value == 1)
        {
            stream.Store!.Streams++;
            Volatile.Write(ref _streams, _streams + 1);
        }

        stream.Store!.Facts++;
        _bytes += BytesPerFact + (tags.Length * 32L);
        _facts.Add(new MemoryFact { Segment = NumberOf(segment), FileOffset = (uint)fileOffset, Stream = stream, Type = type, Tags = tags });
    }

    /// <summary>Sets the new location of a fact that was written again.</summary>
    public void Move(Segment segment, long fileOffset, Position position)
    {
        var index = position.Value - first.Value;
        _facts[index] = _facts[index] with { Segment = NumberOf(segment), FileOffset = (uint)fileOffset };
    }

    public void AddAppend(string appendId, in IndexedAppend append)
    {
        if (_appends.TryAdd(appendId, append)) _bytes += BytesPerAppendId + (appendId.Length * 2L);
        else _appends[appendId] = append;
    }

    public void AddCell(CellName cell, CellEntry entry) => Cells.Add(cell, entry);

    /// <summary>Records the time of an append without facts.</summary>
    public void Recorded(long time) => _lastTime = Math.Max(_lastTime, time);

    /// <summary>Completes the part: nothing is added to it afterwards.</summary>
    /// <param name="end">Where the log continues.</param>
    /// <param name="lastTime">The last RecordedAt up to there.</param>
    public void Complete(in LogLocation end, long lastTime) => (_end, _lastTime) = (end, lastTime);

    /// <summary>Makes a part with everything of this part that is after a run.</summary>
    /// <param name="last">The run's last position.</param>
    /// <param name="end">Where the log continues after the run.</param>
    /// <param name="endTime">The last RecordedAt up to there.</param>
    /// <param name="isAfter">Whether a location is at or after that end.</param>
    public MemoryPart PartAfter(Position last, in LogLocation end, long endTime, Func<LogLocation, bool> isAfter)
    {
        var newer = new MemoryPart(last.Next(), end, endTime);
        var batch = 0L;
        for (var position = last.Next(); position <= Last; position = position.Next())
        {
            while (batch + 1 < _times.Count && _times[batch + 1].First <= position) batch++;
            var fact = this[position];
            if (fact.Stream is not { } stream)
            {
                if (fact.Segment == Hole) newer.AddHole();
                else newer.AddLost(SegmentOf(fact), _times[batch].Time);
                continue;
            }

            var location = stream.Locations[stream.CountUntil(position) - 1];
            newer.Add(SegmentOf(fact), fact.FileOffset, _times[batch].Time, location, newer.FindOrMake(stream.Name.Store, stream.Name.Key), fact.Type, fact.Tags!);
        }

        // If an append has no facts, the location of its frame shows whether it is before or after the end of the run.
        foreach (var (id, append) in _appends)
            if (append.Frame == default ? append.Span.First > last : isAfter(append.Frame)) newer.AddAppend(id, append);
        foreach (var (cell, entry) in Cells.All())
            if (isAfter(entry.Location)) newer.AddCell(cell, entry);
        return newer;
    }

    /// <summary>Adds a hole: a position whose fact cannot be found.</summary>
    public void AddHole()
    {
        var position = Next;
        if (_holes.Count > 0 && _holes[_holes.Count - 1].Last.Next() == position) _holes.ReplaceLast(new PositionRange(_holes[_holes.Count - 1].First, position));
        else _holes.Add(new PositionRange(position, position));
        _facts.Add(new MemoryFact { Segment = Hole });
    }

    /// <summary>Adds a position whose fact is lost permanently, as a repair has recorded in a segment.</summary>
    /// <param name="segment">The segment with that record.</param>
    /// <param name="lastTime">The last RecordedAt before it, of facts or of cells alone. It replaces the fact's own time.</param>
    public void AddLost(Segment segment, long lastTime)
    {
        if (_times.Count == 0 || _times[_times.Count - 1].Time < lastTime) _times.Add(new BatchTime(Next, lastTime));
        Recorded(lastTime);
        _facts.Add(new MemoryFact { Segment = NumberOf(segment) });
    }

    /// <summary>The entry of a stream in this part, or a new entry, which is added with its first fact.</summary>
    public StreamEntry FindOrMake(ReadOnlySpan<char> store, ReadOnlySpan<char> key)
    {
        var known = _store;
        if (known is null || !store.SequenceEqual(known.Name))
        {
            known = _stores.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(store, out var found) ? found : new StoreEntry(new string(store));
            _store = known;
        }

        return known.Find(key) ?? new StreamEntry(new StreamName(known.Name, new string(key)), default);
    }

    IStreamLocations? ListOf(in Term term, Position until) => term.Kind == TermKind.Stream
        ? Find(new StreamName(term.Name, term.Key!))
        : _terms.Find(this, term, until);

    void AddStream(StreamEntry stream)
    {
        var name = stream.Name;
        if (!_stores.TryGetValue(name.Store, out var store))
        {
            store = _store is { } known && known.Name == name.Store ? known : new StoreEntry(name.Store);
            _stores[store.Name] = store;
        }

        stream.Store = store;
        store.Add(stream);
        _bytes += BytesPerStream + ((name.Store.Length + name.Key.Length) * 2);
    }

    int NumberOf(Segment segment)
    {
        if (_segment != segment)
        {
            _segments.Add(segment);
            _segment = segment;
        }

        return _segments.Count - 1;
    }

    readonly record struct PositionRange(Position First, Position Last);

    readonly struct TimesUntil(ChunkedList<BatchTime> times, long recordedBy) : IFirstItems
    {
        public bool Contains(int number) => times[number].Time <= recordedBy;
    }
}

/// <summary>The time at which an append was recorded, and its first position.</summary>
internal readonly record struct BatchTime(Position First, long Time);

/// <summary>A fact as a memory part knows it.</summary>
internal record struct MemoryFact
{
    /// <summary>The number of its segment in the part; negative if the fact is unknown.</summary>
    public required int Segment { get; init; }

    /// <summary>The offset of the fact in its segment; 0 if the fact is lost permanently.</summary>
    public uint FileOffset { get; init; }

    public StreamEntry? Stream { get; init; }

    public string? Type { get; init; }

    public string[]? Tags { get; init; }

    /// <summary>Whether it matches a validated query. An unknown fact matches no query.</summary>
    public readonly bool Matches(FactQuery query) => Stream is { Name: var name } && query.Matches(name.Store, name.Key, Type, Tags);
}
