namespace Factstone.Cli.Bench;

/// <summary>The acknowledged facts: which fact has which version of which stream. One object per caller, so that recording costs almost nothing.</summary>
internal sealed class Acknowledged
{
    readonly List<Entry> _entries = new(1 << 16);

    public void Add(int stream, long version, long number) => Add(stream, version, number, count: 1);

    /// <summary>Adds consecutive facts of one stream.</summary>
    public void Add(int stream, long firstVersion, long firstNumber, int count) => _entries.Add(new Entry(stream, (int)firstVersion, firstNumber, count));

    /// <summary>Reads everything back: the number of facts per stream, versions without gaps, payloads byte for byte.</summary>
    /// <exception cref="InvalidDataException">The store contains something else.</exception>
    public static async ValueTask CompareAsync(IReadOnlyList<Acknowledged> callers, IBenchStore store, Payloads payloads)
    {
        var streams = new List<Entry>[ZipfStreams.Count];
        for (var i = 0; i < streams.Length; i++) streams[i] = [];
        foreach (var entry in callers.SelectMany(caller => caller._entries))
        {
            for (var i = 0; i < entry.Count; i++) streams[entry.Stream].Add(new Entry(entry.Stream, entry.Version + i, entry.Number + i, Count: 1));
        }

        for (var stream = 0; stream < streams.Length; stream++)
        {
            var expected = streams[stream];
            expected.Sort(static (a, b) => a.Version.CompareTo(b.Version));
            var read = 0;
            await foreach (var (version, payload) in store.ReadAsync(stream).ConfigureAwait(false))
            {
                if (read == expected.Count) throw new InvalidDataException($"Stream {stream} has more than the {expected.Count} facts that were acknowledged.");
                if (version != read + 1 || expected[read].Version != version) throw new InvalidDataException($"Stream {stream} has version {version} where {read + 1} should be.");
                if (!payload.Span.SequenceEqual(payloads[expected[read].Number])) throw new InvalidDataException($"Stream {stream} version {version} has another payload than was appended.");
                read++;
            }

            if (read != expected.Count) throw new InvalidDataException($"Stream {stream} has {read} facts; {expected.Count} were acknowledged.");
        }
    }

    readonly record struct Entry(int Stream, int Version, long Number, int Count);
}
