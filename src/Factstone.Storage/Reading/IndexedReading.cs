namespace Factstone.Storage;

/// <summary>Finds facts by the index and reads them from the log. Where the index is damaged, it is made again and asked anew.</summary>
/// <remarks>Threads: any number. What spans many facts is read in pages, so that nothing is held between two of them.</remarks>
internal sealed class IndexedReading(FactIndex index, LostFacts lost, DamageLog damage, IndexMending mending, ReaderGate gate, StorageOptions options)
{
    const int PlacesPerPage = 256;
    const int KeysPerPage = 256;

    /// <summary>The facts of a stream are far from one another: so many ahead, the processor is told where.</summary>
    const int PlacesExpected = 3;

    public StreamState StateAt(StreamName stream, Position until)
    {
        using var reading = gate.Enter();
        while (true)
        {
            try
            {
                var state = index.StateAt(stream, until);
                RefuseHole(stream, state.Position, until);
                return lost.Raise(stream, state, until);
            }
            catch (RunDamagedException found)
            {
                mending.Mend(found.Run);
            }
        }
    }

    public AppendSpan? FindAppend(string appendId, Position head)
    {
        if ((Ask(() => index.FindAppend(appendId))?.Span ?? lost.FindAppend(appendId)) is { } span) return span.Last <= head ? span : null;

        // An id is in the header of its frame; where facts are missing, a header may be missing too.
        if (damage.All.Count > 0) throw new LedgerDamagedException($"Whether there is an append '{appendId}' cannot be told.", damage.All);
        return null;
    }

    /// <summary>The frame of the append with an id, if it wrote cells; null if not.</summary>
    public LogPlace? FrameOfCells(string appendId) => Ask(() => index.FindAppend(appendId)) is { Frame: var frame } && frame != default ? frame : null;

    public AppendSnapshot Prepare(PreparedAppend append)
    {
        using var reading = gate.Enter();
        while (true)
        {
            try
            {
                return index.Prepare(append);
            }
            catch (RunDamagedException found)
            {
                mending.Mend(found.Run);
            }
        }
    }

    /// <summary>The last position up to the head that was recorded at or before a time.</summary>
    public Position PositionAt(long recordedBy, StorageHead head)
    {
        if (recordedBy >= head.RecordedAt && options.Defect != Defect.RecordedByIsExclusive) return head.Position;
        var time = options.Defect == Defect.RecordedByIsExclusive ? recordedBy - 1 : recordedBy;
        var (low, high) = Ask(() => index.Bracket(time));

        // Between two rows of a run's table, the facts themselves say when they were recorded.
        using var window = NewWindow(isLong: false);
        var reader = new FactReader(index, damage, window);
        while (high.Value - low.Value > 1)
        {
            var middle = new Position((low.Value + high.Value) >>> 1);
            if (TimeAt(reader, middle) <= time) low = middle;
            else high = middle;
        }

        var position = low < head.Position ? low : head.Position;

        // A fact without a header has no time: it may have been recorded before or after.
        if (recordedBy < head.RecordedAt && index.IsHole(position))
            throw new LedgerDamagedException($"Whether position {position} was recorded by then cannot be told.", damage.At(position));
        return position;
    }

    public IEnumerable<Fact> Read(Position from, Position until, bool backward)
    {
        using var window = NewWindow(isLong: true);
        var reader = new FactReader(index, damage, window);
        if (backward)
        {
            for (var position = from <= until ? from : until; position > Position.None; position = new Position(position.Value - 1))
                if (lost.Contains(position, out var gone)) position = gone.First;
                else yield return ReadAt(reader, position);
        }
        else
        {
            for (var position = from > Position.None ? from : new Position(1); position <= until; position = position.Next())
                if (lost.Contains(position, out var gone)) position = gone.Last;
                else yield return ReadAt(reader, position);
        }
    }

    public Fact? ReadAt(Position position)
    {
        if (lost.Contains(position, out _)) return null;
        using var window = NewWindow(isLong: false);
        return ReadAt(new FactReader(index, damage, window), position);
    }

    public IEnumerable<Fact> ReadStream(StreamName stream, StreamVersion from, Position until, bool backward)
    {
        using var window = NewWindow(isLong: false);
        var reader = new FactReader(index, damage, window);
        var facts = backward ? ReadBackward(stream, from, until, reader) : ReadForward(stream, from, until, reader);
        foreach (var fact in facts) yield return fact;
    }

    public IEnumerable<string> Keys(string store, string prefix, string? after, Position until)
    {
        var hole = index.FirstHole(Position.None, until);
        if (hole > Position.None)
            throw new LedgerDamagedException($"Whether {store} has another key, from position {hole}, cannot be told.", damage.At(hole));

        while (true)
        {
            var page = Ask(() => index.Keys(store, prefix, after).Take(KeysPerPage).ToList());
            foreach (var key in page) yield return key;
            if (page.Count < KeysPerPage) yield break;
            after = page[^1];
        }
    }

    public IReadOnlyList<StoreCount> Stores(Position until)
    {
        var hole = index.FirstHole(Position.None, until);
        if (hole > Position.None)
            throw new LedgerDamagedException($"Whether there is another store, from position {hole}, cannot be told.", damage.At(hole));
        return Ask(index.Stores);
    }

