using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Consumers;

/// <summary>A consumer has one owner at a time, and a commit happens wholly or not at all.</summary>
public sealed class ConsumerOwnerTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // A worker was paused for a minute, and another one was started in its place. Then both handled the same fact.
    [Fact]
    public async Task The_commit_of_an_overtaken_owner_is_refused_and_nothing_of_it_is_written()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(5);
        var first = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        await using var facts = first.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var fact = await ConsumerLedger.NextAsync(facts);

        var second = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        await using var others = second.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.Equal(fact.Position, (await ConsumerLedger.NextAsync(others)).Position);

        var (head, statistics) = (await shop.Ledger.GetHeadAsync(Cancellation), await shop.Ledger.ReadCellAsync("$consumers", "mail", Cancellation));
        for (var i = 0; i < 2; i++)
        {
            var request = new AppendRequest(ConsumerLedger.Effect(fact)) { Cells = [NewCell.Put("totals", "odd", "1")] };
            var overtaken = await Assert.ThrowsAsync<ConsumerOvertakenException>(async () => await first.CommitAsync(fact.Position, request, Cancellation));
            Assert.Equal(("mail", false), (overtaken.Consumer, overtaken.IsTransient));
            Assert.Equal("Consumer 'mail' was taken over by another owner, or deleted: its checkpoint is at version 2, and this owner wrote version 1. Nothing was written. A consumer has one owner at a time: stop this one, because the other continues from the checkpoint.", overtaken.Message);
        }

        Assert.Equal(head, await shop.Ledger.GetHeadAsync(Cancellation));
        Assert.Equal(statistics!.Value.ToArray(), (await shop.Ledger.ReadCellAsync("$consumers", "mail", Cancellation))!.Value.ToArray());
        Assert.Null(await shop.Ledger.ReadCellAsync("totals", "odd", Cancellation));

        await second.CommitAsync(fact.Position, [ConsumerLedger.Effect(fact)], Cancellation);
        Assert.Equal([1], await shop.EffectsAsync());
    }

    // A handler asked for a version that its own checkpoint did not have, and was told that another owner had taken over.
    [Fact]
    public async Task A_condition_of_the_handler_on_its_own_checkpoint_that_fails_is_an_ordinary_conflict()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(1);
        var consumer = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        await foreach (var fact in consumer.FollowAsync(Cancellation))
        {
            var request = new AppendRequest { Conditions = [AppendCondition.CellAt("$consumers", "mail", new CellVersion(7))] };
            var refused = await Assert.ThrowsAsync<AppendConflictException>(async () => await consumer.CommitAsync(fact.Position, request, Cancellation));
            Assert.Equal(7, refused.Conflict.Condition.CellVersion.Value);
            await consumer.CommitAsync(fact.Position, Cancellation);
            break;
        }
    }

    // One task reads and another one commits. While nothing is to be returned, the reader looks whether the checkpoint can move past other
    // facts. A commit at that moment was refused, because "another commit is running".
    [Fact]
    public async Task A_commit_from_another_thread_is_not_refused_while_the_reader_looks_whether_the_checkpoint_can_move()
    {
        const int Facts = 1_000;
        await using var shop = await ConsumerLedger.WithFactsAsync(0);
        var consumer = shop.Ledger.Consumer("mail", new() { Query = FactQuery.Types("wanted"), PassedPositionsMax = 1 });
        var handled = System.Threading.Channels.Channel.CreateUnbounded<Fact>();
        var reading = Task.Run(
            async () =>
            {
                var read = 0;
                await foreach (var fact in consumer.FollowAsync(Cancellation))
                {
                    handled.Writer.TryWrite(fact);
                    if (++read == Facts) break;
                }
            },
            Cancellation);
        var committing = Task.Run(
            async () =>
            {
                for (var i = 0; i < Facts; i++) await consumer.CommitAsync((await handled.Reader.ReadAsync(Cancellation)).Position, Cancellation);
            },
            Cancellation);
        var appending = Task.Run(
            async () =>
            {
                for (var i = 0; i < Facts; i++) await shop.Ledger.AppendAsync([NewFact.WithoutPayload("s/k", "wanted"), NewFact.WithoutPayload("s/k", "other")], Cancellation);
            },
            Cancellation);

        await Task.WhenAll(reading, committing, appending).WaitAsync(TimeSpan.FromSeconds(120), Cancellation);
        Assert.Equal((2 * Facts) - 1, consumer.Position.Value);
    }

    [Fact]
    public async Task An_overtaken_owner_that_has_nothing_to_commit_hears_of_it_when_its_checkpoint_would_move()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(0);
        var options = new ConsumerOptions { Query = ConsumerLedger.Rare, PassedPositionsMax = 3 };
        await using var first = shop.Ledger.Consumer("rare", options).FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var waiting = first.MoveNextAsync().AsTask();
        await ConsumerLedger.UntilAsync(() => shop.CheckpointAsync("rare").GetAwaiter().GetResult() is not null);
        var second = shop.Ledger.Consumer("rare", options);
        await using var others = second.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var other = others.MoveNextAsync().AsTask();
        await ConsumerLedger.UntilAsync(() => shop.Ledger.ReadCellAsync("$consumers", "rare", Cancellation).GetAwaiter().GetResult()!.Version.Value == 2);

        await shop.AppendAsync(3);
        await Assert.ThrowsAsync<ConsumerOvertakenException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        await ConsumerLedger.UntilAsync(() => second.Position.Value == 3);
        Assert.False(other.IsCompleted);
        await shop.Ledger.DisposeAsync();
        Assert.False(await other);
    }

    [Fact]
    public async Task An_overtaken_object_that_follows_again_takes_over_in_its_turn()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(5);
        var (first, second) = (shop.Ledger.Consumer("mail", ConsumerLedger.Odd), shop.Ledger.Consumer("mail", ConsumerLedger.Odd));
        Assert.Equal([1], await ConsumerLedger.HandleAsync(first, 1));
        Assert.Equal([3], await ConsumerLedger.HandleAsync(second, 1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await first.CommitAsync(through: new Position(1), Cancellation));
        Assert.Equal([5], await ConsumerLedger.HandleAsync(first, 1));
        Assert.Equal([1, 3, 5], await shop.EffectsAsync());
    }

    [Fact]
    public async Task The_owner_of_a_consumer_that_was_deleted_is_refused()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(5);
        var consumer = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        await foreach (var fact in consumer.FollowAsync(Cancellation))
        {
            Assert.True(await shop.Ledger.DeleteConsumerAsync("mail", Cancellation));
            await Assert.ThrowsAsync<ConsumerOvertakenException>(async () => await consumer.CommitAsync(fact.Position, [ConsumerLedger.Effect(fact)], Cancellation));

            // Another one begins anew under the name. The versions of the cell go on, so the first owner stays refused.
            Assert.Equal([1], await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", ConsumerLedger.Odd), 1));
            await Assert.ThrowsAsync<ConsumerOvertakenException>(async () => await consumer.CommitAsync(fact.Position, [ConsumerLedger.Effect(fact)], Cancellation));
            break;
        }

        Assert.Equal([1], await shop.EffectsAsync());
    }

    // Four owners open one consumer at once and again and again. Whoever is overtaken takes over. Each fact has one effect all the same.
    [Fact]
    public async Task Owners_that_overtake_each_other_all_the_time_handle_each_fact_once()
    {
        const int Facts = 100;
        await using var shop = await ConsumerLedger.WithFactsAsync(Facts);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(OwnAsync, Cancellation))).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal(Enumerable.Range(1, Facts).Select(position => (long)position), await shop.EffectsAsync());

        async Task OwnAsync()
        {
            var consumer = shop.Ledger.Consumer("mail", FactQuery.Types("odd", "even"));
            while (!done.IsCancellationRequested)
            {
                try
                {
                    await foreach (var fact in consumer.FollowAsync(done.Token))
                    {
                        await consumer.CommitAsync(fact.Position, [ConsumerLedger.Effect(fact)], Cancellation);
                        if (fact.Position.Value == Facts) await done.CancelAsync();
                        if (fact.Position.Value % 7 == 0) break;
                    }
                }
                catch (ConsumerOvertakenException)
                {
                    // The next turn takes over.
                }
                catch (OperationCanceledException)
                {
                    Assert.True(done.IsCancellationRequested);
                }
            }
        }
    }

    // Each owner reads on one task and commits batches on another, and stops at any moment. Checkpoints move past other facts meanwhile.
    [Fact]
    public async Task Owners_that_commit_batches_beside_their_reading_and_stop_at_any_moment_handle_each_fact_once()
    {
        const int Facts = 300;
        await using var shop = await ConsumerLedger.WithFactsAsync(0);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var seed = Environment.TickCount;
        var appending = Task.Run(
            async () =>
            {
                for (var i = 0; i < Facts; i++)
                {
                    await shop.Ledger.AppendAsync(NewFact.WithoutPayload("s/k", "wanted"), Cancellation);
                    for (var other = 0; other < i % 4; other++) await shop.Ledger.AppendAsync(NewFact.WithoutPayload("s/k", "other"), Cancellation);
                }
            },
            Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(owner => Task.Run(() => OwnAsync(new Random(seed + owner)), Cancellation)).Append(appending)).WaitAsync(TimeSpan.FromSeconds(120), Cancellation);

        var wanted = await shop.Ledger.ReadAsync(FactQuery.Types("wanted"), cancellationToken: Cancellation).Select(static fact => fact.Position.Value).ToListAsync(Cancellation);
        Assert.Equal(wanted, await shop.EffectsAsync());

        async Task OwnAsync(Random random)
        {
            while (!done.IsCancellationRequested)
            {
                var consumer = shop.Ledger.Consumer("mail", new() { Query = FactQuery.Types("wanted"), PassedPositionsMax = random.Next(1, 5) });
                using var turn = CancellationTokenSource.CreateLinkedTokenSource(done.Token);
                turn.CancelAfter(random.Next(1, 30));
                var read = System.Threading.Channels.Channel.CreateUnbounded<Fact>();
                await Task.WhenAll(Task.Run(() => ReadAsync(consumer, read.Writer, turn.Token), Cancellation), Task.Run(() => CommitAsync(consumer, read.Reader, turn, random.Next(1, 4)), Cancellation));
                if (appending.IsCompleted && await shop.Ledger.CountAsync(FactQuery.Types("effect"), cancellationToken: Cancellation) >= Facts) await done.CancelAsync();
            }
        }

        async Task ReadAsync(Consumer consumer, System.Threading.Channels.ChannelWriter<Fact> read, CancellationToken turn)
        {
            try
            {
                await foreach (var fact in consumer.FollowAsync(turn)) read.TryWrite(fact);
            }
            catch (Exception ended) when (ended is OperationCanceledException or ConsumerOvertakenException)
            {
                // The next turn continues.
            }

            read.Complete();
        }

        async Task CommitAsync(Consumer consumer, System.Threading.Channels.ChannelReader<Fact> read, CancellationTokenSource turn, int batch)
        {
            var effects = new List<NewFact>();
            try
            {
                await foreach (var fact in read.ReadAllAsync(Cancellation))
                {
                    effects.Add(ConsumerLedger.Effect(fact));
                    if (effects.Count < batch && read.TryPeek(out _)) continue;
                    await consumer.CommitAsync(fact.Position, effects, turn.Token);
                    effects.Clear();
                }
            }
            catch (Exception ended) when (ended is OperationCanceledException or ConsumerOvertakenException)
            {
                await turn.CancelAsync(); // what it holds is returned again
            }
        }
    }

    // The disk failed twice during a commit, so its outcome was unknown. It was retried, and took effect twice.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task An_unknown_commit_is_not_retried_and_after_a_reopen_the_checkpoint_says_whether_it_was_written(double reachOfFailedSync)
    {
        var disk = new SimulatedDisk(seed: 4);
        disk.Faults.ReachOfFailedSync = reachOfFailedSync;
        using (var ledger = SmallLedger.Open(disk.FileSystem))
        {
            SmallLedger.AppendOne(ledger);
            var consumer = ledger.Consumer("mail", FactQuery.Types("placed"));
            await using var facts = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
            var fact = await ConsumerLedger.NextAsync(facts);
            disk.Faults.Next(Fault.SyncFailureKeepingPages);
            disk.Faults.Next(Fault.SyncFailureKeepingPages);
            await Assert.ThrowsAsync<AppendUnknownException>(async () => await consumer.CommitAsync(fact.Position, [ConsumerLedger.Effect(fact)], Cancellation));

            Assert.Equal(Position.None, consumer.Position);
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(async () => await consumer.CommitAsync(fact.Position, [ConsumerLedger.Effect(fact)], Cancellation));
            Assert.Contains("It is unknown whether an earlier commit of consumer 'mail' was written. Open the ledger again", refused.Message, StringComparison.Ordinal);
            disk.LosePower();
        }

        using var again = SmallLedger.Open(disk.FileSystem);
        var isWritten = Checkpoint.Read((await again.ReadCellAsync("$consumers", "mail", Cancellation))!).Cursor.Position.Value == 1;
        Assert.Equal(reachOfFailedSync == 1, isWritten);
        Assert.Equal(isWritten ? 1 : 0, await again.CountAsync(FactQuery.Store("effects"), cancellationToken: Cancellation));

        SmallLedger.AppendOne(again);
        var continued = again.Consumer("mail", FactQuery.Types("placed"));
        await ConsumerLedger.HandleAsync(continued, isWritten ? 1 : 2);
        Assert.Equal(2, await again.CountAsync(FactQuery.Store("effects"), cancellationToken: Cancellation));
    }
}
