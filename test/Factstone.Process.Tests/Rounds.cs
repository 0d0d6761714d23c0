using System.Globalization;

namespace Factstone.Tests.Processes;

/// <summary>How often a suite tries: few times in the test run, more by the environment variable FACTSTONE_ROUNDS.</summary>
internal static class Rounds
{
    public static int Or(int inTheTestRun) =>
        Environment.GetEnvironmentVariable("FACTSTONE_ROUNDS") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : inTheTestRun;

    /// <summary>Said with the failure, so that it can be tried again; moments are the machine's and do not repeat exactly.</summary>
    public static Random Seeded(out int seed)
    {
        seed = Environment.GetEnvironmentVariable("FACTSTONE_SEED") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : Environment.TickCount & 0xFFFF;
        TestContext.Current.TestOutputHelper?.WriteLine($"FACTSTONE_SEED={seed}");
        return new Random(seed);
    }
}
