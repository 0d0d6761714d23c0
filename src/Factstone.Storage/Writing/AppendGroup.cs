using System.Runtime.InteropServices;

namespace Factstone.Storage;

/// <summary>The appends that were accepted for one write. Each was decided on the state after the ones before it.</summary>
/// <remarks>Threads: only the writer. The object is reused, so that a group allocates no lists.</remarks>
internal sealed class AppendGroup(FactIndex index, LostFacts lost, IndexedReading reading, QueryReading queries, StreamTruncations truncations, StorageOptions options)
{
    const int StreamsKept = 1_024;

    readonly List<AcceptedAppend> _appends = [];
    readonly List<AcceptedFact> _facts = [];
    readonly Dictionary<StreamName, StreamEntry> _newStreams = [];
    readonly Dictionary<string, AppendSpan> _appendIds = new(StringComparer.Ordinal);

    /// <summary>The streams of one append, while its versions are collected.</summary>
    Dictionary<StreamEntry, int> _locations = [];
    readonly List<StreamAndVersion> _versions = [];
    IndexSnapshot _snapshot = IndexSnapshot.Empty;
    readonly GroupCells _cells = new(index, reading, options);

    public Span<AcceptedAppend> Appends => CollectionsMarshal.AsSpan(_appends);

    public Span<AcceptedFact> Facts => CollectionsMarshal.AsSpan(_facts);

    public Span<AcceptedCell> Cells => _cells.All;

    /// <summary>The oldest format that supports everything in the group.</summary>
    public int Format => _cells.All.IsEmpty ? LedgerLayout.FirstFormat : CellFormat.SinceFormat;

    public bool IsEmpty => _appends.Count == 0;

    /// <summary>An upper bound for the size of the group on disk, in bytes.</summary>
    public int BytesMax { get; private set; }

    public Position First => _appends[0].First;

    public Position Last => new(index.Next.Value + _facts.Count - 1);

    public long LastTime => _appends[^1].RecordedAt;

    /// <summary>Moves to the next append, and to the snapshot of its lookups.</summary>
    public void Consider(IndexSnapshot snapshot)
    {
        _snapshot = snapshot;
        _cells.Consider(snapshot);
    }

    public StreamState State(StreamName stream) => lost.Raise(stream, StateOfLeft(stream), new Position(Position.MaxValue));

    StreamState StateOfLeft(StreamName stream)
    {
        var entry = index.Active.Find(stream) ?? _newStreams.GetValueOrDefault(stream);
        if (entry is null) return Before(stream);
        return options.Defect == Defect.DecideWithoutGroup ? entry.Durable : entry.Pending;
    }

    public CellState State(CellName cell) => _cells.State(cell);

    public AppendSpan? FindAppend(string appendId)
    {
        if (index.MemoryAppend(appendId) is { } known) return known;
        if (_appendIds.TryGetValue(appendId, out var span)) return span;
        if (lost.FindAppend(appendId) is { } incomplete) return incomplete;
        return IsCurrent ? null : reading.FindAppend(appendId, Durable);
    }

    /// <summary>The version through which a stream is dropped, including the appends accepted so far.</summary>
    public StreamVersion DroppedThrough(StreamName stream)
    {
        if (!index.MayHaveTruncations && !_cells.HasTruncations) return StreamVersion.None;
        var cell = TruncationCell.NameOf(stream);
        if (_cells.Dropped(cell) is { Value: > 0 } accepted) return accepted;
        if (_snapshot.Dropped is { } looked && looked.TryGetValue(stream, out var known) && _cells.State(cell).Version == known.Cell) return known.Through;

        // Truncated since the append was prepared, or a stream that no condition names. The cell was written a moment ago, or the
        // answer would be a conflict.
        return truncations.Find(stream)?.Through ?? StreamVersion.None;
    }

    /// <summary>The first fact after a position that matches the query of a condition, including the appends accepted so far; none when no fact matches.</summary>
    /// <param name="condition">The number of the condition in the append, from 0.</param>
    /// <param name="query">Its query.</param>
    /// <param name="after">Only facts after this position match.</param>
    /// <param name="heldOnly">Whether dropped facts do not count.</param>
    public Position FirstMatch(int condition, FactQuery query, Position after, bool heldOnly)
    {
        while (true)
        {
            var found = FirstMatch(condition, query, after);
            if (!heldOnly || found == Position.None || !IsDropped(found)) return found;
            after = found;
        }
    }

    /// <summary>Whether a fact was dropped, also by an append of this group.</summary>
    bool IsDropped(Position position)
    {
        if (!index.MayHaveTruncations && !_cells.HasTruncations) return false;
        if (position > Durable)
        {
            ref readonly var fact = ref Facts[(int)(position.Value - Durable.Value - 1)];
            return fact.State.Version <= DroppedThrough(fact.Stream.Name);
        }

        return reading.ReadAt(position) is { } durable && durable.StreamVersion <= DroppedThrough(durable.Stream);
    }

    Position FirstMatch(int condition, FactQuery query, Position after)
    {
        var prepared = _snapshot.Matches[condition];
        if (prepared > after) return prepared;

        // What was looked up is the first match, so it says nothing about the positions after it.
        var looked = prepared == Position.None && _snapshot.Head > after ? _snapshot.Head : after;
        if (options.Defect != Defect.IgnoreSincePrepare && FirstMatchSince(looked, query) is { Value: > 0 } since) return since;
        if (options.Defect == Defect.DecideWithoutGroup) return Position.None;
        foreach (ref readonly var fact in Facts)
            if (fact.State.Position > after && query.Matches(fact.Stream.Name.Store, fact.Stream.Name.Key, fact.Type, fact.Tags)) return fact.State.Position;
        return Position.None;
    }

