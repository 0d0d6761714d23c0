namespace Factstone.Storage;

/// <summary>Lists of streams, of their values, and of stores, in order.</summary>
internal sealed partial class IndexedReading
{
    /// <summary>The facts that give the records of a store their values.</summary>
    public IEnumerable<Fact> ReadValues(string store, string prefix, string? after, Position until, long limit, CancellationToken cancellationToken)
    {
        var values = Values(store, prefix, after, until, limit, cancellationToken);
        if (limit <= int.MaxValue) values = values.Take((int)limit);

        using var window = NewWindow(isLong: false);
        var reader = new FactReader(damage, window, options.Values);
        foreach (var some in values.Chunk(FactsTogether))
        {
            // What the first of them would wait for is prefetched for all of them.
            var locations = Array.ConvertAll(some, LocationOf);
            foreach (var location in locations) FactReader.Prefetch(location);
            foreach (var location in locations)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Read(reader, location);
            }
        }
    }

    IEnumerable<Location> Values(string store, string prefix, string? after, Position until, long expected, CancellationToken cancellationToken)
    {
        foreach (var (_, state, last) in Heads(store, prefix, after, until, expected))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (state.HasValue) yield return last;
        }
    }

    public IEnumerable<(StreamName Stream, StreamState State)> Streams(string store, string prefix, string? after, Position until, long expected) =>
        Heads(store, prefix, after, until, expected).Select(static head => (head.Stream, head.State));

    /// <summary>Streams in the order of their keys, each with its state and the location of its last remaining fact.</summary>
    IEnumerable<(StreamName Stream, StreamState State, Location Last)> Heads(string store, string prefix, string? after, Position until, long expected)
    {
        RefuseUnknownEnd(until);
        var hole = index.FirstHole(Position.None, until);
        if (hole > Position.None)
            throw new LedgerDamagedException($"It is unknown whether {store} has another key, from position {hole}.", damage.At(hole));

        var room = (int)Math.Clamp(expected, 1, KeysPerPage);
        StreamHeads heads;
        do
        {
            (heads, var from) = (new StreamHeads(room), after);
            Lookup(() =>
            {
                index.FindStreams(store, prefix, from, until, heads);
                return heads;
            });
            foreach (var (key, last) in heads.Found)
            {
                var stream = new StreamName(store, key);
                if (Raise(stream, last.State, until) is { Version.Value: > 0 } state) yield return (stream, state, last); // otherwise its first fact came later
                after = key;
            }

            room = KeysPerPage;
            BetweenPages();
        }
        while (!heads.IsLast);
    }

    StreamState Raise(StreamName stream, StreamState left, Position until)
    {
        if (lost.IsEmpty) return left;
        using var reading = gate.Enter();
        return lost.Raise(stream, left, until);
    }

    public IReadOnlyList<StoreCount> Stores(Position until)
    {
        RefuseUnknownEnd(until);
        var hole = index.FirstHole(Position.None, until);
        if (hole > Position.None)
            throw new LedgerDamagedException($"It is unknown whether there is another store, from position {hole}.", damage.At(hole));
        return Lookup(index.Stores);
    }

    /// <summary>The number of known stores.</summary>
    public int CountStores() => Lookup(index.Stores).Count;
}
