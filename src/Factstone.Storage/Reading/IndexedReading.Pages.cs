namespace Factstone.Storage;

/// <summary>The locations of the facts of a range or of a stream, one page at a time.</summary>
internal sealed partial class IndexedReading
{
    /// <summary>The locations of all facts between two positions, except those that are lost for good.</summary>
    IEnumerable<FactPage> Pages(Position from, Position until, bool backward)
    {
        using var page = new FactPage();
        var next = !backward ? from > Position.None ? from : new Position(1) : from <= until ? from : until;
        if (backward && next == until) RefuseUnknownEnd(until);
        while (next > Position.None && next <= until)
        {
            var first = next;
            page.Grow();
            next = Lookup((reading: this, page, first, until, backward), static (_, about) => about.reading.Fill(about.page, about.first, about.until, about.backward));
            if (page.Count > 0) yield return page;
            BetweenPages();
        }

        if (!backward) RefuseUnknownEnd(until);
    }

    /// <summary>Returns the position after the last one that was visited.</summary>
    Position Fill(FactPage page, Position position, Position until, bool backward)
    {
        page.Clear();
        if (!backward && lost.IsEmpty) position = FillForward(page, position, until);
        while (page.Count < page.Room && position > Position.None && position <= until)
        {
            if (lost.Contains(position, out var gone)) position = backward ? gone.First : gone.Last;
            else if (!TryAdd(page, new Location(default, position, retracts: false))) return position;
            position = new Position(position.Value + (backward ? -1 : 1));
        }

        return position;
    }

    /// <summary>Fills the page as far as the index is whole. From the damaged place on, each location is looked up by itself.</summary>
    Position FillForward(FactPage page, Position position, Position until)
    {
        try
        {
            while (page.Count < page.Room && position <= until) position = index.AddLocations(page, position, until);
        }
        catch (RunDamagedException)
        {
            return page.Count == 0 ? position : page[page.Count - 1].Position.Next();
        }

        return position;
    }

    /// <summary>False if the index is damaged after what the page has. That is examined when everything before it was read.</summary>
    bool TryAdd(FactPage page, in Location location)
    {
        try
        {
            page.Add(index.LocationOf(location));
            return true;
        }
        catch (RunDamagedException) when (page.Count > 0)
        {
            return false;
        }
    }

    IEnumerable<FactPage> StreamPages(StreamName stream, StreamVersion from, Position until, bool backward) =>
        backward ? StreamPagesBackward(stream, from, until) : StreamPagesForward(stream, from, until);

    IEnumerable<FactPage> StreamPagesForward(StreamName stream, StreamVersion from, Position until)
    {
        var expected = Math.Max(from.Value, 1);
        var last = Position.None;
        using var page = new StreamPage();
        do
        {
            var next = new StreamVersion(expected);
            page.Grow();
            Lookup((reading: this, page, stream, next, until), static (_, about) => about.reading.Fill(about.page, about.stream, about.next, about.until, backward: false));
            for (var start = 0; start < page.Facts.Count; start = page.Facts.End)
            {
                var version = page.VersionAt(start);
                if (version.Value != expected) RefuseGap(stream, new StreamVersion(expected), last, page.Facts[start].Position);
                page.ShowDense(start, step: 1);
                yield return page.Facts;
                last = page.Facts[page.Facts.End - 1].Position;
                expected = page.VersionAt(page.Facts.End - 1).Value + 1;
            }

            BetweenPages();
        }
        while (!page.IsLast);

        if (last == Position.None && from > StreamVersion.None) last = StateBelow(stream, from, until);
        RefuseHole(stream, last, until);
        RefuseUnknownEnd(until);
    }

    IEnumerable<FactPage> StreamPagesBackward(StreamName stream, StreamVersion from, Position until)
    {
        if (from.Value > Position.MaxValue) from = StreamVersion.None;
        var head = StateAtOrHole(stream, until);
        var beginsAtEnd = from == StreamVersion.None || from >= head.Version;

        // For a read that begins at the end, an unknown end is reported first.
        if (beginsAtEnd)
        {
            RefuseHole(stream, head.Position, until);
            RefuseUnknownEnd(until);
        }

        // If a later version is known, all versions below it were written.
        var expected = beginsAtEnd ? head.Version.Value : from.Value;
        var last = until;
        using var page = new StreamPage();
        while (expected > 0 && !page.IsLast)
        {
            var next = new StreamVersion(expected);
            page.Grow();
            Lookup((reading: this, page, stream, next, until), static (_, about) => about.reading.Fill(about.page, about.stream, about.next, about.until, backward: true));
            for (var start = 0; start < page.Facts.Count; start = page.Facts.End)
            {
                var version = page.VersionAt(start);
                if (version.Value != expected) RefuseGap(stream, new StreamVersion(expected), page.Facts[start].Position, last);
                page.ShowDense(start, step: -1);
                yield return page.Facts;
                last = page.Facts[page.Facts.End - 1].Position;
                expected = page.VersionAt(page.Facts.End - 1).Value - 1;
            }

            BetweenPages();
        }

        if (expected > 0) RefuseGap(stream, new StreamVersion(expected), Position.None, last);
    }

    bool Fill(StreamPage page, StreamName stream, StreamVersion from, Position until, bool backward)
    {
        page.Facts.Clear();
        var found = index.Locations(stream, from, until, backward, page.Locations);
        page.IsLast = found < page.Locations.Length;
        for (var i = 0; i < found; i++)
        {
            if (TryAdd(page.Facts, page.Locations[i])) continue;
            page.IsLast = false;
            break;
        }

        return page.IsLast;
    }

    StreamState StateAtOrHole(StreamName stream, Position until) => Lookup(() => index.StateAt(stream, until));

    /// <summary>The position of the last fact of a stream below a version.</summary>
    Position StateBelow(StreamName stream, StreamVersion version, Position until)
    {
        var locations = new Location[1];
        var below = new StreamVersion(version.Value - 1);
        return below > StreamVersion.None && Lookup(() => index.Locations(stream, below, until, backward: true, locations)) == 1 ? locations[0].Position : Position.None;
    }

    /// <summary>A missing version is damage, unless a repair has recorded that facts were lost at its place.</summary>
    void RefuseGap(StreamName stream, StreamVersion version, Position after, Position before)
    {
        using var reading = gate.Enter();
        var hole = index.FirstHole(after, before);
        if (hole == Position.None && lost.AnyIn(after, before)) return;
        throw new LedgerDamagedException($"Version {version} of {stream} cannot be read.", hole > Position.None ? damage.At(hole) : damage.All);
    }
}
