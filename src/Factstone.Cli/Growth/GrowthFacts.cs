using System.Globalization;
using Factstone.Cli.Bench;

namespace Factstone.Cli.Growth;

/// <summary>The facts of one ledger of the measurement. The n-th fact follows from its number, so another process can compute what the ledger must contain.</summary>
/// <remarks>
/// Keys and tags are drawn uniformly; there are as many different tags as keys. The numbers of the two tags of a fact are
/// both even or both odd, so a query for an even and an odd one has two lists without a common fact. Of each 20 facts
/// one is reserved for each of the long streams, whose facts are spread evenly over the ledger.
/// </remarks>
internal sealed class GrowthFacts(GrowthSize size)
{
    public const string Store = "orders";

    /// <summary>The number of facts of which at most one belongs to each long stream.</summary>
    public const int FactsPerSlot = 20;

    const string LongStore = "long";
    const string FactType = "changed";
    const ulong KeyDraw = 1;
    const ulong CustomerDraw = 2;
    const ulong ProductDraw = 3;

    static readonly Payloads Payloads = new(seed: 1);

    readonly long _slots = Math.Max(1, size.Facts / FactsPerSlot);

    public GrowthSize Size => size;

    /// <summary>The n-th fact, from 0; it is at position n + 1.</summary>
    public NewFact this[long n] => LongStreamOf(n) is { } stream
        ? new NewFact(stream, FactType, Payloads[n]) { Tags = Tags(n) }
        : new NewFact(StreamOf(n), FactType, Payloads[n]) { Tags = Tags(n) };

    public static StreamName Key(long number) => new(Store, number.ToString("D9", CultureInfo.InvariantCulture));

    /// <summary>A key that no fact has, ordered after all others.</summary>
    public static StreamName NewKey(long number) => new(Store, $"new-{number.ToString("D9", CultureInfo.InvariantCulture)}");

    public static StreamName LongStream(long versions) => new(LongStore, versions.ToString(CultureInfo.InvariantCulture));

    /// <summary>The key number of the n-th fact, if it belongs to no long stream.</summary>
    public long KeyOf(long n) => Draw(n, KeyDraw);

    public StreamName StreamOf(long n) => Key(KeyOf(n));

    public bool IsInLongStream(long n) => LongStreamOf(n) is not null;

    /// <summary>The number of facts of a long stream at or before a position.</summary>
    public long VersionsUntil(int longStream, Position position)
    {
        var offset = OffsetOf(longStream);
        var slots = Math.Min(_slots, position.Value <= offset ? 0 : ((position.Value - offset - 1) / FactsPerSlot) + 1);
        return slots * size.LongStreams[longStream] / _slots;
    }

    /// <summary>A fact of the same kind, appended later to a stream.</summary>
    public NewFact Next(StreamName stream, long n) => new(stream, FactType, Payloads[n]) { Tags = Tags(n) };

    /// <summary>Two tags that exist, but that no fact has both of.</summary>
    public string[] TagsThatNeverMeet(Random random) =>
        [Customer(random.NextInt64((size.Keys + 1) / 2) * 2), Product((random.NextInt64(size.Keys / 2) * 2) + 1)];

    public static ReadOnlySpan<byte> Payload(long n) => Payloads[n];

    string[] Tags(long n)
    {
        var customer = Draw(n, CustomerDraw);
        var product = Draw(n, ProductDraw);
        if (((customer ^ product) & 1) != 0) product = product > 0 ? product - 1 : 1;
        return [Customer(customer), Product(product)];
    }

    StreamName? LongStreamOf(long n)
    {
        for (var i = 0; i < size.LongStreams.Count; i++)
        {
            var slot = n / FactsPerSlot;
            if (n % FactsPerSlot != OffsetOf(i) || slot >= _slots) continue;
            var versions = size.LongStreams[i];
            if ((slot + 1) * versions / _slots > slot * versions / _slots) return LongStream(versions);
        }

        return null;
    }

    long Draw(long n, ulong what) => (long)(Mixed(((ulong)n * 4) + what) % (ulong)size.Keys);

    static int OffsetOf(int longStream) => 7 + longStream;

    static string Customer(long number) => $"customer:{number.ToString(CultureInfo.InvariantCulture)}";

    static string Product(long number) => $"product:{number.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.</summary>
    static ulong Mixed(ulong value)
    {
        value += 0x9E37_79B9_7F4A_7C15;
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
