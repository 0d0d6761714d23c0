namespace Factstone.Tests.Simulation;

/// <summary>The ledger did what it promises not to.</summary>
internal sealed class SimulationFailure(string what, Exception? cause = null) : Exception(what, cause)
{
    public static void When(bool isWrong, string what)
    {
        if (isWrong) throw new SimulationFailure(what);
    }
}
