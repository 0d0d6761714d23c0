namespace Factstone.Tests.Projections;

/// <summary>A new version is built beside the one that it replaces, which answers until one durable step.</summary>
public sealed class ReplacedProjectionTests
{
    static readonly Projection<Tally> V1 = ProjectionLedger.ByKey;
    static readonly Projection<Tally> V2 = V1 with { Version = 2, Replaces = V1, Step = static (tally, fact) => Tally.Step(tally, fact) with { Padding = "2" } };

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_version_before_answers_until_the_new_one_has_caught_up(bool isInline)
    {
        await using var ledger = await ProjectionLedger.OpenAsync(V1);
        for (var i = 1; i <= 50; i++) await ledger.AppendAsync($"k{i % 5}", i);
        await ledger.ReopenAsync(options => Kept(options, isInline, V2) with { ProjectionLimits = new ProjectionLimits { IsManual = true, OpeningPositionsMax = 0 } });
        var kept = ((IProjectionSource)ledger.Ledger).Projections!.All.Single();

        Assert.Equal((10, 1, ""), await ReadAsync(ledger, V2));
        Assert.Equal((10, 1, ""), await ReadAsync(ledger, V1));
        Assert.Equal([new ProjectionProgress(2, new Position(0), new Position(50), null)], await ledger.Ledger.WatchRebuildAsync(V2, Cancel).Take(1).ToListAsync(Cancel));
        await ledger.AppendAsync("k1", 51);
        Assert.Equal(11, (await ledger.Ledger.ReadProjectionAsync(V2, "k1", atLeast: new Position(51), Cancel)).State.Count);
        Assert.Equal([(1, ProjectionState.Current)], await VersionsAsync(ledger));

        await kept.BuildAsync(Cancel);
        Assert.Equal((11, 1, ""), await ReadAsync(ledger, V2)); // not before the step is durable
        await kept.PromoteAsync(Cancel);
        Assert.Equal((11, 2, "2"), await ReadAsync(ledger, V2));
        Assert.Equal([(1, ProjectionState.Dropping), (2, ProjectionState.Current)], await VersionsAsync(ledger));
        Assert.Contains("this ledger keeps version 2", (await Assert.ThrowsAsync<ProjectionRefusedException>(() => ReadAsync(ledger, V1))).Message, StringComparison.Ordinal);
        Assert.Empty(await ledger.Ledger.WatchRebuildAsync(V2, Cancel).ToListAsync(Cancel));

        await kept.CleanUpAsync(Cancel);
        Assert.Equal([(2, ProjectionState.Current)], await VersionsAsync(ledger));
        Assert.Empty(await ledger.Ledger.ListCellNamesAsync(ProjectionCells.Groups(1), cancellationToken: Cancel).ToListAsync(Cancel));

        await ledger.AppendAsync("k1", 52);
        Assert.Equal(12, (await ledger.Ledger.ReadProjectionAsync(V2, "k1", atLeast: new Position(52), Cancel)).State.Count);
        await ledger.ReopenAsync(options => Kept(options, isInline, V2));
        Assert.Equal((12, 2, "2"), await ReadAsync(ledger, V2));
        Assert.Equal(2, (await ledger.Ledger.ReadCellAsync(ProjectionCells.Bucket, ProjectionCells.Current("by-key"), Cancel))!.Version.Value); // it has switched once
    }

