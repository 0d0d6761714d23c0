using System.Collections.Concurrent;
using System.Text;

namespace Factstone.Storage;

/// <summary>Where every fact is, by position, stream, time and append id; in memory, made again from the log by each open.</summary>
/// <remarks>
/// Always true: what it says of positions up to the head is final. Threads: the writer, or the one that opens or
/// refreshes, adds; others read, and look at nothing beyond the head that they read before.
/// </remarks>
internal sealed class FactIndex(Defect defect = Defect.None) : IFrameVisitor
{
    const long Hole = -1;

    readonly ConcurrentDictionary<string, StoreEntry> _stores = new(concurrencyLevel: 1, capacity: 7, StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, AppendSpan> _appends = new(concurrencyLevel: 1, capacity: 31, StringComparer.Ordinal);
    readonly ChunkedList<long> _places = new();
    readonly GrowingList<BatchTime> _times = new();
    readonly GrowingList<Segment> _segments = new();
    readonly GrowingList<PositionRange> _holes = new();
    Segment? _segment;
    StoreEntry? _store;
    long _streams;

    /// <summary>The position that comes after all that were added.</summary>
    public Position Next => new(_places.Count + 1);

    public long LastTime { get; private set; }

    public long Streams => Volatile.Read(ref _streams);

    public long Stores => _stores.Count;

    public long AppendIds => _appends.Count;

    public StreamEntry? Find(StreamName stream) => _stores.GetValueOrDefault(stream.Store)?.Find(stream.Key);

    public StoreEntry? FindStore(string store) => _stores.GetValueOrDefault(store);

    public AppendSpan? FindAppend(string appendId) => _appends.TryGetValue(appendId, out var span) ? span : null;

    /// <summary>Where a fact is; false where the log is too damaged to tell.</summary>
    public bool TryFind(Position position, out Segment segment, out long fileOffset)
    {
        var place = _places[position.Value - 1];
        segment = null!;
        fileOffset = place & uint.MaxValue;
        if (place == Hole) return false;
        segment = _segments[(int)(place >> 32)];
        return true;
    }

    /// <summary>The first position in a range whose fact, and so its stream, is unknown; none when all are known.</summary>
    public Position FirstHole(Position after, Position until)
    {
        foreach (var hole in _holes.Items)
        {
            if (hole.Last <= after || hole.First > until) continue;
            return hole.First > after ? hole.First : after.Next();
        }

        return Position.None;
    }

    public bool IsHole(Position position) => FirstHole(new Position(position.Value - 1), position) > Position.None;

    public Position PositionAt(long recordedBy, Position head)
    {
        var times = _times.Items;
        int low = 0, high = times.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (times[middle].Time <= recordedBy) low = middle + 1;
            else high = middle;
        }

        var position = low == times.Length ? head : new Position(times[low].First.Value - 1);
        return position < head ? position : head;
    }

    public void Frame(Segment segment, in FrameHeader header, string? appendId)
    {
        // A frame that was rewritten after a crash may already be here, from a disk that was too full to rewrite it then.
        if (appendId is not null && header.FactCount > 0 && defect != Defect.ForgetAppendIds) _appends[appendId] = new AppendSpan(header.BasePosition, header.FactCount);
        if (header.FactCount == 0) LastTime = Math.Max(LastTime, header.Time);
    }

    public void Fact(Segment segment, long fileOffset, in HeaderView header)
    {
        if (header.Position < Next) return;
        Add(segment, fileOffset, header.Position, header.RecordedAt, header.StreamVersion, header.Retracts, FindOrAdd(header.Store, header.Key));
    }

    /// <summary>A fact of a group that is durable now.</summary>
    public void Add(Segment segment, long fileOffset, Position position, long recordedAt, StreamVersion version, bool retracts, StreamEntry stream)
    {
        while (Next < position) AddHole();
        if (recordedAt != LastTime || _times.Count == 0)
        {
            _times.Add(new BatchTime(position, recordedAt));
            LastTime = recordedAt;
        }

        if (stream.Count == 0 && Find(stream.Name) is null) AddStream(stream);
        stream.Add(new Place(version, position, retracts));
        stream.Pending = new StreamState(version, position, retracts);
        _places.Add(PlaceIn(segment, fileOffset));
    }

    /// <summary>The fact has been written anew at another place.</summary>
    public void Move(Segment segment, long fileOffset, Position position) => _places[position.Value - 1] = PlaceIn(segment, fileOffset);

    /// <summary>The time of the last append before a position.</summary>
    public long LastTimeBefore(Position position)
    {
        var times = _times.Items;
        for (var i = times.Length - 1; i >= 0; i--)
            if (times[i].First < position) return times[i].Time;
        return 0;
    }

    public void AddAppend(string appendId, AppendSpan span) => _appends[appendId] = span;

    /// <summary>Positions whose facts cannot be found, up to and including the last.</summary>
    public void AddHoles(Position last)
    {
        while (Next <= last) AddHole();
    }

    long PlaceIn(Segment segment, long fileOffset)
    {
        if (_segment != segment)
        {
            _segments.Add(segment);
            _segment = segment;
        }

        return ((long)(_segments.Count - 1) << 32) | fileOffset;
    }

    void AddHole()
    {
        var position = Next;
        if (_holes.Count > 0 && _holes[_holes.Count - 1].Last.Next() == position) _holes.ReplaceLast(new PositionRange(_holes[_holes.Count - 1].First, position));
        else _holes.Add(new PositionRange(position, position));
        _places.Add(Hole);
    }

    StreamEntry FindOrAdd(ReadOnlySpan<byte> store, ReadOnlySpan<byte> key)
    {
        Span<char> buffer = stackalloc char[FactLimits.KeyBytesMax];
        var known = _store;
        if (known is null || !IsText(store, known.Name))
        {
            var name = Encoding.UTF8.GetString(store);
            known = _stores.GetValueOrDefault(name) ?? new StoreEntry(name);
            _store = known;
        }

        if (key.Length > FactLimits.KeyBytesMax) return known.Find(Encoding.UTF8.GetString(key)) ?? new StreamEntry(new StreamName(known.Name, Encoding.UTF8.GetString(key)));
        var characters = Encoding.UTF8.GetChars(key, buffer);
        return known.Find(buffer[..characters]) ?? new StreamEntry(new StreamName(known.Name, new string(buffer[..characters])));
    }

    void AddStream(StreamEntry stream)
    {
        if (!_stores.TryGetValue(stream.Name.Store, out var store))
        {
            store = _store is { } known && known.Name == stream.Name.Store ? known : new StoreEntry(stream.Name.Store);
            _stores[store.Name] = store;
        }

        store.Add(stream);
        Volatile.Write(ref _streams, _streams + 1);
    }

    static bool IsText(ReadOnlySpan<byte> bytes, string text)
    {
        if (bytes.Length != text.Length) return false;
        for (var i = 0; i < bytes.Length; i++)
            if (bytes[i] != text[i] || bytes[i] >= 0x80) return false;
        return true;
    }

    readonly record struct BatchTime(Position First, long Time);

    readonly record struct PositionRange(Position First, Position Last);
}
