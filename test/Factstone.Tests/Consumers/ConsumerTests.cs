using Factstone.Storage;
using Factstone.Tests.Damage;
using Factstone.Tests.Pipeline;
using Factstone.Tests.Repairs;
using Factstone.Tests.Types;

namespace Factstone.Tests.Consumers;

/// <summary>What a consumer reads, and what its commits write.</summary>
public sealed class ConsumerTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_consumer_gets_what_is_there_and_then_what_comes()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(3);
        var consumer = shop.Ledger.Consumer("mail", new() { Query = ConsumerLedger.Odd });
        Assert.Equal(("mail", ConsumerLedger.Odd, Position.None), (consumer.Name, consumer.Query, consumer.Position));

        var handling = ConsumerLedger.HandleAsync(consumer, 4); // each effect takes a position, too
        await ConsumerLedger.UntilAsync(() => consumer.Position.Value == 3);
        await shop.Ledger.AppendAsync(new NewFact("s/k", "odd", "1"), Cancellation);
        await shop.Ledger.AppendAsync(new NewFact("s/k", "odd", "1"), Cancellation);

        var handled = await handling.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal([1, 3, 6], handled.Take(3));
        Assert.Equal(handled, await shop.EffectsAsync());
        Assert.Equal(handled[^1], await shop.CheckpointAsync("mail"));
    }

    [Fact]
    public async Task After_a_restart_it_continues_from_its_checkpoint()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(9);
        Assert.Equal([1, 3], await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", ConsumerLedger.Odd), 2));
        await shop.ReopenAsync();
        var consumer = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        Assert.Equal([5, 7, 9], await ConsumerLedger.HandleAsync(consumer, 3));
        Assert.Equal(new Position(9), consumer.Position);
        Assert.Equal([1, 3, 5, 7, 9], await shop.EffectsAsync());
    }

    [Fact]
    public async Task A_fact_that_was_returned_and_not_committed_is_returned_again()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(5);
        var consumer = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        await foreach (var fact in consumer.FollowAsync(Cancellation))
        {
            if (fact.Position.Value == 3) break;
            await consumer.CommitAsync(fact.Position, Cancellation);
        }

        Assert.Equal([3, 5], await ConsumerLedger.HandleAsync(consumer, 2));
    }

    // Facts 1 to 5 are handled together, after the loop: the effects of all are in one append with the checkpoint.
    [Fact]
    public async Task Several_facts_are_committed_together_with_one_append()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(6);
        var consumer = shop.Ledger.Consumer("mail", FactQuery.All);
        var batch = new List<NewFact>();
        await foreach (var fact in consumer.FollowAsync(Cancellation))
        {
            batch.Add(ConsumerLedger.Effect(fact));
            if (fact.Position.Value == 5) break;
        }

        var receipt = await consumer.CommitAsync(through: new Position(5), batch, Cancellation);
        Assert.Equal((5, new CellAndVersion(new CellName("$consumers", "mail"), 2)), (receipt.Count, Assert.Single(receipt.CellVersions)));
        var cell = await shop.Ledger.ReadCellAsync("$consumers", "mail", Cancellation);
        Assert.Equal((receipt.RecordedAt, new CellVersion(2)), (cell!.RecordedAt, cell.Version));
        Assert.Equal([1, 2, 3, 4, 5], await shop.EffectsAsync());
        Assert.Equal(5, await shop.CheckpointAsync("mail"));
        Assert.Equal(new Position(5), consumer.Position);
    }

    [Fact]
    public async Task The_cursor_in_the_checkpoint_is_the_ledgers()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(6);
        var consumer = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        await foreach (var fact in consumer.FollowAsync(Cancellation))
        {
            await consumer.CommitAsync(fact.Position, Cancellation); // made from the fact
            Assert.Equal(shop.Ledger.CursorAt(fact.Position), await CursorAsync(shop));
            if (fact.Position.Value == 3) break;
        }

        await foreach (var fact in consumer.FollowAsync(Cancellation))
        {
            await consumer.CommitAsync(through: new Position(4), Cancellation); // of a fact that does not match
            Assert.Equal(shop.Ledger.CursorAt(new Position(4)), await CursorAsync(shop));
            Assert.Equal(5, fact.Position.Value);
            break;
        }
    }

    [Fact]
    public async Task A_handler_appends_values_of_registered_types()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = ShopTypes.All }, Cancellation);
        await ledger.AppendAsync("orders/1", [new OrderPlaced("c1", 2)], Cancellation);
        var consumer = ledger.Consumer("shipping", new() { Query = FactQuery.Types("order-placed") });
        await foreach (var fact in consumer.FollowAsync(Cancellation))
        {
            Assert.Equal(new OrderPlaced("c1", 2), fact.Value);
            await consumer.CommitAsync(through: fact.Position, [new NewFact(fact.Stream, new OrderShipped("ship")) { Causation = fact.Id }], Cancellation);
            break;
        }

        var shipped = await ledger.ReadLatestAsync("orders/1", cancellationToken: Cancellation);
        Assert.Equal(("order-shipped", new OrderShipped("ship")), (shipped!.Type, shipped.Value));
    }

    [Fact]
    public async Task A_commit_can_write_cells_and_have_conditions_and_when_one_fails_nothing_is_written()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(3);
        var consumer = shop.Ledger.Consumer("totals", ConsumerLedger.Odd);
        await foreach (var fact in consumer.FollowAsync(Cancellation))
        {
            var request = new AppendRequest(ConsumerLedger.Effect(fact))
            {
                Cells = [NewCell.Put("totals", "odd", $"{fact.Position}")],
                Conditions = [AppendCondition.CellAbsent("totals", "odd")],
            };
            if (fact.Position.Value == 1)
            {
                await consumer.CommitAsync(fact.Position, request, Cancellation);
                continue;
            }

            var head = await shop.Ledger.GetHeadAsync(Cancellation);
            var refused = await Assert.ThrowsAsync<AppendConflictException>(async () => await consumer.CommitAsync(fact.Position, request, Cancellation));
            Assert.Equal("totals/odd", refused.Conflict.Condition.Cell.ToString());
            Assert.Equal((head, 1), (await shop.Ledger.GetHeadAsync(Cancellation), await shop.CheckpointAsync("totals")));

            await consumer.CommitAsync(fact.Position, request with { Conditions = [AppendCondition.CellEquals("totals", "odd", "1")] }, Cancellation);
            break;
        }

        Assert.Equal("3", (await shop.Ledger.ReadCellAsync("totals", "odd", Cancellation))!.Text);
        Assert.Equal([1, 3], await shop.EffectsAsync());
    }

    // All twelve facts are there before the follow begins, so the first call moves the checkpoint before it waits for the head.
    [Fact]
    public async Task A_checkpoint_over_a_rare_query_moves()
    {
        await using var ledger = SmallLedger.Open(SmallLedger.ClosedCleanly());
        var consumer = ledger.Consumer("rare", new() { Query = ConsumerLedger.Rare, PassedPositionsMax = 12 });
        await using var facts = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var next = facts.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        Assert.Equal(12, consumer.Position.Value);
        Assert.Equal(ledger.CursorAt(new Position(12)), Checkpoint.Read((await ledger.ReadCellAsync("$consumers", "rare", Cancellation))!).Cursor);

        Repair.Append(ledger, new AppendRequest(new NewFact("s/k", "rare", "1")));
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        Assert.Equal(13, facts.Current.Position.Value);
    }

    [Fact]
    public async Task A_checkpoint_moves_past_other_facts_after_as_many_as_the_option_says()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(0);
        var consumer = shop.Ledger.Consumer("rare", new() { Query = ConsumerLedger.Rare, PassedPositionsMax = 5 });
        await using var facts = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var next = facts.MoveNextAsync().AsTask();
        await shop.AppendAsync(5);
        await ConsumerLedger.UntilAsync(() => consumer.Position.Value == 5);
        await shop.AppendAsync(4);
        await shop.Ledger.AppendAsync(new NewFact("s/k", "rare", "1"), Cancellation);
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        Assert.Equal((10, 5), (facts.Current.Position.Value, await shop.CheckpointAsync("rare")));

        // The rare fact waits for its commit, so the checkpoint stays before it, whatever comes.
        next = facts.MoveNextAsync().AsTask();
        await shop.AppendAsync(10);
        await shop.Ledger.AppendAsync(new NewFact("s/k", "rare", "1"), Cancellation);
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        Assert.Equal((21, 5), (facts.Current.Position.Value, await shop.CheckpointAsync("rare")));
        await consumer.CommitAsync(through: new Position(21), Cancellation);
        Assert.Equal(21, await shop.CheckpointAsync("rare"));
    }

    // A full disk ended the follow of a consumer that had nothing to commit.
    [Fact]
    public async Task A_full_disk_does_not_end_a_follow_whose_checkpoint_would_move()
    {
        var (writes, refused) = (0, 0);
        var files = new WatchedFiles(SmallLedger.ClosedCleanly());
        await using var ledger = SmallLedger.Open(files);
        files.Writing = path =>
        {
            if (!LedgerLayout.IsSegment(path) || ++writes != 2) return; // the first one takes the consumer over
            refused++;
            throw new LedgerFullException(path, "write");
        };
        var consumer = ledger.Consumer("rare", new() { Query = ConsumerLedger.Rare, PassedPositionsMax = 3 });
        await using var facts = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var next = facts.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        Assert.Equal((1, 0), (refused, consumer.Position.Value));

        Repair.Append(ledger, new AppendRequest(new NewFact("s/k", "rare", "1")));
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        await consumer.CommitAsync(facts.Current.Position, Cancellation);
        Assert.Equal(13, consumer.Position.Value);
    }

    [Fact]
    public async Task A_new_consumer_starts_at_the_beginning_now_or_at_a_time()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(5);
        Assert.Equal(1, await FirstAsync("beginning", default));
        Assert.Equal(3, await FirstAsync("at", FollowStart.At(new Position(3))));
        Assert.Equal(4, await FirstAsync("after", FollowStart.After(new Position(3))));
        Assert.Equal(4, await FirstAsync("cursor", FollowStart.After(shop.Ledger.CursorAt(new Position(3)))));
        Assert.Equal(3, await FirstAsync("time", FollowStart.AtTime(ConsumerLedger.Start.AddSeconds(2))));
        Assert.Equal(4, await FirstAsync("finer", FollowStart.AtTime(ConsumerLedger.Start.AddSeconds(2).AddTicks(1))));
        Assert.Equal(1, await FirstAsync("ever", FollowStart.AtTime(DateTimeOffset.MinValue)));
        Assert.Equal(6, await FirstAsync("now", FollowStart.Now, appends: 1));
        Assert.Equal(7, await FirstAsync("present", FollowStart.AtTime(shop.Clock.GetUtcNow()), appends: 1));

        async Task<long> FirstAsync(string name, FollowStart start, int appends = 0)
        {
            await using var facts = shop.Ledger.Consumer(name, new() { Query = FactQuery.All, StartAt = start }).FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
            var next = facts.MoveNextAsync().AsTask();
            await ConsumerLedger.UntilAsync(() => shop.CheckpointAsync(name).GetAwaiter().GetResult() is not null); // the start is decided
            await shop.AppendAsync(appends);
            Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
            return facts.Current.Position.Value;
        }
    }

    [Fact]
    public async Task The_start_is_ignored_once_there_is_a_checkpoint()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(5);
        await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", ConsumerLedger.Odd), 1);
        Assert.Equal([3], await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", new() { Query = ConsumerLedger.Odd, StartAt = FollowStart.Now }), 1));
        Assert.Equal([5], await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", new() { Query = ConsumerLedger.Odd, StartAt = FollowStart.At(new Position(1)) }), 1));
    }

    [Fact]
    public async Task Cancelling_ends_a_follow_and_closing_the_ledger_ends_it_without_an_exception()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(1);
        var consumer = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        using (var cancellation = new CancellationTokenSource())
        {
            await using var facts = consumer.FollowAsync(cancellation.Token).GetAsyncEnumerator(Cancellation);
            Assert.Equal(1, (await ConsumerLedger.NextAsync(facts)).Position.Value);
            await consumer.CommitAsync(through: new Position(1), Cancellation);
            var next = facts.MoveNextAsync().AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        }

        await using var again = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var last = again.MoveNextAsync().AsTask();
        await shop.Ledger.DisposeAsync();
        Assert.False(await last.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    static async Task<LedgerCursor> CursorAsync(ConsumerLedger shop) => Checkpoint.Read((await shop.Ledger.ReadCellAsync("$consumers", "mail", Cancellation))!).Cursor;
}
