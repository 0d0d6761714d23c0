namespace Factstone.Storage;

/// <summary>What the index says of a stretch of positions: a run, or the newest facts in memory.</summary>
internal abstract class IndexPart
{
    public abstract Position First { get; }

    /// <summary>The last position it says anything about. In memory it grows; a reader looks at nothing beyond its head.</summary>
    public abstract Position Last { get; }

    /// <summary>Where the log goes on behind it.</summary>
    public abstract LogLocation End { get; }

    /// <summary>The last RecordedAt up to <see cref="End"/>, which is later than that of any part before.</summary>
    public abstract long LastTime { get; }

    /// <summary>When its first fact was recorded; the largest number where it has none.</summary>
    public abstract long FirstTime { get; }

    /// <summary>How many streams begin here.</summary>
    public abstract long Streams { get; }

    public abstract long AppendIds { get; }

    /// <summary>Where a fact is; false where the log is too damaged to tell.</summary>
    public abstract bool TryFind(Position position, out Segment segment, out long fileOffset);

    /// <summary>Adds the places of facts that follow one another, as far as they are here and there is room; returns the position behind the last.</summary>
    public virtual Position AddLocations(FactPage page, Position position, Position until)
    {
        var last = Last < until ? Last : until;
        for (; position <= last && page.Count < page.Room; position = position.Next())
            page.Add(TryFind(position, out var segment, out var fileOffset) ? new FactLocation(position, segment, fileOffset) : new FactLocation(position, null, 0));
        return position;
    }

    /// <summary>Tells the processor what a look for a term will touch first, so that it is on its way by then.</summary>
    public virtual void Prefetch(in TermKey key) { }

    /// <summary>The last place of a stream at or below a position; default when it has none here.</summary>
    public abstract Location LastLocation(StreamName stream, in TermKey key, Position until);

    /// <summary>The places of a stream here, in their order; null when it has none.</summary>
    public abstract IStreamLocations? FindStream(StreamName stream, in TermKey key);

    public abstract IndexedAppend? FindAppend(string appendId, in TermKey key);

    /// <summary>The newest write here of a cell; null when there is none.</summary>
    public abstract CellEntry? FindCell(CellName cell, in TermKey key);

    /// <summary>The cells from a term on whose terms begin with a prefix, in order; null when there surely are none.</summary>
    public abstract CellCursor? OpenCells(byte[] from, byte[] prefix);

    /// <summary>The positions of a term, opened in a range of which a part is here; null when it has none here.</summary>
    public abstract PositionCursor? Open(in Term term, in TermKey key, Position after, Position until, bool backward);

    /// <summary>At least as many as the term has positions here.</summary>
    public abstract long CountAtMost(in Term term, in TermKey key);

    /// <summary>The streams of a store whose keys begin with a prefix, behind a key, in order; null when there surely are none.</summary>
    public abstract StreamCursor? OpenStreams(string store, string prefix, string? after);

    /// <summary>The stores, each with its number of facts and of streams that begin here.</summary>
    public abstract IEnumerable<StoreCount> Stores();

    /// <summary>Two positions between which a time falls: the first was recorded at or before it, and what lies from the second on, after. Only where <see cref="FirstTime"/> is not after it.</summary>
    public abstract (Position AtOrBefore, Position After) Bracket(long recordedBy);
}

/// <summary>The places of one stream in one part, by number from 0.</summary>
internal interface IStreamLocations
{
    int Count { get; }

    Location this[int index] { get; }

    /// <summary>How many have a position at or below this one.</summary>
    int CountUntil(Position until);

    /// <summary>How many have a version below this one.</summary>
    int CountBelow(StreamVersion version);
}

/// <summary>Where the append with an id is.</summary>
/// <param name="Span">Its facts.</param>
/// <param name="Frame">Its frame, if it wrote cells; default if not.</param>
internal readonly record struct IndexedAppend(AppendSpan Span, LogLocation Frame);
