using System.Globalization;

namespace Factstone;

/// <summary>A range of seeds, and the script that runs the test they are for.</summary>
internal sealed record Seeds(int First, int Count, string Script)
{
    const int FreshFrom = 10_000_000;

    /// <summary>The first seed of a search for a planted mistake.</summary>
    public static int SearchFrom => Number("FACTSTONE_SEED") ?? Number("FACTSTONE_FIRST") ?? 1;

    public IEnumerable<int> Numbers => Enumerable.Range(First, Count);

    static string ScriptOfTest => $"./test.sh -class \"*{TestContext.Current.TestClass!.TestClassSimpleName}\"";

    /// <summary>
    /// All seeds to run: from the environment, or fixed ones from 1 and as many fresh ones. A seed produces the same run in every range,
    /// so each range can be replayed.
    /// </summary>
    /// <param name="countByDefault">How many there are, unless FACTSTONE_SEED or FACTSTONE_SEEDS says otherwise.</param>
    /// <param name="script">What runs the test; by default test.sh with the class of the test.</param>
    /// <param name="areFresh">No seed is a fixed one. The environment variable FACTSTONE_FRESH does the same.</param>
    public static IReadOnlyList<Seeds> Draw(int countByDefault, string? script = null, bool areFresh = false)
    {
        script ??= ScriptOfTest;
        if (Number("FACTSTONE_SEED") is { } one) return [new Seeds(one, 1, script)];
        var count = Number("FACTSTONE_SEEDS") ?? countByDefault;
        if (Number("FACTSTONE_FIRST") is { } first) return [new Seeds(first, count, script)];
        areFresh |= count == 1 || Environment.GetEnvironmentVariable("FACTSTONE_FRESH") is not null;
        return areFresh ? [Fresh(count, script)] : [new Seeds(1, count / 2, script), Fresh(count - (count / 2), script)];
    }

    /// <summary>The seed of a test that has one: FACTSTONE_SEED, or a fresh one.</summary>
    public static Seeds DrawOne() => Number("FACTSTONE_SEED") is { } one ? new Seeds(one, 1, ScriptOfTest) : Fresh(1, ScriptOfTest);

    /// <summary>The command that runs one of the seeds again.</summary>
    public string Replay(int seed) => $"FACTSTONE_SEED={seed} {Script}";

    public override string ToString() =>
        Count == 1 ? $"seed {First}: {Replay(First)}" : $"{Count} seeds from {First} to {First + Count - 1}: FACTSTONE_FIRST={First} FACTSTONE_SEEDS={Count} {Script}";

    static Seeds Fresh(int count, string script) => new(Random.Shared.Next(FreshFrom, int.MaxValue - count), count, script);

    static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