    /// <summary>The first durable match after a position up to which the query was already evaluated.</summary>
    Position FirstMatchSince(Position looked, FactQuery query)
    {
        looked = reading.SearchedAfter(looked);
        if (looked < index.MemoryFloor)
        {
            // As with the head of a stream: the append waited so long that its lookup is outdated, so the writer repeats it.
            options.BranchTaken?.Invoke(RecoveryBranch.WriterLookedUp);
            if (queries.First(query, looked, index.MemoryFloor) is { Value: > 0 } found) return found;
            looked = index.MemoryFloor;
        }

        return index.FirstMemoryMatch(query, looked);
    }

    public (PreparedAppend Append, int Index)? LastAccepted(StreamName stream)
    {
        for (var i = _appends.Count - 1; i >= 0; i--)
        {
            var append = _appends[i].Append;
            for (var j = append.Facts.Length - 1; j >= 0; j--)
                if (append.Facts[j].Stream == stream) return (append, j);
        }

        return null;
    }

    public AppendReceipt Accept(PreparedAppend append, long recordedAt)
    {
        var first = Last.Next();
        var from = _facts.Count;
        StreamEntry? entry = null;
        foreach (ref readonly var fact in append.Facts.AsSpan())
        {
            if (entry is null || entry.Name != fact.Stream) entry = FindOrAdd(fact.Stream);
            var before = lost.Raise(fact.Stream, entry.Pending, new Position(Position.MaxValue));
            var state = new StreamState(lost.NextVersion(fact.Stream, before), Last.Next(), fact.Retracts);
            entry.Pending = state;
            _facts.Add(new AcceptedFact(entry, state, fact.Type, fact.Tags));
        }

        _appends.Add(new AcceptedAppend(append, first, recordedAt));
        if (append.AppendId is { } id) _appendIds[id] = new AppendSpan(first, append.Facts.Length);
        BytesMax += append.Bytes;
        return new AppendReceipt
        {
            FirstPosition = first,
            LastPosition = Last,
            RecordedAt = Microseconds.ToTime(recordedAt),
            Versions = Versions(CollectionsMarshal.AsSpan(_facts)[from..]),
            CellVersions = _cells.Accept(append),
        };
    }

    /// <summary>Forgets the group after it is durable.</summary>
    public void Clear()
    {
        _appends.Clear();
        _facts.Clear();
        _newStreams.Clear();
        _appendIds.Clear();
        _cells.Clear();
        BytesMax = 0;
    }

    /// <summary>Takes back the versions that the group was given, because nothing of it was written.</summary>
    public void Refuse()
    {
        if (options.Defect != Defect.KeepRefusedVersions)
            foreach (ref readonly var fact in Facts) fact.Stream.Pending = fact.Stream.Durable;
        Clear();
    }

    StreamEntry FindOrAdd(StreamName stream)
    {
        if (index.Active.Find(stream) is { } known) return known;
        ref var fresh = ref CollectionsMarshal.GetValueRefOrAddDefault(_newStreams, stream, out _);
        return fresh ??= new StreamEntry(stream, Before(stream));
    }

    /// <summary>The head of a stream that is not in the newest part: from an older memory part, or from the snapshot.</summary>
    StreamState Before(StreamName stream)
    {
        if (index.MemoryState(stream) is { } state) return state;
        if (IsCurrent) return _snapshot.Heads is { } heads && heads.TryGetValue(stream, out var head) ? head : default;

        // The append waited so long that facts have moved from memory to a run. Preparing it again on another thread would
        // let later appends pass it, so the writer repeats the lookup itself.
        options.BranchTaken?.Invoke(RecoveryBranch.WriterLookedUp);
        return reading.StateAt(stream, Durable);
    }

    /// <summary>The last position before the group.</summary>
    Position Durable => new(index.Next.Value - 1);

    /// <summary>Whether everything that was appended after the snapshot is in memory.</summary>
    bool IsCurrent => index.HasAllSince(_snapshot) || options.Defect == Defect.StaleStreamHead;

    StreamAndVersion[] Versions(ReadOnlySpan<AcceptedFact> facts)
    {
        if (facts.IsEmpty) return [];
        if (IsOneStream(facts)) return [new StreamAndVersion(facts[0].Stream.Name, facts[^1].State.Version)];
        foreach (ref readonly var fact in facts)
        {
            ref var location = ref CollectionsMarshal.GetValueRefOrAddDefault(_locations, fact.Stream, out var isKnown);
            if (isKnown) _versions[location] = new StreamAndVersion(fact.Stream.Name, fact.State.Version);
            else
            {
                location = _versions.Count;
                _versions.Add(new StreamAndVersion(fact.Stream.Name, fact.State.Version));
            }
        }

        StreamAndVersion[] versions = [.. _versions];
        _versions.Clear();
        if (versions.Length <= StreamsKept) _locations.Clear();
        else _locations = []; // to clear it takes time with the most it ever had
        return versions;
    }

    static bool IsOneStream(ReadOnlySpan<AcceptedFact> facts)
    {
        foreach (ref readonly var fact in facts)
            if (fact.Stream != facts[0].Stream) return false;
        return true;
    }
}

/// <summary>An append with its first position and, after encoding, its offset in the file.</summary>
internal record struct AcceptedAppend(PreparedAppend Append, Position First, long RecordedAt)
{
    public long FileOffset { get; set; }
}

/// <summary>A fact with its stream, its place in the stream and, after encoding, its offset in the file.</summary>
internal record struct AcceptedFact(StreamEntry Stream, StreamState State, string? Type, string[] Tags)
{
    public long FileOffset { get; set; }
}
