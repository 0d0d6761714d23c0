namespace Factstone.Storage;

internal sealed partial class FactIndex : ITermIndex
{
    public StreamState StateAt(StreamName stream, Position until) => LastLocation(stream, until).State;

    /// <summary>The last location of a stream at or below a position; default when there is none.</summary>
    public Location LastLocation(StreamName stream, Position until)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var parts = Parts;
        return LastLocation(parts, stream, KeyFor(Term.Stream(stream), parts, buffer), until);
    }

    static Location LastLocation(ReadOnlySpan<IndexPart> parts, StreamName stream, in TermKey key, Position until)
    {
        foreach (var part in parts) part.Prefetch(key);
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            if (parts[i].First > until) continue;
            var location = parts[i].LastLocation(stream, key, until);
            if (location.Version > StreamVersion.None) return location;
        }

        return default;
    }

    /// <summary>Prefetches the memory that a lookup of this stream visits first. It reads no file, so the caller needs no reference.</summary>
    public void Prefetch(StreamName stream)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var parts = Parts;
        var key = KeyFor(Term.Stream(stream), parts, buffer);
        foreach (var part in parts) part.Prefetch(key);
    }

    /// <summary>Finds the last fact of a stream at or below a position with as few lookups as possible.</summary>
    public LastFact FindLast(StreamName stream, Position until)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var parts = Parts;
        var key = KeyFor(Term.Stream(stream), parts, buffer);
        foreach (var part in parts) part.Prefetch(key);
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            if (parts[i].First > until) continue;
            if (parts[i] is Run run && run.Last <= until)
            {
                var (slots, segment, fileOffset) = run.FindSlot(key);
                if (slots == 0) continue;
                if (slots == 1 && segment is not null) return new LastFact(default, segment, fileOffset);
            }

            var location = parts[i].LastLocation(stream, key, until);
            if (location.Version > StreamVersion.None) return new LastFact(location, Candidate: null, CandidateAt: 0);
        }

        return default;
    }

    /// <summary>Reads locations of a stream in order of version.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="from">The first version. When reading backward: the last version, or none for the end of the stream.</param>
    /// <param name="until">The last position.</param>
    /// <param name="backward">Reads in descending order.</param>
    /// <param name="locations">Filled from the start.</param>
    /// <returns>The number of locations; fewer than fit only at the end of the stream.</returns>
    public int Locations(StreamName stream, StreamVersion from, Position until, bool backward, Span<Location> locations)
    {
        Span<byte> buffer = stackalloc byte[TermKey.BytesUsual];
        var parts = Parts;
        var key = KeyFor(Term.Stream(stream), parts, buffer);
        var count = 0;
        for (var i = 0; i < parts.Length && count < locations.Length; i++)
        {
            var part = parts[backward ? parts.Length - 1 - i : i];
            if (part.First > until || part.FindStream(stream, key) is not { } found) continue;
            var end = found.CountUntil(until);
            if (backward)
            {
                if (from > StreamVersion.None) end = Math.Min(end, found.CountBelow(from.Next()));
                for (var j = end - 1; j >= 0 && count < locations.Length; j--) locations[count++] = found[j];
            }
            else
            {
                for (var j = found.CountBelow(from); j < end && count < locations.Length; j++) locations[count++] = found[j];
            }
        }

        return count;
    }

    /// <summary>The part before this one; null when it is the first.</summary>
    /// <returns>False when the index no longer contains the part.</returns>
    public bool TryFindBefore(IndexPart part, out IndexPart? before)
    {
        var parts = Parts;
        var at = parts.IndexOf(part);
        before = at > 0 ? parts[at - 1] : null;
        return at >= 0;
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

    /// <summary>The location of a fact; false where damage in the log makes it unknown.</summary>
    public bool TryFind(Position position, out Segment segment, out long fileOffset) => PartOf(position).TryFind(position, out segment, out fileOffset);

    /// <summary>The location of a fact of a stream.</summary>
    public FactLocation LocationOf(in Location location) =>
        location.FileOffset > 0 && (PartOf(location.Position) switch { Run run => run, DamagedRun damaged => damaged.Run, _ => null })?.SegmentOf(location.Position) is { } segment
            ? new FactLocation(location.Position, segment, location.FileOffset)
            : LocationOf(location.Position);

    public FactLocation LocationOf(Position position) => TryFind(position, out var segment, out var fileOffset) ? new FactLocation(position, segment, fileOffset) : new FactLocation(position, null, 0);

    /// <summary>Adds the locations of consecutive facts, up to the end of one part or of the page; returns the position after the last.</summary>
    public Position AddLocations(FactPage page, Position position, Position until) => PartOf(position).AddLocations(page, position, until);

    /// <summary>The first position in a range whose fact is unknown, and therefore its stream; none when all are known.</summary>
    public Position FirstHole(Position after, Position until)
    {
        foreach (var part in Parts)
            if (part is MemoryPart { HasHoles: true } memory && memory.FirstHole(after, until) is { Value: > 0 } hole) return hole;
        return Position.None;
    }

    public bool IsHole(Position position) => FirstHole(new Position(position.Value - 1), position) > Position.None;

    /// <summary>Two positions around a time: facts up to the first were recorded at or before the time, and facts from the second on after it.</summary>
    public (Position AtOrBefore, Position After) Bracket(long recordedBy)
    {
        var parts = Parts;
        for (var i = parts.Length - 1; i >= 0; i--)
            if (parts[i].FirstTime <= recordedBy || i == 0) return parts[i].Bracket(recordedBy);
        throw new InvariantException("there is always a part");
    }

    /// <summary>Reads streams of a store whose keys begin with a prefix and come after a key, in order, each with its last location at or below a position.</summary>
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

            Location last = default;
            foreach (var cursor in open)
                if (last.Version == StreamVersion.None && cursor.IsWith(least)) last = cursor.LastLocation(until);
            heads.Add(least.Key, last);

            // The other cursors are compared with this one, so it moves last.
            for (var i = open.Count - 1; i >= 0; i--)
                if (open[i] != least && open[i].IsWith(least) && !open[i].MoveNext()) open.RemoveAt(i);
            if (!least.MoveNext()) open.Remove(least);
        }

        heads.IsLast = open.Count == 0;
    }

    /// <summary>All stores in order, with their numbers of facts and streams.</summary>
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

    /// <summary>The number of runs, and the total size of their files in bytes.</summary>
    public (int Runs, long Bytes) CountRuns()
    {
        var (count, bytes) = (0, 0L);
        foreach (var part in Parts)
        {
            if ((part as Run ?? (part as DamagedRun)?.Run) is not { } run) continue;
            count++;
            bytes += run.Footer.FileBytes;
        }

        return (count, bytes);
    }

    /// <summary>The progress of the rebuilds of damaged runs, in facts, cells or append ids; zeros where there are none.</summary>
    public (long Done, long Total) RebuildProgress()
    {
        var (done, total) = (0L, 0L);
        foreach (var part in Parts)
            if (part is DamagedRun damaged) (done, total) = (done + damaged.Rebuilt, total + damaged.Run.Footer.Items);
        return (done, total);
    }

    public PositionCursor Open(Term term, Position after, Position until, bool backward) => new PartTerms(Volatile.Read(ref _parts)).Open(term, after, until, backward);

    public long CountAtMost(Term term, Position after, Position until) => new PartTerms(Volatile.Read(ref _parts)).CountAtMost(term, after, until);

    /// <summary>A fact as the memory parts know it, without reading a file; null where a run has the fact.</summary>
    public MemoryFact? TryMemoryFact(Position position) => PartOf(position) is MemoryPart memory ? memory[position] : null;

    /// <summary>Finds the first fact of a short range that matches a query; none when no fact matches.</summary>
    /// <returns>False when part of the range is not in memory.</returns>
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

    IndexPart PartOf(Position position)
    {
        var parts = Parts;
        return parts[BinarySearch.Count(new PartsUntil(parts, position), parts.Length, known: 1) - 1];
    }

    readonly ref struct PartsUntil(ReadOnlySpan<IndexPart> parts, Position position) : IFirstItems
    {
        readonly ReadOnlySpan<IndexPart> _parts = parts;

        public bool Contains(int number) => _parts[number].First <= position;
    }

    /// <summary>Only runs use the bytes of a term, and the last part is never a run.</summary>
    static TermKey KeyFor(in Term term, ReadOnlySpan<IndexPart> parts, Span<byte> buffer) => parts.Length > 1 ? TermKey.Encode(term, buffer) : default;
}
