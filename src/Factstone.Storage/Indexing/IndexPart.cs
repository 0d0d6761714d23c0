namespace Factstone.Storage;

/// <summary>The index of one range of positions: a run, or a memory part with the newest facts.</summary>
internal abstract class IndexPart
{
    public abstract Position First { get; }

    /// <summary>The last position in the part. In a memory part it grows; a reader uses nothing beyond its head.</summary>
    public abstract Position Last { get; }

    /// <summary>Where the log continues after the part.</summary>
    public abstract LogLocation End { get; }

    /// <summary>The last RecordedAt up to <see cref="End"/>. It is later than that of every earlier part.</summary>
    public abstract long LastTime { get; }

    /// <summary>The time at which its first fact was recorded; the largest number if it has no fact.</summary>
    public abstract long FirstTime { get; }

    /// <summary>The number of streams whose first fact is in this part.</summary>
    public abstract long Streams { get; }

    public abstract long AppendIds { get; }

    /// <summary>The location of a fact; false where damage in the log makes it unknown.</summary>
    public abstract bool TryFind(Position position, out Segment segment, out long fileOffset);

    /// <summary>Adds the locations of consecutive facts, up to the end of the part or of the page; returns the position after the last.</summary>
    public virtual Position AddLocations(FactPage page, Position position, Position until)
    {
        var last = Last < until ? Last : until;
        for (; position <= last && page.Count < page.Room; position = position.Next())
            page.Add(TryFind(position, out var segment, out var fileOffset) ? new FactLocation(position, segment, fileOffset) : new FactLocation(position, null, 0));
        return position;
    }

    /// <summary>Prefetches the memory that a lookup of a term visits first.</summary>
    public virtual void Prefetch(in TermKey key) { }

    /// <summary>The last location of a stream at or below a position; default when the stream has none in this part.</summary>
    public abstract Location LastLocation(StreamName stream, in TermKey key, Position until);

    /// <summary>The locations of a stream in this part, in order; null when it has none.</summary>
    public abstract IStreamLocations? FindStream(StreamName stream, in TermKey key);

    public abstract IndexedAppend? FindAppend(string appendId, in TermKey key);

    /// <summary>The newest write of a cell in this part; null when there is none.</summary>
    public abstract CellEntry? FindCell(CellName cell, in TermKey key);

    /// <summary>The cells at or after a term whose terms begin with a prefix, in order; null only when there are none.</summary>
    public abstract CellCursor? OpenCells(byte[] from, byte[] prefix);

    /// <summary>The positions of a term in a range that overlaps this part; null when the term has none in this part.</summary>
    public abstract PositionCursor? Open(in Term term, in TermKey key, Position after, Position until, bool backward);

    /// <summary>An upper bound for the number of positions that the term has in this part.</summary>
    public abstract long CountAtMost(in Term term, in TermKey key);

    /// <summary>The streams of a store whose keys begin with a prefix and come after a key, in order; null only when there are none.</summary>
    public abstract StreamCursor? OpenStreams(string store, string prefix, string? after);

    /// <summary>The stores, each with the number of its facts, and of its streams that begin in this part.</summary>
    public abstract IEnumerable<StoreCount> Stores();

    /// <summary>Two positions around a time: facts up to the first were recorded at or before the time, and facts from the second on after it. Call it only if <see cref="FirstTime"/> is not after the time.</summary>
    public abstract (Position AtOrBefore, Position After) Bracket(long recordedBy);
}

/// <summary>The locations of one stream in one part, numbered from 0.</summary>
internal interface IStreamLocations
{
    int Count { get; }

    Location this[int index] { get; }

    /// <summary>The number of locations with a position at or below this one.</summary>
    int CountUntil(Position until);

    /// <summary>The number of locations with a version below this one.</summary>
    int CountBelow(StreamVersion version);
}

/// <summary>The facts and the location of an append with an id.</summary>
/// <param name="Span">Its facts.</param>
/// <param name="Frame">The location of its frame, if it wrote cells; otherwise default.</param>
internal readonly record struct IndexedAppend(AppendSpan Span, LogLocation Frame);
