using System.Text.Json;

namespace Factstone.Tests.Projections;

/// <summary>Snapshots: the state is that of the full fold, wherever it continues; large states, many groups, and cells that cannot be read.</summary>
public sealed class SnapshotTests
{
    static readonly Projection<Tally> ByKey = ProjectionLedger.ByKey;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // With few groups in memory, so that states are also read from cells in the middle of the fold.
    [Theory]
    [InlineData(250_000)]
    [InlineData(4)]
    public async Task Snapshot_and_tail_are_the_full_fold_at_every_position(int groupsInMemory)
    {
        const int Facts = 2_000;
        await using var ledger = await ProjectionLedger.OpenAsync();
        var random = new Random(20_261_122);
        await ledger.Ledger.AppendAsync(new AppendRequest { Facts = [.. Enumerable.Range(1, Facts).Select(i => ProjectionLedger.Number($"k{random.Next(7)}", i))] }, Cancel);
        var full = await ProjectionLedger.FullFoldAsync(ledger.Ledger);
        var definition = ByKey with { GroupsInMemoryMax = groupsInMemory };
        var limits = new ProjectionLimits { IsManual = true, FactsPerBatch = 1, BatchesPerTurn = 1 };
        var written = new KeptVersion<Tally>(new ProjectionHost(ledger.Ledger, limits, Notice: null), definition);
        await written.OpenAsync(Cancel);

        for (var position = 1; position <= Facts; position++)
        {
            await written.FoldToAsync(new Position(position), Cancel);
            await written.SnapshotAsync();
            var continued = new KeptVersion<Tally>(new ProjectionHost(ledger.Ledger, new ProjectionLimits { IsManual = true }, Notice: null), definition with { GroupsInMemoryMax = 250_000 });
            await continued.OpenAsync(Cancel);
            Assert.Equal((position, position), (written.Seen.Value, continued.Seen.Value));

            await continued.FoldToAsync(new Position(Facts), Cancel);

            foreach (var (key, state) in full) Assert.Equal(state, (await continued.TryReadAsync(key, Cancel))!.State);
        }
    }

    [Fact]
    public async Task Snapshots_are_written_every_n_facts_and_on_demand()
    {
        var definition = ByKey with { SnapshotEvery = 10 };
        await using var ledger = await ProjectionLedger.OpenAsync(definition);
        for (var i = 1; i <= 25; i++) await ledger.AppendAsync("a", i);
        var deadline = TimeProvider.System.GetTimestamp();
        while (await CheckpointAsync(ledger) < 10 && TimeProvider.System.GetElapsedTime(deadline) < ProjectionLedger.Patience) await Task.Delay(5, Cancel);
        Assert.True(await CheckpointAsync(ledger) >= 10);

        Assert.Equal(25, (await ledger.Ledger.SnapshotAsync(definition, Cancel)).Value);

        Assert.Equal(25, await CheckpointAsync(ledger));
        await ledger.AppendAsync("a", 26);
        await ledger.ReopenAsync(definition); // the close writes one
        Assert.Equal(26, await CheckpointAsync(ledger));
    }

    [Fact]
    public async Task More_groups_than_fit_into_memory_are_read_from_their_cells()
    {
        var definition = ByKey with { GroupsInMemoryMax = 10 };
        await using var ledger = await ProjectionLedger.OpenAsync(definition);
        var random = new Random(7);
        for (var i = 1; i <= 400; i++) await ledger.AppendAsync($"k{random.Next(150)}", i, i + 1, i + 2);

        Assert.Equal(await ProjectionLedger.FullFoldAsync(ledger.Ledger), await ProjectionLedger.StatesAsync(ledger.Ledger, definition));

        await ledger.ReopenAsync(definition);
        Assert.Equal(await ProjectionLedger.FullFoldAsync(ledger.Ledger), await ProjectionLedger.StatesAsync(ledger.Ledger, definition));
    }

    [Fact]
    public async Task A_state_larger_than_a_cell_is_written_in_parts_and_old_parts_are_deleted()
    {
        var definition = ByKey with { Step = static (tally, fact) => Tally.Step(tally, fact) with { Padding = new string('x', (int)long.Parse(fact.Json!, System.Globalization.CultureInfo.InvariantCulture)) } };
        await using var ledger = await ProjectionLedger.OpenAsync(definition);
        var size = 9 * 1_024 * 1_024;
        await ledger.AppendAsync("large", size);
        await ledger.ReopenAsync(definition);
        Assert.Equal(3, await PartsAsync(ledger.Ledger));
        Assert.Equal(size, (await ledger.Ledger.ReadProjectionAsync(definition, "large", cancellationToken: Cancel)).State.Padding.Length);

        await ledger.AppendAsync("large", size + 1);
        await ledger.AppendAsync("other", 5_000_000);
        await ledger.ReopenAsync(definition);
        Assert.Equal(5, await PartsAsync(ledger.Ledger));
        Assert.Equal(size + 1, (await ledger.Ledger.ReadProjectionAsync(definition, "large", cancellationToken: Cancel)).State.Padding.Length);

        await ledger.AppendAsync("large", 1);
        await ledger.Ledger.SnapshotAsync(definition, Cancel);
        Assert.Equal(2, await PartsAsync(ledger.Ledger));
        await ledger.ReopenAsync(definition);
        Assert.Equal((3, "x"), await StateAsync(ledger, definition));

        static async Task<(long, string)> StateAsync(ProjectionLedger ledger, Projection<Tally> definition) =>
            (await ledger.Ledger.ReadProjectionAsync(definition, "large", cancellationToken: Cancel)).State is var state ? (state.Count, state.Padding) : default;
    }

