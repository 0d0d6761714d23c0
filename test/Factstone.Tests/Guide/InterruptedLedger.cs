using Factstone.Tests.Simulation;

namespace Factstone.Tests.Guide;

/// <summary>A ledger that lets another caller append right before each append.</summary>
internal static class InterruptedLedger
{
    public static ILedger Create(Ledger ledger, Func<Task> interrupt) => new DecidingLedger(ledger, async request =>
    {
        await interrupt();
        return await ledger.TryAppendAsync(request);
    });
}