    /// <summary>How many stores are known.</summary>
    public int CountStores() => Ask(index.Stores).Count;

    IEnumerable<Fact> ReadForward(StreamName stream, StreamVersion from, Position until, FactReader reader)
    {
        var expected = Math.Max(from.Value, 1);
        var last = Position.None;
        var places = new Place[PlacesPerPage];
        int count;
        do
        {
            var next = new StreamVersion(expected);
            count = Ask(() => index.Places(stream, next, until, backward: false, places));
            for (var i = 0; i < count; i++)
            {
                if (places[i].Version.Value != expected) RefuseGap(stream, new StreamVersion(expected), last, places[i].Position);
                if (i + PlacesExpected < count) Expect(reader, places[i + PlacesExpected].Position);
                yield return ReadAt(reader, places[i].Position);
                last = places[i].Position;
                expected = places[i].Version.Value + 1;
            }
        }
        while (count == places.Length);

        if (last == Position.None && from > StreamVersion.None) last = StateBelow(stream, from, until);
        RefuseHole(stream, last, until);
    }

    IEnumerable<Fact> ReadBackward(StreamName stream, StreamVersion from, Position until, FactReader reader)
    {
        if (from.Value > Position.MaxValue) from = StreamVersion.None;
        var head = StateAtOrHole(stream, until);
        var beginsAtEnd = from == StreamVersion.None || from >= head.Version;

        // Whoever begins at the end is told first if the end is unknown.
        if (beginsAtEnd) RefuseHole(stream, head.Position, until);

        // Where a later version is known, all versions below it were written.
        var expected = beginsAtEnd ? head.Version.Value : from.Value;
        var last = until;
        var places = new Place[PlacesPerPage];
        while (expected > 0)
        {
            var next = new StreamVersion(expected);
            var count = Ask(() => index.Places(stream, next, until, backward: true, places));
            for (var i = 0; i < count; i++)
            {
                if (places[i].Version.Value != expected) RefuseGap(stream, new StreamVersion(expected), places[i].Position, last);
                yield return ReadAt(reader, places[i].Position);
                last = places[i].Position;
                expected = places[i].Version.Value - 1;
            }

            if (count < places.Length) break;
        }

        if (expected > 0) RefuseGap(stream, new StreamVersion(expected), Position.None, last);
    }

    /// <summary>When the fact at a position was recorded; where it is gone for good, the one before it.</summary>
    long TimeAt(FactReader reader, Position position)
    {
        while (lost.Contains(position, out var gone)) position = new Position(gone.First.Value - 1);
        return position == Position.None ? long.MinValue : Ask(() => reader.ReadTime(position));
    }

    StreamState StateAtOrHole(StreamName stream, Position until) => Ask(() => index.StateAt(stream, until));

    /// <summary>The position of the last fact of a stream below a version.</summary>
    Position StateBelow(StreamName stream, StreamVersion version, Position until)
    {
        var places = new Place[1];
        var below = new StreamVersion(version.Value - 1);
        return below > StreamVersion.None && Ask(() => index.Places(stream, below, until, backward: true, places)) == 1 ? places[0].Position : Position.None;
    }

    public Fact ReadAt(FactReader reader, Position position)
    {
        using var reading = gate.Enter();
        while (true)
        {
            try
            {
                return reader.Read(position);
            }
            catch (RunDamagedException found)
            {
                mending.Mend(found.Run);
            }
        }
    }

    void Expect(FactReader reader, Position position)
    {
        using var reading = gate.Enter();
        try
        {
            reader.Expect(position);
        }
        catch (RunDamagedException)
        {
            // Whoever reads it has the run made again.
        }
    }

    /// <summary>Asks the index; where that finds a run damaged, once more when the run has been made again.</summary>
    public T Ask<T>(Func<T> question)
    {
        using var reading = gate.Enter();
        while (true)
        {
            try
            {
                return question();
            }
            catch (RunDamagedException found)
            {
                mending.Mend(found.Run);
            }
        }
    }

    /// <summary>A fact whose header is damaged may be of any stream: who would have to know whether it is of this one is told that nobody knows.</summary>
    void RefuseHole(StreamName stream, Position after, Position until)
    {
        var hole = index.FirstHole(after, until);
        if (hole > Position.None)
            throw new LedgerDamagedException($"Whether {stream} has a fact at position {hole} cannot be told.", damage.At(hole));
    }

    /// <summary>A version that is not there is damage, unless a repair has said that facts are gone where it was.</summary>
    void RefuseGap(StreamName stream, StreamVersion version, Position after, Position before)
    {
        var hole = index.FirstHole(after, before);
        if (hole == Position.None && lost.AnyIn(after, before)) return;
        throw new LedgerDamagedException($"Version {version} of {stream} cannot be read.", hole > Position.None ? damage.At(hole) : damage.All);
    }

    public static FileWindow NewWindow(bool isLong) => isLong ? new FileWindow(16 * 1_024, 1_024 * 1_024) : new FileWindow(2 * 1_024, 256 * 1_024);
}
