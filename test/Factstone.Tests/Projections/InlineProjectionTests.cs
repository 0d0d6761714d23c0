namespace Factstone.Tests.Projections;

/// <summary>Inline projections: a read after an append sees it, and the state outlives the process.</summary>
public sealed class InlineProjectionTests
{
    static readonly Projection<Tally> ByKey = ProjectionLedger.ByKey;
    static readonly Projection<Tally> Whole = ProjectionLedger.Whole;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_after_an_append_sees_it()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey, Whole);

        for (var i = 1; i <= 10; i++)
        {
            var position = await ledger.AppendAsync($"k{i % 3}", i);
            var read = await ledger.Ledger.ReadProjectionAsync(ByKey, $"k{i % 3}", cancellationToken: Cancel);

            Assert.Equal((i, position, $"k{i % 3}", 1), (read.State.Last, read.Position, read.Key, read.ProjectionVersion));
            Assert.Equal(i, (await ledger.Ledger.ReadProjectionAsync(Whole, cancellationToken: Cancel)).State.Count);
        }

        Assert.Equal(Tally.Empty, (await ledger.Ledger.ReadProjectionAsync(ByKey, "other", cancellationToken: Cancel)).State);
    }

    [Fact]
    public async Task A_reopened_ledger_continues_from_the_snapshot()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1, 2, 3);
        await ledger.AppendAsync("b", 4);

        var folded = 0;
        await ledger.ReopenAsync(ByKey with { Step = (tally, fact) =>
        {
            folded++;
            return Tally.Step(tally, fact);
        } });
        await ledger.AppendAsync("a", 5);

        Assert.Equal(1, folded);
        Assert.Equal(await ProjectionLedger.FullFoldAsync(ledger.Ledger), await ProjectionLedger.StatesAsync(ledger.Ledger, (Projection<Tally>)((IProjectionSource)ledger.Ledger).Projections!.All.Single().Definition));
    }

    [Fact]
    public async Task What_a_process_without_the_definition_appends_is_folded_at_the_next_open()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1);
        await ledger.ReopenAsync();
        var last = await ledger.AppendAsync("a", 2, 3);
        await ledger.ReopenAsync(ByKey);

        var read = await ledger.Ledger.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel);

        Assert.Equal((3, last), (read.State.Count, read.Position));
    }

    [Fact]
    public async Task Every_way_to_append_is_folded_before_its_answer_and_never_on_the_writer()
    {
        var threads = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>();
        var definition = ByKey with
        {
            Step = (tally, fact) =>
            {
                threads.TryAdd(Thread.CurrentThread.Name ?? "", true);
                return Tally.Step(tally, fact);
            },
        };
        await using var ledger = await ProjectionLedger.OpenAsync(definition);
        var open = ledger.Ledger;

        await open.TryAppendAsync(ProjectionLedger.Number("a", 1), StreamVersion.None, Cancel);
        Assert.Equal(1, await CountAsync());

        await open.DecideAsync(new Projection<int> { Name = "any", Seed = 0, Step = static (count, _) => count + 1 }, new StreamName("s", "a"), static count => [ProjectionLedger.Number("a", count + 1)], cancellationToken: Cancel);
        Assert.Equal(2, await CountAsync());

        var counts = new List<long>();
        await using (var appender = open.OpenAppender(new AppenderOptions { MaxInFlight = 8 }))
            for (var i = 0; i < 20; i++) await appender.SendAsync(new AppendRequest(ProjectionLedger.Number("a", i)), _ => counts.Add(CountAsync().GetAwaiter().GetResult()), Cancel);
        Assert.Equal(20, counts.Count);
        Assert.All(counts.Select(static (count, i) => count - i), static seen => Assert.True(seen >= 3));

        var request = new AppendRequest(ProjectionLedger.Number("a", 5)) { AppendId = "once" };
        Assert.IsType<AppendOutcome.Committed>(await open.TryAppendAsync(request, Cancel));
        Assert.IsType<AppendOutcome.Duplicate>(await open.TryAppendAsync(request, Cancel));
        Assert.IsType<AppendOutcome.Conflict>(await open.TryAppendAsync(new AppendRequest(ProjectionLedger.Number("a", 5)) { Conditions = [AppendCondition.StreamMissing(new StreamName("s", "a"))] }, Cancel));
        await open.TryAppendAsync(new AppendRequest { Cells = [NewCell.Put("bucket", "name", "value")] }, Cancel);
        Assert.Equal(23, await CountAsync());
        Assert.DoesNotContain(threads.Keys, static name => name.StartsWith("factstone", StringComparison.Ordinal));

        async Task<long> CountAsync() => (await open.ReadProjectionAsync(definition, "a", cancellationToken: Cancel)).State.Count;
    }

    // In a backup, cells and facts are as they were together, so the snapshot fits. Facts that were dropped before the backup need not be folded again.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restored_ledger_goes_on_with_the_snapshot(bool drops)
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1, 2, 3);
        await ledger.Ledger.SnapshotAsync(ByKey, Cancel);
        if (drops) await ledger.Ledger.TruncateAsync(new StreamName("s", "a"), new StreamVersion(2), "old", cancellationToken: Cancel);
        await ledger.AppendAsync("b", 4);
        var states = await ProjectionLedger.StatesAsync(ledger.Ledger, ByKey);
        Backups.Backup.Make(ledger.Files, "ledger");
        Backups.Backup.Restore(ledger.Files);

        await using var restored = await Ledger.OpenAsync(Backups.Backup.Restored, ledger.Options with { InlineProjections = [ByKey] }, Cancel);

        Assert.Equal(states, await ProjectionLedger.StatesAsync(restored, ByKey));
        Assert.Empty(ledger.Notices);
    }
}