    [Theory]
    [InlineData("{\"position\":3}")]
    [InlineData("{\"position\":3,\"state\":null}")]
    [InlineData("{\"position\":3,\"state\":{\"count\":\"many\"}}")]
    [InlineData("{\"position\":3,\"generation\":7,\"parts\":1,\"bytes\":3}")]
    [InlineData("none")]
    public async Task A_state_that_cannot_be_read_makes_the_projection_build_again_and_say_so(string cell)
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1, 2, 3);
        await ledger.AppendAsync("b", 4);
        await ledger.ReopenAsync();
        await ledger.Ledger.TryAppendAsync(new AppendRequest { Cells = [NewCell.Put(ProjectionCells.Groups(1), "a", cell).AsOwn()] }, Cancel);
        await ledger.ReopenAsync(ByKey);
        Assert.Empty(ledger.Notices);

        var read = await ledger.Ledger.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel);

        Assert.Equal(3, read.State.Count);
        var notice = Assert.IsType<LedgerNotice.ProjectionRebuilt>(Assert.Single(ledger.Notices));
        Assert.Contains("'by-key', version 1, is built again from the first fact. The state of group 'a' in the cell $projections.1/a cannot be read", notice.Text, StringComparison.Ordinal);
        await ledger.AppendAsync("a", 5);
        Assert.Equal(await ProjectionLedger.FullFoldAsync(ledger.Ledger), await ProjectionLedger.StatesAsync(ledger.Ledger, ByKey));
        await ledger.ReopenAsync(ByKey);
        Assert.Equal(await ProjectionLedger.FullFoldAsync(ledger.Ledger), await ProjectionLedger.StatesAsync(ledger.Ledger, ByKey));
        Assert.Single(ledger.Notices);
        await ProjectionLedger.UntilAsync(async () => !await ledger.Ledger.ListCellNamesAsync(ProjectionCells.Groups(1), cancellationToken: Cancel).AnyAsync(Cancel));
    }

    [Theory]
    [InlineData("none", "Its checkpoint cannot be read: ")]
    [InlineData("{\"format\":1,\"build\":1,\"state\":\"current\",\"cursor\":\"6f9619ff-8b86-4d01-b42d-00cf4fc964ff/1@2\",\"source\":\"store=s\",\"grouping\":\"one\"}", "Its checkpoint does not fit the ledger: ")]
    public async Task A_checkpoint_that_does_not_fit_makes_the_projection_build_again_and_say_so(string cell, string why)
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1, 2, 3);
        await ledger.ReopenAsync();
        await ledger.Ledger.TryAppendAsync(new AppendRequest { Cells = [NewCell.Put(ProjectionCells.Bucket, ProjectionCells.Version("by-key", 1), cell).AsOwn()] }, Cancel);

        await ledger.ReopenAsync(ByKey);

        Assert.Equal(3, (await ledger.Ledger.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel)).State.Count);
        Assert.StartsWith($"Projection 'by-key', version 1, is built again from the first fact. {why}", Assert.Single(ledger.Notices).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cell_of_a_newer_format_is_refused_and_nothing_is_changed()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1);
        await ledger.ReopenAsync();
        await ledger.Ledger.TryAppendAsync(new AppendRequest { Cells = [NewCell.Put(ProjectionCells.Bucket, ProjectionCells.Version("by-key", 1), """{"format":2}""").AsOwn()] }, Cancel);

        var refused = await Assert.ThrowsAsync<ProjectionRefusedException>(() => ledger.ReopenAsync(ByKey));

        Assert.Contains("its cells have format 2; this version of Factstone reads format 1", refused.Message, StringComparison.Ordinal);
        await ledger.ReopenAsync();
        Assert.Equal("""{"format":2}""", (await ledger.Ledger.ReadCellAsync(ProjectionCells.Bucket, ProjectionCells.Version("by-key", 1), Cancel))!.Text);
    }

    [Fact]
    public void The_cells_are_as_documented()
    {
        var cursor = LedgerCursor.Parse("6f9619ff-8b86-4d01-b42d-00cf4fc964ff/1@1.26245bf3");
        var cell = new VersionCell(3, ProjectionState.Current, cursor, FactQuery.Store("stock"), ProjectionGrouping.One) { OldBuilds = [1, 2] };
        string[] documented = [.. Guide.CodeBlocks.Of(Repository.Read("docs/format.md"), "projection").Select(static block => Assert.Single(block))];

        Assert.Equal(
            [
                System.Text.Encoding.UTF8.GetString(VersionCell.CurrentCell("stock", 2).Value.Span),
                System.Text.Encoding.UTF8.GetString(cell.ToCell("stock", 2).Value.Span),
                System.Text.Encoding.UTF8.GetString(GroupHead.Write("b", "k", new GroupHead(new Position(41), 0, 0, 0), JsonSerializer.SerializeToUtf8Bytes(7L, TallyJson.Default.Int64)).Value.Span),
                System.Text.Encoding.UTF8.GetString(GroupHead.Write("b", "k", new GroupHead(new Position(41), 2, 3, 9_000_000), []).Value.Span),
                System.Text.Encoding.UTF8.GetString(new PartsJournal(2, "sku-1", 1).ToCell("b").Value.Span),
            ],
            documented);
    }

    static async Task<long> CheckpointAsync(ProjectionLedger ledger) =>
        (await VersionCell.ReadAsync(ledger.Ledger, "by-key", 1, Cancel))?.Cursor.Position.Value ?? 0;

    static async Task<int> PartsAsync(Ledger ledger) =>
        (await ledger.ListCellNamesAsync(ProjectionCells.Parts(1), cancellationToken: Cancel).ToListAsync(Cancel)).Count(static cell => cell.Name != ProjectionCells.Journal);
}
