using System.Globalization;

namespace Factstone.Cli.Growth;

/// <summary>What is measured, where, and how often.</summary>
/// <param name="Sizes">The ledgers, from small to large.</param>
/// <param name="Directory">The directory of the ledgers.</param>
/// <param name="Keeps">Whether they stay there, to be reused by the next run.</param>
/// <param name="Rounds">How often each operation is measured at each size, in turn.</param>
internal sealed record GrowthOptions(IReadOnlyList<GrowthSize> Sizes, string Directory, bool Keeps, int Rounds)
{
    public const string SizesDefault = "10000,1000000,20000000";
    public const int RoundsDefault = 40;
    public const int RoundsMax = 1_000;

    const int FactsPerKey = 10;

    static readonly long[] LongStreams = [10, 1_000, 1_000_000];

    public GrowthSize Smallest => Sizes[0];

    public GrowthSize Largest => Sizes[^1];

    /// <summary>The directory of the ledger of a size.</summary>
    public string DirectoryOf(GrowthSize size) => Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"growth-{size.Facts}"));

    /// <summary>The directory of a small temporary ledger that is not measured.</summary>
    public string ScratchDirectory => Path.Combine(Directory, "growth-scratch");

    /// <summary>The disk space of all ledgers.</summary>
    public long Bytes => Sizes.Sum(size => size.Bytes);

    /// <summary>Reads a list of sizes.</summary>
    /// <param name="sizes">Numbers of facts, ascending, with commas.</param>
    /// <param name="keys">The number of keys that the facts of each size are drawn from; null for a tenth of the facts.</param>
    /// <exception cref="CliException">Wrong usage.</exception>
    public static IReadOnlyList<GrowthSize> ParseSizes(string sizes, long? keys)
    {
        var facts = new List<long>();
        foreach (var text in sizes.Split(','))
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < GrowthSize.FactsMin or > GrowthSize.FactsMax)
                throw CliException.Usage($"--sizes: '{text}' is not a number of facts from {GrowthSize.FactsMin:N0} to {GrowthSize.FactsMax:N0}.");
            if (facts.Count > 0 && number <= facts[^1]) throw CliException.Usage("--sizes: give them from small to large, each once.");
            facts.Add(number);
        }

        if (facts.Count < 2) throw CliException.Usage("--sizes: give at least two, such as 10000,1000000.");
        if (keys is { } given && (given < 2 || given > facts[0])) throw CliException.Usage($"--keys: from 2 to the smallest of the sizes, {facts[0]:N0}.");

        // Only the largest ledger has long streams, because their costs are compared with each other within one ledger.
        var longStreams = LongStreams.Where(versions => versions <= facts[^1] / GrowthFacts.FactsPerSlot).ToArray();
        return [.. facts.Select(number => new GrowthSize(number, keys ?? Math.Max(2, number / FactsPerKey), number == facts[^1] ? longStreams : []))];
    }
}
