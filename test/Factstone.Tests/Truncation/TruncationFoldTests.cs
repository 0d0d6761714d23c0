namespace Factstone.Tests.Truncation;

/// <summary>Folds, projections, deciders and consumers stop where they would need a dropped fact. Follows pass over it and say so.</summary>
public sealed class TruncationFoldTests
{
    static readonly Projection<long> Sum = new() { Name = "sum", Seed = 0, Step = static (sum, fact) => sum + long.Parse(fact.Json!, System.Globalization.CultureInfo.InvariantCulture) };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static async Task<TruncatedLedger> TruncatedAsync(long through = 4)
    {
        var test = new TruncatedLedger();
        for (var i = 0; i < 10; i++)
        {
            await test.AppendAsync("orders/1", 1, "placed");
            await test.AppendAsync("tasks/1", 1, "made");
        }

        await test.Ledger.TruncateAsync("orders/1", through, "compacted", cancellationToken: Cancellation);
        return test;
    }

    static bool Count(ref long count, in FactView fact) => ++count > 0;

    [Fact]
    public async Task A_fold_never_folds_a_hole()
    {
        using var test = await TruncatedAsync();
        var ledger = test.Ledger;
        foreach (var fold in new Func<Task<long>>[]
        {
            async () => await ledger.FoldAsync(0L, Count, cancellationToken: Cancellation),
            async () => await ledger.FoldAsync(0L, Count, new() { Backward = true }, Cancellation),
            async () => await ledger.FoldAsync(FactQuery.Types("placed"), 0L, Count, cancellationToken: Cancellation),
            async () => await ledger.FoldAsync(FactQuery.All, 0L, Count, new() { From = new(7) }, Cancellation),
            async () => await ledger.FoldStreamAsync("orders/1", 0L, Count, cancellationToken: Cancellation),
            async () => await ledger.FoldStreamAsync("orders/1", 0L, Count, new() { From = 4 }, Cancellation),
            async () => await ledger.FoldStreamAsync("orders/1", 0L, Count, new() { Backward = true }, Cancellation),
            async () => await ledger.FoldStreamAsync("orders/1", 0L, Count, new() { AsOf = new Position(3) }, Cancellation),
            async () => (await ledger.ProjectAsync(Sum, (StreamName)"orders/1", Cancellation)).State,
            async () => (await ledger.ProjectAsync(Sum, FactQuery.Store("orders"), Cancellation)).State,
            async () => (await ledger.AsOf(LedgerTime.AtPosition(new(5))).ProjectAsync(Sum, (StreamName)"orders/1", Cancellation)).State,
        })
        {
            var stopped = await Assert.ThrowsAsync<HistoryDroppedException>(fold);
            Assert.Equal(new DroppedFacts("orders/1", 4, new(7), new(21)), stopped.Dropped);
        }

        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.FoldAsync(0L, Count, new() { Dropped = static _ => { } }, Cancellation));
    }

    [Fact]
    public async Task A_fold_that_needs_no_dropped_fact_goes_on()
    {
        using var test = await TruncatedAsync();
        var ledger = test.Ledger;
        Assert.Equal(6, await ledger.FoldStreamAsync("orders/1", 0L, Count, new() { From = 5 }, Cancellation));
        Assert.Equal(6, await ledger.FoldStreamAsync("orders/1", 0L, Count, new() { Backward = true, Limit = 6 }, Cancellation));
        Assert.Equal(10, await ledger.FoldStreamAsync("tasks/1", 0L, Count, cancellationToken: Cancellation));
        Assert.Equal(13, await ledger.FoldAsync(0L, Count, new() { From = new(8) }, Cancellation));
        Assert.Equal(10, await ledger.FoldAsync(FactQuery.Types("made"), 0L, Count, cancellationToken: Cancellation));
        Assert.Equal(0, await ledger.FoldStreamAsync("orders/1", 0L, Count, new() { AsOf = Position.None }, Cancellation));
        Assert.Equal(1, await ledger.FoldLatestAsync("orders/1", 0L, Count, cancellationToken: Cancellation));
        Assert.Equal(0, await ledger.FoldLatestAsync("orders/1", 0L, Count, new Position(7), Cancellation));
    }

    // persist's compaction: checkpoint, then truncate through the snapshot. Snapshot and tail equal the fold of everything before.
    [Fact]
    public async Task A_snapshot_and_the_tail_equal_the_full_fold_before()
    {
        using var test = new TruncatedLedger();
        await test.AppendAsync("orders/1", 6);
        var full = await test.Ledger.ProjectAsync(Sum, (StreamName)"orders/1", Cancellation);
        await test.Ledger.TruncateAsync("orders/1", full.Version, "compacted", new() { Cells = [NewCell.Put("snapshots", "orders/1", $"{full.State}")] }, Cancellation);
        test.Reopen();

        var snapshot = new Projected<long>(long.Parse((await test.Ledger.ReadCellAsync("snapshots", "orders/1", Cancellation))!.Text, System.Globalization.CultureInfo.InvariantCulture), full.Position, full.Version) { Stream = "orders/1" };
        Assert.Equal(full, await test.Ledger.ProjectAsync(Sum, "orders/1", snapshot, Cancellation));
        await test.AppendAsync("orders/1", 2);
        var after = await test.Ledger.ProjectAsync(Sum, "orders/1", snapshot, Cancellation);
        Assert.Equal((36, 8), (after.State, after.Version.Value));

        await test.Ledger.TruncateAsync("orders/1", 7, "compacted", cancellationToken: Cancellation);
        await Assert.ThrowsAsync<HistoryDroppedException>(async () => await test.Ledger.ProjectAsync(Sum, "orders/1", snapshot, Cancellation));
    }

    [Fact]
    public async Task A_decision_on_a_stream_that_has_lost_its_beginning_is_not_made()
    {
        using var test = await TruncatedAsync();
        await Assert.ThrowsAsync<HistoryDroppedException>(async () => await test.Ledger.DecideAsync(Sum, "orders/1", static sum => [NewFact.WithoutPayload("orders/1", "decided")], cancellationToken: Cancellation));
        Assert.Equal(21, (await test.Ledger.GetHeadAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task A_follower_passes_over_and_reports_once()
    {
        using var test = await TruncatedAsync();
        var reported = new List<DroppedFacts>();
        var follower = test.Ledger.OpenFollower(FactQuery.Store("orders"), new() { Dropped = reported.Add, BufferFacts = 2 });
        var read = new List<long>();
        while (follower.TryRead(out var fact)) read.Add(fact.StreamVersion.Value);
        Assert.Equal([5, 6, 7, 8, 9, 10], read);
        Assert.Equal([new DroppedFacts("orders/1", 4, new(7), new(21))], reported);

        await test.AppendAsync("orders/1", 1);
        Assert.True(follower.TryRead(out var next));
        Assert.Equal(11, next.StreamVersion.Value);
        await test.AppendAsync("orders/1", 2);
        await test.Ledger.TruncateAsync("orders/1", 12, "compacted", cancellationToken: Cancellation);
        Assert.True(follower.TryRead(out next));
        Assert.Equal(13, next.StreamVersion.Value);
    }

    [Fact]
    public async Task A_consumer_stops_where_it_would_miss_a_fact()
    {
        using var test = await TruncatedAsync();
        var consumer = test.Ledger.Consumer("worker", FactQuery.Store("orders"));
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var stopped = await Assert.ThrowsAsync<HistoryDroppedException>(async () => await consumer.FollowAsync(Cancellation).FirstAsync(Cancellation));
            Assert.Equal(new DroppedFacts("orders/1", 4, new(7), new(21)), stopped.Dropped);
            Assert.Contains("'worker'", stopped.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, consumer.Position.Value);
        var other = test.Ledger.Consumer("other", FactQuery.Types("made"));
        Assert.Equal(2, (await other.FollowAsync(Cancellation).FirstAsync(Cancellation)).Position.Value);
        var later = test.Ledger.Consumer("later", new ConsumerOptions { Query = FactQuery.Store("orders"), StartAt = FollowStart.After(new Position(7)) });
        Assert.Equal(9, (await later.FollowAsync(Cancellation).FirstAsync(Cancellation)).Position.Value);
    }

    [Fact]
    public async Task A_consumer_that_has_handled_what_is_dropped_goes_on()
    {
        using var test = new TruncatedLedger();
        await test.AppendAsync("orders/1", 4);
        var consumer = test.Ledger.Consumer("worker", FactQuery.Store("orders"));
        await using (var facts = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation))
        {
            for (var i = 0; i < 3; i++) Assert.True(await facts.MoveNextAsync());
            await consumer.CommitAsync(new(3), Cancellation);
        }

        await test.Ledger.TruncateAsync("orders/1", 3, "handled", cancellationToken: Cancellation);
        Assert.Equal(4, (await consumer.FollowAsync(Cancellation).FirstAsync(Cancellation)).Position.Value);
        await test.Ledger.TruncateAsync("orders/1", 4, "not handled", cancellationToken: Cancellation);
        await Assert.ThrowsAsync<HistoryDroppedException>(async () => await consumer.FollowAsync(Cancellation).FirstAsync(Cancellation));
    }
}
