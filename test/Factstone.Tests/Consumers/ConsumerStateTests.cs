namespace Factstone.Tests.Consumers;

/// <summary>How far a consumer is, and the list of consumers.</summary>
public sealed class ConsumerStateTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Facts 1 to 6 are recorded one second apart, and a second has passed since the last.
    [Fact]
    public async Task The_lag_is_in_facts_and_in_time_from_the_first_fact_that_waits()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(6);
        var consumer = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        Assert.Equal(new FollowerLag(6, TimeSpan.FromSeconds(6)), await consumer.GetLagAsync(Cancellation));
        await foreach (var fact in consumer.FollowAsync(Cancellation))
        {
            await consumer.CommitAsync(fact.Position, Cancellation);
            var lag = fact.Position.Value switch { 1 => new FollowerLag(4, TimeSpan.FromSeconds(4)), 3 => new FollowerLag(2, TimeSpan.FromSeconds(2)), _ => default };
            Assert.Equal(lag, await consumer.GetLagAsync(Cancellation));
            Assert.Equal(lag, await shop.Ledger.Consumer("mail", ConsumerLedger.Odd).GetLagAsync(Cancellation));
            if (fact.Position.Value == 5) break;
        }

        // Facts that do not match are no work, however old they get.
        await shop.Ledger.AppendAsync(new NewFact("s/k", "even", "1"), Cancellation);
        shop.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(default, await consumer.GetLagAsync(Cancellation));
        Assert.Equal(default, await shop.Ledger.Consumer("new", new() { Query = FactQuery.All, StartAt = FollowStart.Now }).GetLagAsync(Cancellation));
    }

    [Fact]
    public async Task A_wait_for_a_position_ends_when_what_was_written_is_handled()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(4);
        var consumer = shop.Ledger.Consumer("view", new() { Query = ConsumerLedger.Odd, TimeProvider = shop.Clock }); // its timers never fire
        await using var facts = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        await ConsumerLedger.NextAsync(facts);
        var (first, third, fourth) = (WaitAsync(1), WaitAsync(3), WaitAsync(4));
        await consumer.CommitAsync(through: new Position(1), Cancellation);
        await first;
        await consumer.WaitForAsync(new Position(2), Cancellation); // nothing matches there
        Assert.False(third.IsCompleted || fourth.IsCompleted);

        await ConsumerLedger.NextAsync(facts);
        Assert.False(third.IsCompleted);
        await consumer.CommitAsync(through: new Position(3), Cancellation);
        await third;
        await fourth; // the checkpoint is at 3, and 4 does not match
        await consumer.WaitForAsync(Position.None, Cancellation);

        Task WaitAsync(long position) => consumer.WaitForAsync(new Position(position), Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    [Fact]
    public async Task A_wait_for_a_position_that_lies_ahead_waits_for_the_ledger_first()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(0);
        var consumer = shop.Ledger.Consumer("view", ConsumerLedger.Odd);
        var waiting = consumer.WaitForAsync(new Position(2), Cancellation).AsTask();
        await shop.AppendAsync(2);
        Assert.False(waiting.IsCompleted);
        await ConsumerLedger.HandleAsync(consumer, 1);
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    // The view is kept by a worker. The web app beside it has the ledger open for reading only.
    [Fact]
    public async Task A_wait_ends_in_another_process_too()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(3);
        await using var reader = await Ledger.OpenReadOnlyAsync("ledger", shop.Options with { TimeProvider = TimeProvider.System }, Cancellation);
        var waiting = reader.Consumer("view", ConsumerLedger.Odd).WaitForAsync(new Position(3), Cancellation).AsTask();
        await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("view", ConsumerLedger.Odd), 1);
        Assert.False(waiting.IsCompleted);
        await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("view", ConsumerLedger.Odd), 1);
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    [Fact]
    public async Task A_wait_ends_with_its_token_and_with_the_ledger()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(1);
        var consumer = shop.Ledger.Consumer("view", ConsumerLedger.Odd);
        foreach (var wrong in new[] { new Position(-1), new Position(Position.MaxValue + 1) })
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await consumer.WaitForAsync(wrong, Cancellation));

        foreach (var position in new[] { 1, 2 })
        {
            using var cancellation = new CancellationTokenSource();
            var waiting = consumer.WaitForAsync(new Position(position), cancellation.Token).AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
        }

        var (handled, ahead) = (consumer.WaitForAsync(new Position(1), Cancellation).AsTask(), consumer.WaitForAsync(new Position(2), Cancellation).AsTask());
        await shop.Ledger.DisposeAsync();
        foreach (var waiting in new[] { handled, ahead })
            await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    [Fact]
    public async Task Consumers_are_listed_and_deleted()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(5);
        Assert.Empty(await ListAsync(shop));
        await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", ConsumerLedger.Odd), 2);
        await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("Audit", FactQuery.Types("even")), 2);

        var listed = await ListAsync(shop);
        Assert.Equal(["Audit", "mail"], listed.Select(one => one.Name));
        Assert.Equal([4, 3], listed.Select(one => one.Cursor.Position.Value));
        Assert.Equal([FactQuery.Types("even"), ConsumerLedger.Odd], listed.Select(one => one.Query));
        Assert.Equal([default, new FollowerLag(5, TimeSpan.FromSeconds(1))], listed.Select(one => one.Lag!.Value)); // the clock stood still while facts 6 to 9 came
        Assert.NotEqual(listed[0].Owner, listed[1].Owner);
        Assert.All(listed, one => Assert.True(one.CommittedAt >= ConsumerLedger.Start.AddSeconds(5)));

        Assert.True(await shop.Ledger.DeleteConsumerAsync("mail", Cancellation));
        Assert.False(await shop.Ledger.DeleteConsumerAsync("mail", Cancellation));
        Assert.Equal("Audit", Assert.Single(await ListAsync(shop)).Name);
        Assert.Equal([1], await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", ConsumerLedger.Odd), 1)); // begins anew
    }

    // A web app was started with a newer query than the worker. It was told that its facts were handled, and the worker had never seen them.
    [Fact]
    public async Task A_question_with_another_query_than_the_stored_one_is_refused()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(6);
        await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", ConsumerLedger.Odd), 3);
        var even = FactQuery.Types("even");
        var other = shop.Ledger.Consumer("mail", even);

        var refused = await Assert.ThrowsAsync<ConsumerRefusedException>(async () => await other.WaitForAsync(new Position(4), Cancellation));
        Assert.Contains("its query was 'type=odd', and is 'type=even' now", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ConsumerRefusedException>(async () => await other.GetLagAsync(Cancellation));

        // Who says that the query may change accepts that the facts before the checkpoint count as handled.
        var changing = shop.Ledger.Consumer("mail", new() { Query = even, QueryMayChange = true });
        await changing.WaitForAsync(new Position(4), Cancellation);
        Assert.Equal(4, (await changing.GetLagAsync(Cancellation)).Facts); // from fact 6 to the head, the effect at 9
    }

    static async Task<List<ConsumerSummary>> ListAsync(ConsumerLedger shop)
    {
        var listed = new List<ConsumerSummary>();
        await foreach (var one in shop.Ledger.ListConsumersAsync(Cancellation)) listed.Add(one);
        return listed;
    }
}
