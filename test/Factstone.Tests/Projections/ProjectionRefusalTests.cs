namespace Factstone.Tests.Projections;

/// <summary>Definitions that cannot be kept, and reads that cannot be answered: clear errors, and nothing is changed.</summary>
public sealed class ProjectionRefusalTests
{
    static readonly Projection<Tally> ByKey = ProjectionLedger.ByKey;
    static readonly Projection<Tally> Whole = ProjectionLedger.Whole;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, Projection[]> Unkeepable => new()
    {
        { "A projection is null.", [null!] },
        { "'by-key', version 1, cannot be kept. It has no Source.", [ByKey with { Source = null }] },
        { "'by-key', version 1, cannot be kept. Its Source is refused: ", [ByKey with { Source = [] }] },
        { "'by-key', version 1, cannot be kept. The text of its Source has ", [ByKey with { Source = FactQuery.Create([.. Enumerable.Range(0, 999).Select(i => new FactQueryItem { Tags = [$"{i}{new string('t', 100)}"] })]) }] },
        { "'by-key', version 1, cannot be kept. It has no Json, so that its state cannot be stored.", [ByKey with { Json = null }] },
        { "'by-key', version 1, cannot be kept. It has GroupBy and GroupByMany.", [ByKey with { GroupByMany = static fact => [fact.Stream.Key] }] },
        { "'by-key', version 1, cannot be kept. Its Seed is null", [ByKey with { Seed = null! }] },
        { "There are two definitions of projection 'by-key', version 1.", [ByKey, ByKey with { Source = FactQuery.All }] },
        { "Projection 'by-key' has versions 1 and 2 here.", [ByKey, ByKey with { Version = 2 }] },
        { "'by-key', version 2, replaces one of another name, 'whole'.", [ByKey with { Version = 2, Replaces = Whole }] },
        { "'by-key', version 2, replaces version 2, which is not a lower one.", [ByKey with { Version = 2, Replaces = ByKey with { Version = 2 } }] },
        { "'by-key', version 1, cannot be kept. It has no Json", [ByKey with { Version = 2, Replaces = ByKey with { Json = null } }] },
    };