    // The watch went round and round on a whole core until the snapshot of the built version was written.
    [Fact]
    public async Task A_watch_reports_four_times_a_second_however_long_the_last_snapshot_takes()
    {
        await using var ledger = await ProjectionLedger.OpenAsync();
        await ledger.AppendAsync("a", 1);
        await ledger.ReopenAsync(options => Kept(options, isInline: false, V1) with { ProjectionLimits = new ProjectionLimits { IsManual = true } });
        var kept = ((IProjectionSource)ledger.Ledger).Projections!.All.Single();
        await kept.BuildAsync(Cancel);
        var reports = 0;
        var watch = Task.Run(async () =>
        {
            await foreach (var _ in ledger.Ledger.WatchRebuildAsync(V1, Cancel)) reports++;
        }, Cancel);
        await Task.Delay(TimeSpan.FromMilliseconds(600), Cancel);
        await kept.PromoteAsync(Cancel);
        await watch.WaitAsync(ProjectionLedger.Patience, Cancel);
        Assert.InRange(reports, 0, 50);

        await using var reader = await ledger.OpenReadOnlyAsync(V1);
        Assert.Empty(await reader.WatchRebuildAsync(V1, Cancel).ToListAsync(Cancel));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task In_the_background_it_is_built_switched_and_cleaned_up(bool isInline)
    {
        await using var ledger = await ProjectionLedger.OpenAsync(V1);
        for (var i = 1; i <= 50; i++) await ledger.AppendAsync($"k{i % 5}", i);
        await ledger.ReopenAsync(options => Kept(options, isInline, V2));

        await foreach (var progress in ledger.Ledger.WatchRebuildAsync(V2, Cancel)) Assert.Equal((2, 50), (progress.Version, progress.Head.Value));

        Assert.Equal((10, 2, "2"), await ReadAsync(ledger, V2));
        await ProjectionLedger.UntilAsync(async () => (await VersionsAsync(ledger)).Count == 1);
    }

    [Fact]
    public async Task A_build_that_was_interrupted_continues_from_its_snapshot()
    {
        var folded = 0;
        var counting = V2 with { Step = (tally, fact) => { folded++; return Tally.Step(tally, fact); } };
        var limits = new ProjectionLimits { IsManual = true, OpeningPositionsMax = 0, FactsPerBatch = 10, BatchesPerTurn = 1 };
        await using var ledger = await ProjectionLedger.OpenAsync(V1);
        for (var i = 1; i <= 50; i++) await ledger.AppendAsync($"k{i % 5}", i);
        await ledger.ReopenAsync(options => Kept(options, true, counting) with { ProjectionLimits = limits });
        var kept = ((IProjectionSource)ledger.Ledger).Projections!.All.Single();
        await kept.Newest.FoldToAsync(new Position(21), Cancel);
        await kept.Newest.SnapshotAsync();
        Assert.Equal((30, 30), (folded, (int)kept.Newest.Seen.Value));

        await ledger.ReopenAsync(options => Kept(options, true, counting) with { ProjectionLimits = limits });
        kept = ((IProjectionSource)ledger.Ledger).Projections!.All.Single();
        Assert.Equal(30, kept.Newest.Seen.Value);
        await kept.BuildAsync(Cancel);
        await kept.PromoteAsync(Cancel);

        Assert.Equal((50, 10, 2), (folded, (await ReadAsync(ledger, counting)).Item1, (await ReadAsync(ledger, counting)).Item2));
    }

    [Fact]
    public async Task A_version_with_another_type_of_state_lets_reads_wait()
    {
        var count = new Projection<long> { Name = "by-key", Version = 2, Replaces = V1, Source = V1.Source, GroupBy = V1.GroupBy, Seed = 0, Step = static (count, _) => count + 1, Json = TallyJson.Default.Int64 };
        await using var ledger = await ProjectionLedger.OpenAsync(V1);
        await ledger.AppendAsync("a", 1, 2);
        await ledger.ReopenAsync(options => options with { InlineProjections = [count], ProjectionLimits = new ProjectionLimits { IsManual = true } });
        var kept = ((IProjectionSource)ledger.Ledger).Projections!.All.Single();

        var waiting = ledger.Ledger.ReadProjectionAsync(count, "a", cancellationToken: Cancel).AsTask();
        Assert.False(waiting.IsCompleted);
        await kept.BuildAsync(Cancel);
        await kept.PromoteAsync(Cancel);

        Assert.Equal((2, 2), ((await waiting).State, (await waiting).ProjectionVersion));
    }

    [Fact]
    public async Task A_projection_is_dropped_in_one_step_and_its_cells_after_it()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(V1, ProjectionLedger.Whole);
        for (var i = 1; i <= 20; i++) await ledger.AppendAsync($"k{i}", i);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await ledger.Ledger.DropProjectionAsync("by-key", cancellationToken: Cancel));
        await ledger.ReopenAsync();

        Assert.False(await ledger.Ledger.DropProjectionAsync("by-key", version: 2, Cancel));
        Assert.False(await ledger.Ledger.DropProjectionAsync("other", cancellationToken: Cancel));
        Assert.True(await ledger.Ledger.DropProjectionAsync("by-key", cancellationToken: Cancel));
        Assert.False(await ledger.Ledger.DropProjectionAsync("by-key", cancellationToken: Cancel));

        Assert.Equal(["whole"], await ledger.Ledger.ListProjectionsAsync(Cancel).Select(static one => one.Name).ToListAsync(Cancel));
        Assert.Equal(["builds", "current/whole", "version/1/whole"], await ledger.Ledger.ListCellNamesAsync(ProjectionCells.Bucket, cancellationToken: Cancel).Select(static cell => cell.Name).ToListAsync(Cancel));
        await ledger.ReopenAsync(V1, ProjectionLedger.Whole);
        Assert.Equal(await ProjectionLedger.FullFoldAsync(ledger.Ledger), await ProjectionLedger.StatesAsync(ledger.Ledger, V1));
        Assert.Empty(ledger.Notices);
    }

    static LedgerOptions Kept(LedgerOptions options, bool isInline, Projection projection) => isInline ? options with { InlineProjections = [projection] } : options with { AsyncProjections = [projection] };

    static async Task<(long, int, string)> ReadAsync(ProjectionLedger ledger, Projection<Tally> projection)
    {
        var read = await ledger.Ledger.ReadProjectionAsync(projection, "k1", atLeast: await ledger.Ledger.GetHeadAsync(Cancel), Cancel);
        return (read.State.Count, read.ProjectionVersion, read.State.Padding);
    }

    static async Task<List<(int, ProjectionState)>> VersionsAsync(ProjectionLedger ledger)
    {
        var versions = new List<(int, ProjectionState)>();
        foreach (var (name, version) in await ProjectionCells.ListVersionsAsync(ledger.Ledger, "by-key", Cancel))
            if (await VersionCell.ReadAsync(ledger.Ledger, name, version, Cancel) is { } cell) versions.Add((version, cell.State)); // the background may have deleted it since
        return versions;
    }
}
