using System.Globalization;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>The facts that are loaded. One in ten is the next version of one record, four are of streams of 1,000 facts, and five of many keys, drawn uniformly; all are mixed. The same seed gives the same facts.</summary>
/// <remarks>Streams are numbered: first the keys, then the streams of 1,000 facts, last the one record. Facts are numbered from 0; the position of a fact is its number plus one.</remarks>
internal sealed class LoadedFacts
{
    public const int FactsPerStream = 1_000;

    const int PartOfRecord = 10;
    const int PartOfKeys = 10;

    readonly int[] _streamOf;
    readonly Payloads _payloads;

    public LoadedFacts(int count, int seed)
    {
        var random = new Random(seed);
        _payloads = new Payloads(seed);
        Keys = count / PartOfKeys;
        WholeStreams = count / 10 * 4 / FactsPerStream;
        _streamOf = new int[count];
        var next = 0;
        for (var i = 0; i < count / PartOfRecord; i++) _streamOf[next++] = Record;
        for (var i = 0; i < WholeStreams * FactsPerStream; i++) _streamOf[next++] = Keys + (i / FactsPerStream);
        for (var i = 0; next < count; i++) _streamOf[next++] = i < Keys ? i : random.Next(Keys); // each key has a fact
        random.Shuffle(_streamOf);
        Names = [.. Enumerable.Range(0, Record + 1).Select(Name)];
    }

    public int Count => _streamOf.Length;

    public int Keys { get; }

    /// <summary>The number of streams of <see cref="FactsPerStream"/> facts.</summary>
    public int WholeStreams { get; }

    /// <summary>The number of the stream that is the one record.</summary>
    public int Record => Keys + WholeStreams;

    public IReadOnlyList<StreamName> Names { get; }

    public int StreamOf(int fact) => _streamOf[fact];

    public byte[] PayloadOf(int fact) => _payloads[fact];

    StreamName Name(int stream) => stream < Keys
        ? new("orders", stream.ToString(CultureInfo.InvariantCulture))
        : stream < Record ? new("accounts", (stream - Keys).ToString(CultureInfo.InvariantCulture)) : new("rates", "eur");
}
