using System.Globalization;

namespace Factstone.Tests.Processes;

/// <summary>The number of rounds of a suite: few in the test run, more with the environment variable FACTSTONE_ROUNDS.</summary>
internal static class Rounds
{
    public static int Or(int inTheTestRun) =>
        Environment.GetEnvironmentVariable("FACTSTONE_ROUNDS") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : inTheTestRun;

    /// <summary>
    /// Creates a random generator. The failure message contains its seed, for
    /// another attempt; moments depend on the machine and do not repeat exactly.
    /// </summary>
    public static Random Seeded(out int seed)
    {
        seed = Environment.GetEnvironmentVariable("FACTSTONE_SEED") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : Environment.TickCount & 0xFFFF;
        TestContext.Current.TestOutputHelper?.WriteLine($"FACTSTONE_SEED={seed}");
        return new Random(seed);
    }
}
