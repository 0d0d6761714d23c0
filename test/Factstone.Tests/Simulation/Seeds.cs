using System.Globalization;

namespace Factstone.Tests.Simulation;

/// <summary>The seeds of a run: from the environment, or fixed ones and as many fresh ones.</summary>
internal sealed record Seeds(int First, int Count)
{
    const int FreshFrom = 10_000_000;

    /// <summary>All seeds to run. A seed produces the same run in every range, so each range can be replayed.</summary>
    public static IReadOnlyList<Seeds> All
    {
        get
        {
            if (Number("FACTSTONE_SEED") is { } one) return [new Seeds(one, 1)];
            var count = Number("FACTSTONE_SEEDS") ?? 1_000;
            if (Number("FACTSTONE_FIRST") is { } first) return [new Seeds(first, count)];
            var isByCommand = Environment.GetEnvironmentVariable("FACTSTONE_FRESH") is not null;
            return isByCommand ? [Fresh(count)] : [new Seeds(1, count / 2), Fresh(count - (count / 2))];
        }
    }

    /// <summary>The first seed of a search for a planted mistake.</summary>
    public static int SearchFrom => Number("FACTSTONE_SEED") ?? Number("FACTSTONE_FIRST") ?? 1;

    public IEnumerable<int> Numbers => Enumerable.Range(First, Count);

    public string Command => Count == 1 ? $"FACTSTONE_SEED={First} ./simulate.sh" : $"FACTSTONE_FIRST={First} FACTSTONE_SEEDS={Count} ./simulate.sh";

    static Seeds Fresh(int count) => new(Random.Shared.Next(FreshFrom, int.MaxValue - count), count);

    static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
