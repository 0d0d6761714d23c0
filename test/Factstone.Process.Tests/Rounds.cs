using System.Globalization;

namespace Factstone.Tests.Processes;

/// <summary>The number of rounds of a suite: few in the test run, more with the environment variable FACTSTONE_ROUNDS.</summary>
internal static class Rounds
{
    public static int Or(int inTheTestRun) =>
        Environment.GetEnvironmentVariable("FACTSTONE_ROUNDS") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : inTheTestRun;

    /// <summary>
    /// Creates a random generator and prints the command for another attempt with its seed; moments depend on the machine and do not
    /// repeat exactly.
    /// </summary>
    public static Random Seeded(out int seed)
    {
        var drawn = Seeds.DrawOne();
        seed = drawn.First;
        TestContext.Current.TestOutputHelper?.WriteLine(drawn.ToString());
        return new Random(seed);
    }
}
