using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Deciding;

/// <summary>Decisions on streams whose versions have a gap, because a repair has lost facts.</summary>
public sealed class RepairedDecideTests
{
    static readonly Projection<int> Count = new() { Name = "count", Seed = 0, Step = static (count, _) => count + 1 };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // If the header of the last fact was known, its version was never in the state, and every attempt met a conflict. If the header was
    // lost, the next version was skipped: a wrong version was told, and the next decision folded the same fact again.
    [Theory]
    [InlineData(false, "orders/2")]
    [InlineData(true, "orders/2")]
    [InlineData(false, "orders/new")]
    [InlineData(true, "orders/new")]
    public async Task Decisions_after_a_repair_have_the_state_of_the_facts_that_are_left(bool isHeaderLost, string stream)
    {
        var files = SmallLedger.ClosedCleanly();
        Repair.DamageFact(files, new Position(12), isHeaderLost);
        Repair.Run(files);
        using var ledger = SmallLedger.Open(files);
        var left = Repair.Stream(ledger, stream).Count;

        for (var i = 1; i <= 3; i++)
        {
            var decided = await ledger.DecideAsync(Count, stream, _ => [NewFact.WithoutPayload(stream, "decided")], cancellationToken: Cancellation);
            Assert.Equal((left + i, 1), (decided.State, decided.Attempts));
            Assert.Equal(decided.Receipt!.StreamVersion, decided.Version);
        }

        Assert.Equal(left + 3, Repair.Stream(ledger, stream).Count);
    }
}
