using Xunit;

namespace Factstone.Tests.Pipeline;

public sealed class UnforeseenTests
{
    // A caller's clock threw on the writer's thread. That ended the process and every append in flight.
    [Fact]
    public async Task A_clock_that_throws_ends_appends_and_not_the_process()
    {
        var cancel = TestContext.Current.CancellationToken;
        var clock = new BrokenClock();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { TimeProvider = clock }, cancel);
        await ledger.AppendAsync(NewFact.WithoutPayload("orders/1", "placed"), cancel);

        clock.IsBroken = true;
        await Assert.ThrowsAsync<LedgerFailedException>(async () => await ledger.AppendAsync(NewFact.WithoutPayload("orders/1", "paid"), cancel));
        clock.IsBroken = false;
        await Assert.ThrowsAsync<LedgerFailedException>(async () => await ledger.AppendAsync(NewFact.WithoutPayload("orders/1", "paid"), cancel));

        Assert.Equal(1, (await ledger.GetVersionAsync("orders/1", cancellationToken: cancel)).Value);
    }

    sealed class BrokenClock : TimeProvider
    {
        public bool IsBroken { get; set; }

        public override DateTimeOffset GetUtcNow() => IsBroken ? throw new NotSupportedException("no time") : base.GetUtcNow();
    }
}
