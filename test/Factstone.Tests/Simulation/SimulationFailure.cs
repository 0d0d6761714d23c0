namespace Factstone.Tests.Simulation;

/// <summary>The ledger did what it promises not to.</summary>
internal sealed class SimulationFailure(string what) : Exception(what)
{
    public static void When(bool isWrong, string what)
    {
        if (isWrong) throw new SimulationFailure(what);
    }
}
