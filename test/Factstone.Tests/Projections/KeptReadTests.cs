namespace Factstone.Tests.Projections;

/// <summary>Reads of kept projections: groups by prefix and page, many groups of a fact, async projections, read-only ledgers, and callers at the same time.</summary>
public sealed class KeptReadTests
{
    static readonly Projection<Tally> ByKey = ProjectionLedger.ByKey;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(250_000)]
    [InlineData(4)]
    public async Task Groups_are_listed_by_prefix_in_pages(int groupsInMemory)
    {
        var definition = ByKey with { GroupsInMemoryMax = groupsInMemory };
        await using var ledger = await ProjectionLedger.OpenAsync(definition);
        string[] keys = ["", "a", "a/1", "a/2", "a/3", "b", "b/1", "\uFF5E", "\U0001F600"];
        foreach (var key in keys.Reverse().Take(5)) await ledger.AppendAsync(key, 1);
        await ledger.Ledger.SnapshotAsync(definition, Cancel);
        foreach (var key in keys.Reverse().Skip(4)) await ledger.AppendAsync(key, 2);

        Assert.Equal(keys, await KeysAsync(new ProjectionListOptions()));
        Assert.Equal(["a", "a/1", "a/2", "a/3"], await KeysAsync(new ProjectionListOptions { Prefix = "a" }));
        Assert.Equal(["a/2", "a/3"], await KeysAsync(new ProjectionListOptions { Prefix = "a/", After = "a/1", Limit = 2 }));
        Assert.Equal([], await KeysAsync(new ProjectionListOptions { Limit = 0 }));
        Assert.Equal([], await KeysAsync(new ProjectionListOptions { Prefix = "c" }));

        async Task<List<string>> KeysAsync(ProjectionListOptions options) => await ledger.Ledger.ListProjectionAsync(definition, options, Cancel).Select(static group => group.Key!).ToListAsync(Cancel);
    }

    [Fact]
    public async Task A_fact_belongs_to_no_group_to_one_or_to_several_distinct_ones()
    {
        var one = ByKey with { GroupBy = static fact => fact.Stream.Key == "none" ? null : fact.Stream.Key };
        var many = ByKey with { Name = "many", GroupBy = null, GroupByMany = static fact => fact.Stream.Key == "none" ? [] : [fact.Stream.Key, "all", fact.Stream.Key] };
        await using var ledger = await ProjectionLedger.OpenAsync(one, many);
        foreach (var key in new[] { "a", "none", "b", "a" }) await ledger.AppendAsync(key, 1);

        Assert.Equal([("a", 2), ("b", 1)], (await ProjectionLedger.StatesAsync(ledger.Ledger, one)).Select(static group => (group.Key, group.Value.Count)));
        Assert.Equal([("a", 2), ("all", 3), ("b", 1)], (await ProjectionLedger.StatesAsync(ledger.Ledger, many)).Select(static group => (group.Key, group.Value.Count)));
        Assert.Equal(4, (await ledger.Ledger.ReadProjectionAsync(one, "none", cancellationToken: Cancel)).Position.Value);
    }

    [Fact]
    public async Task An_async_projection_reads_what_it_is_asked_to_have_seen()
    {
        await using var ledger = await ProjectionLedger.OpenAsync();
        await ledger.ReopenAsync(options => options with { AsyncProjections = [ByKey] });

        for (var i = 1; i <= 200; i++)
        {
            var position = await ledger.AppendAsync("a", i);
            var read = await ledger.Ledger.ReadProjectionAsync(ByKey, "a", atLeast: position, Cancel);
            Assert.Equal((i, position), (read.State.Count, read.Position));
        }

        var last = await ledger.AppendAsync("a", 201);
        await ProjectionLedger.UntilAsync(async () => (await ledger.Ledger.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel)).Position == last);
        await ledger.ReopenAsync(options => options with { AsyncProjections = [ByKey] });
        Assert.Equal(201, (await ledger.Ledger.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel)).State.Count);
    }

    [Fact]
    public async Task Each_of_many_callers_reads_its_own_append()
    {
        var definition = ByKey with { SnapshotEvery = 100, GroupsInMemoryMax = 8 };
        await using var ledger = await ProjectionLedger.OpenAsync(definition, ProjectionLedger.Whole);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            for (var i = 1; i <= 100; i++)
            {
                var position = await ledger.AppendAsync($"k{caller}", i);
                var read = await ledger.Ledger.ReadProjectionAsync(definition, $"k{caller}", cancellationToken: Cancel);
                Assert.Equal((i, i), (read.State.Count, read.State.Last));
                Assert.True(read.Position >= position);
            }
        }, Cancel)));

        Assert.Equal(1_600, (await ledger.Ledger.ReadProjectionAsync(ProjectionLedger.Whole, cancellationToken: Cancel)).State.Count);
        var full = await ProjectionLedger.FullFoldAsync(ledger.Ledger);
        Assert.Equal(full, await ProjectionLedger.StatesAsync(ledger.Ledger, definition));
        await ledger.ReopenAsync(definition);
        Assert.Equal(full, await ProjectionLedger.StatesAsync(ledger.Ledger, definition));
    }

    // A reader that takes a state and its position from two moments would continue with a fact twice, or leave one out.
    [Fact]
    public async Task A_state_has_exactly_the_facts_up_to_its_position()
    {
        var definition = ByKey with { SnapshotEvery = 50, GroupsInMemoryMax = 4 };
        await using var ledger = await ProjectionLedger.OpenAsync();
        await ledger.ReopenAsync(options => options with { AsyncProjections = [definition] });
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var writing = Task.Run(async () =>
        {
            for (var i = 1; i <= 400; i++) await ledger.AppendAsync($"k{i % 7}", i, i + 1);
            await done.CancelAsync();
        }, Cancel);

        for (var i = 0; !done.IsCancellationRequested; i++)
        {
            var read = await ledger.Ledger.ReadProjectionAsync(definition, $"k{i % 7}", cancellationToken: Cancel);
            var then = await ledger.Ledger.AsOf(LedgerTime.AtPosition(read.Position)).ProjectAsync(definition, new StreamName("s", $"k{i % 7}"), Cancel);
            Assert.Equal(then.State, read.State);
        }

        await writing;
    }

    [Fact]
    public async Task A_read_only_ledger_folds_what_came_after_the_snapshot_and_writes_nothing()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1, 2);
        await ledger.AppendAsync("b", 3);
        await ledger.Ledger.SnapshotAsync(ByKey, Cancel);
        await ledger.AppendAsync("a", 4);
        await ledger.AppendAsync("c", 5);
        await using var reader = await ledger.OpenReadOnlyAsync(ByKey);

        Assert.Equal(await ProjectionLedger.FullFoldAsync(reader), await ProjectionLedger.StatesAsync(reader, ByKey));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await reader.SnapshotAsync(ByKey, Cancel));

        var last = await ledger.AppendAsync("a", 6);
        Assert.Equal(4, (await reader.ReadProjectionAsync(ByKey, "a", atLeast: last, Cancel)).State.Count);
        await ledger.Ledger.SnapshotAsync(ByKey, Cancel);
        await ledger.AppendAsync("b", 7);
        await ledger.AppendAsync("d", 8);
        Assert.Equal(await ProjectionLedger.FullFoldAsync(reader), await ProjectionLedger.StatesAsync(reader, ByKey));
    }

    [Fact]
    public async Task A_read_only_ledger_follows_the_writer_to_the_next_version()
    {
        var next = ByKey with { Version = 2, Replaces = ByKey, Step = static (tally, fact) => Tally.Step(tally, fact) with { Padding = "2" } };
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1);
        await ProjectionLedger.UntilAsync(async () => await ledger.Ledger.ListProjectionsAsync(Cancel).AnyAsync(static one => one.State == ProjectionState.Current, Cancel));
        await using var reader = await ledger.OpenReadOnlyAsync(next);
        await ledger.Ledger.SnapshotAsync(ByKey, Cancel);
        Assert.Equal((1, 1), await ReadAsync());

        await ledger.ReopenAsync(next);
        await foreach (var _ in ledger.Ledger.WatchRebuildAsync(next, Cancel)) { }
        await ledger.AppendAsync("a", 2);

        Assert.Equal((2, 2), await ReadAsync());
        Assert.Equal("2", (await reader.ReadProjectionAsync(next, "a", cancellationToken: Cancel)).State.Padding);

        async Task<(long, int)> ReadAsync() => (await reader.ReadProjectionAsync(next, "a", cancellationToken: Cancel)) is var read ? (read.State.Count, read.ProjectionVersion) : default;
    }

    [Fact]
    public async Task The_list_has_name_version_state_position_and_lag()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1, 2);
        await ProjectionLedger.UntilAsync(async () => (await ledger.Ledger.ListProjectionsAsync(Cancel).FirstAsync(Cancel)).State == ProjectionState.Current);

        var here = Assert.Single(await ledger.Ledger.ListProjectionsAsync(Cancel).ToListAsync(Cancel));
        Assert.Equal(("by-key", 1, 2, 0, "store=s"), (here.Name, here.Version, here.Position.Value, here.Lag!.Value.Facts, here.Source.ToString()));

        await ledger.ReopenAsync();
        await ledger.AppendAsync("a", 3);
        await ledger.Ledger.AppendAsync(new NewFact("other/k", "number", "1"), Cancel);
        var elsewhere = Assert.Single(await ledger.Ledger.ListProjectionsAsync(Cancel).ToListAsync(Cancel));
        Assert.Equal((ProjectionState.Current, 2, 2), (elsewhere.State, elsewhere.Position.Value, elsewhere.Lag!.Value.Facts));
    }
}
