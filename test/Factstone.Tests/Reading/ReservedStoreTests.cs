using Factstone.Storage;
using Factstone.Tests.Consumers;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Reading;

/// <summary>A store of Factstone's own is left out of reads of everything, and a query that names it reads it.</summary>
public sealed class ReservedStoreTests
{
    static readonly FactQuery Receipts = FactQuery.Store("$receipts");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // A query for the receipts counted one and followed one, and read none: the reads left out every fact of a reserved store.
    [Fact]
    public async Task A_query_that_names_a_reserved_store_gives_the_same_facts_on_every_read()
    {
        await using var ledger = Repaired();
        FactQuery receiptsAndTasks = [new() { Store = "$receipts" }, new() { Store = "tasks", Key = "a" }];

        foreach (var backward in new[] { false, true })
        {
            var options = new ReadOptions { Backward = backward };
            Assert.Equal("repaired", (await ledger.ReadAsync(Receipts, options, Cancellation).SingleAsync(Cancellation)).Type);
            Assert.Equal(1, await ledger.FoldAsync(Receipts, 0, static (ref facts, in _) => ++facts > 0, options, Cancellation));
            Assert.Equal(3, await ledger.ReadAsync(receiptsAndTasks, options, Cancellation).CountAsync(Cancellation));
            Assert.Equal(3, await ledger.FoldAsync(receiptsAndTasks, 0, static (ref facts, in _) => ++facts > 0, options, Cancellation));
            Assert.DoesNotContain(await ledger.ReadAsync(FactQuery.All, options, Cancellation).ToListAsync(Cancellation), static fact => fact.Stream.Store == "$receipts");
            Assert.Equal(11, await ledger.FoldAsync(FactQuery.All, 0, static (ref facts, in _) => ++facts > 0, options, Cancellation));
        }

        Assert.Equal(1, await ledger.CountAsync(Receipts, cancellationToken: Cancellation));
        Assert.True(ledger.OpenFollower(Receipts).TryRead(out _));
    }

    // A consumer that reports repairs had handled nothing, and its lag was zero.
    [Fact]
    public async Task A_consumer_of_a_reserved_store_has_its_lag_and_can_be_waited_for()
    {
        await using var ledger = Repaired();
        var head = await ledger.GetHeadAsync(Cancellation);
        var consumer = ledger.Consumer("reports", Receipts);
        Assert.Equal(1, (await consumer.GetLagAsync(Cancellation)).Facts);
        var waiting = consumer.WaitForAsync(head, Cancellation).AsTask();
        Assert.False(waiting.IsCompleted);

        await ConsumerLedger.HandleAsync(consumer, 1);
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal(default, await consumer.GetLagAsync(Cancellation));
    }

    static Ledger Repaired()
    {
        var files = SmallLedger.ClosedCleanly();
        Repair.DamageFact(files, new Position(6), isHeaderLost: false);
        Repair.Run(files);
        return SmallLedger.Open(files);
    }
}