    [Theory]
    [MemberData(nameof(Unkeepable))]
    public async Task A_definition_that_cannot_be_kept_is_refused_before_the_ledger_is_opened(string message, Projection[] projections)
    {
        var files = new Storage.MemoryFileSystem();

        foreach (var options in new[] { new LedgerOptions { InlineProjections = projections }, new LedgerOptions { AsyncProjections = projections } })
        {
            var refused = await Assert.ThrowsAsync<ArgumentException>(async () => await Ledger.OpenAsync("ledger", options with { FileSystem = files }, Cancel));
            Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<LedgerNotFoundException>(async () => await Ledger.OpenReadOnlyAsync("ledger", new LedgerOptions { FileSystem = files }, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Ledger.OpenInMemoryAsync(new LedgerOptions { InlineProjections = [ByKey], AsyncProjections = [ByKey] }, Cancel));
    }

    [Fact]
    public void A_member_out_of_its_range_is_refused_where_it_is_set()
    {
        Assert.Equal("value", Assert.Throws<ArgumentOutOfRangeException>(static () => ByKey with { Version = 0 }).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(static () => ByKey with { SnapshotEvery = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(static () => ByKey with { GroupsInMemoryMax = 1 });
        Assert.Throws<ArgumentException>(static () => ByKey with { Name = new string('n', 257) });
        Assert.Throws<ArgumentException>(static () => ByKey with { Name = "" });
        Assert.Throws<ArgumentNullException>(static () => ByKey with { Name = null! });
        Assert.Throws<ArgumentNullException>(static () => ByKey with { Step = null! });
    }

    [Fact]
    public async Task What_is_stored_of_another_definition_is_refused_and_nothing_is_changed()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey with { Version = 2 });
        await ledger.AppendAsync("a", 1, 2);
        await ProjectionLedger.UntilAsync(async () => await ledger.Ledger.ListProjectionsAsync(Cancel).AnyAsync(static one => one.State == ProjectionState.Current, Cancel));
        await ledger.ReopenAsync();
        var before = await CellsAsync(ledger);

        foreach (var (definition, message) in new (Projection, string)[]
        {
            (ByKey with { Version = 2, Source = FactQuery.All }, "its Source was 'store=s' and is 'all' now. Give the changed definition a new Version"),
            (ByKey with { Version = 2, GroupBy = null }, "its groups were 'One' and are 'None' now."),
            (ByKey, "version 2 is current in this ledger. Use a definition with version 2 or higher, or drop the projection first."),
            (ByKey with { Version = 3 }, "version 2 is current in this ledger, and this version does not replace it. Set Replaces to the definition of version 2"),
            (ByKey with { Version = 3, Replaces = ByKey }, "version 2 is current in this ledger, and this version does not replace it."),
        })
        {
            var refused = await Assert.ThrowsAsync<ProjectionRefusedException>(() => ledger.ReopenAsync(definition));
            Assert.Contains(message, refused.Message, StringComparison.Ordinal);
            Assert.Equal(("by-key", definition.Version), (refused.Projection, refused.Version));
        }

        await ledger.ReopenAsync();
        Assert.Equal(before, await CellsAsync(ledger));

        static async Task<List<string>> CellsAsync(ProjectionLedger ledger) =>
            await ledger.Ledger.ListCellsAsync(ProjectionCells.Bucket, cancellationToken: Cancel).Select(static cell => $"{cell} {cell.Text}").ToListAsync(Cancel);
    }

    [Fact]
    public async Task A_read_that_cannot_be_answered_is_refused()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey, Whole);
        var open = ledger.Ledger;

        Assert.Equal("key", (await Assert.ThrowsAsync<ArgumentNullException>(async () => await open.ReadProjectionAsync(ByKey, cancellationToken: Cancel))).ParamName);
        Assert.Contains("has no groups", (await Assert.ThrowsAsync<ArgumentException>(async () => await open.ReadProjectionAsync(Whole, "a", cancellationToken: Cancel))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await open.ReadProjectionAsync(ByKey, new string('k', 1_025), cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await open.ReadProjectionAsync(ByKey, "a\n", cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await open.ReadProjectionAsync(ByKey, "a", atLeast: new Position(-1), Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await open.ListProjectionAsync(Whole, cancellationToken: Cancel).ToListAsync(Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await open.ListProjectionAsync(ByKey, new ProjectionListOptions { Limit = -1 }, Cancel).ToListAsync(Cancel));
        await Assert.ThrowsAsync<ProjectionRefusedException>(async () => await open.ReadProjectionAsync(ByKey with { Name = "other" }, "a", cancellationToken: Cancel));
        await Assert.ThrowsAsync<ProjectionRefusedException>(async () => await open.ReadProjectionAsync(ByKey with { Version = 2 }, "a", cancellationToken: Cancel));
        var another = await Assert.ThrowsAsync<ProjectionRefusedException>(async () => await open.ReadProjectionAsync(ByKey with { Step = static (tally, _) => tally }, "a", cancellationToken: Cancel));
        Assert.Contains("this ledger keeps another definition of the same version", another.Message, StringComparison.Ordinal);
        var group = await open.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel);
        await Assert.ThrowsAsync<ArgumentException>(async () => await open.ProjectAsync(ByKey, FactQuery.All, group, Cancel));

        await ledger.ReopenAsync();
        await Assert.ThrowsAsync<ProjectionRefusedException>(async () => await ledger.Ledger.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await open.ReadProjectionAsync(ByKey, "a", atLeast: new Position(1), Cancel));
    }

    [Fact]
    public async Task A_read_waits_for_a_position_until_it_is_cancelled()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        using var soon = new CancellationTokenSource(50);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ledger.Ledger.ReadProjectionAsync(ByKey, "a", atLeast: new Position(1), soon.Token));

        var waiting = ledger.Ledger.ReadProjectionAsync(ByKey, "a", atLeast: new Position(1), Cancel).AsTask();
        Assert.False(waiting.IsCompleted);
        await ledger.AppendAsync("a", 1);
        Assert.Equal(1, (await waiting.WaitAsync(ProjectionLedger.Patience, Cancel)).State.Count);
    }
}
