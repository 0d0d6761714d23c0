namespace Factstone.Tests.Projections;

/// <summary>A projection that throws fails alone: the append is durable, and reads of the projection name the fact.</summary>
public sealed class FailedProjectionTests
{
    static readonly Projection<Tally> ByKey = ProjectionLedger.ByKey;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, Projection<Tally>> Throwing => new()
    {
        { "Its step failed for the fact @2 s/bad v1 number.", ByKey with { Step = static (tally, fact) => fact.Stream.Key == "bad" ? throw new InvalidOperationException("No.") : Tally.Step(tally, fact) } },
        { "Its step failed for the fact @2 s/bad v1 number. It returned null", ByKey with { Step = static (tally, fact) => fact.Stream.Key == "bad" ? null! : Tally.Step(tally, fact) } },
        { "The groups of the fact @2 s/bad v1 number cannot be found.", ByKey with { GroupBy = static fact => fact.Stream.Key == "bad" ? throw new InvalidOperationException("No.") : fact.Stream.Key } },
        { "The group of the fact @2 s/bad v1 number cannot be kept. The key of its group has 2,000 bytes", ByKey with { GroupBy = static fact => fact.Stream.Key == "bad" ? new string('k', 2_000) : fact.Stream.Key } },
        { "The groups of the fact @2 s/bad v1 number cannot be found. It returned a key that is null.", ByKey with { GroupBy = null, GroupByMany = static fact => fact.Stream.Key == "bad" ? ["x", null!] : [fact.Stream.Key] } },
    };

    // The exception left the append, although it was durable. A close threw it, too, and left the ledger locked.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_notice_callback_that_throws_hurts_nobody(bool isInline)
    {
        var definition = ByKey with { Step = static (tally, fact) => fact.Stream.Key == "bad" ? throw new InvalidOperationException("No.") : Tally.Step(tally, fact) };
        await using var ledger = await ProjectionLedger.OpenAsync();
        await ledger.ReopenAsync(options => (isInline ? options with { InlineProjections = [definition] } : options with { AsyncProjections = [definition] }) with
        {
            Notice = static _ => throw new InvalidOperationException("The log is full."),
        });

        Assert.Equal(1, (await ledger.AppendAsync("bad", 1)).Value);
        Assert.Equal(2, (await ledger.AppendAsync("a", 2)).Value);
        await Assert.ThrowsAsync<ProjectionFailedException>(() => ledger.Ledger.ReadProjectionAsync(definition, "a", atLeast: new Position(2), Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel));

        await ledger.ReopenAsync(options => options with { LockWait = TimeSpan.Zero });
        Assert.True(ledger.Ledger.Opening.WasClosedCleanly);
    }

    [Theory]
    [MemberData(nameof(Throwing))]
    public async Task The_append_is_durable_and_the_projection_names_the_fact(string message, Projection<Tally> definition)
    {
        await using var ledger = await ProjectionLedger.OpenAsync(definition, ProjectionLedger.Whole);
        await ledger.AppendAsync("a", 1);

        var position = await ledger.AppendAsync("bad", 2);
        await ledger.AppendAsync("a", 3);

        Assert.Equal(2, position.Value);
        var failed = await Assert.ThrowsAsync<ProjectionFailedException>(async () => await ledger.Ledger.ReadProjectionAsync(definition, "a", cancellationToken: Cancel));
        Assert.Equal(("by-key", 1, 2), (failed.Projection, failed.Version, failed.Position.Value));
        Assert.StartsWith("Projection 'by-key', version 1, has failed at position 2: ", failed.Message, StringComparison.Ordinal);
        Assert.Contains(message, failed.Message, StringComparison.Ordinal);
        await ProjectionLedger.UntilAsync(() => Task.FromResult(ledger.Notices.Count > 0)); // it comes after the failure
        Assert.Equal(failed.Message, Assert.Single(ledger.Notices).Text);
        await Assert.ThrowsAsync<ProjectionFailedException>(async () => await ledger.Ledger.ListProjectionAsync(definition, cancellationToken: Cancel).ToListAsync(Cancel));
        await Assert.ThrowsAsync<ProjectionFailedException>(async () => await ledger.Ledger.SnapshotAsync(definition, Cancel));
        Assert.Equal(3, (await ledger.Ledger.ReadProjectionAsync(ProjectionLedger.Whole, cancellationToken: Cancel)).State.Count); // the other one is not affected

        await ledger.ReopenAsync(); // without it, the list says why it has failed
        var summary = await ledger.Ledger.ListProjectionsAsync(Cancel).FirstAsync(Cancel);
        Assert.Equal(failed.Message, summary.Failure);

        await ledger.ReopenAsync(definition.GroupByMany is null ? ByKey : definition with { GroupByMany = static fact => [fact.Stream.Key] });
        var corrected = (Projection<Tally>)((IProjectionSource)ledger.Ledger).Projections!.All.Single().Definition;
        Assert.Equal(2, (await ledger.Ledger.ReadProjectionAsync(corrected, "a", cancellationToken: Cancel)).State.Count);
        await ledger.Ledger.SnapshotAsync(corrected, Cancel);
        await ledger.ReopenAsync();
        Assert.Null((await ledger.Ledger.ListProjectionsAsync(Cancel).FirstAsync(Cancel)).Failure);
    }

    [Fact]
    public async Task A_fact_that_has_changed_one_of_its_groups_when_the_other_failed_changes_it_once()
    {
        var fails = true;
        var definition = ByKey with
        {
            GroupBy = null,
            GroupByMany = static fact => [fact.Stream.Key, fact.Stream.Key, "all"],
            Step = (tally, fact) => fails && fact.Position.Value == 2 && tally.Count == 1 ? throw new InvalidOperationException("No.") : Tally.Step(tally, fact),
        };
        await using var ledger = await ProjectionLedger.OpenAsync(definition);
        await ledger.AppendAsync("a", 1);
        await ledger.AppendAsync("b", 2); // "b" has it, "all" has not
        await Assert.ThrowsAsync<ProjectionFailedException>(async () => await ledger.Ledger.ReadProjectionAsync(definition, "b", cancellationToken: Cancel));

        fails = false;
        await ledger.ReopenAsync(definition);

        var states = await ProjectionLedger.StatesAsync(ledger.Ledger, definition);
        Assert.Equal([("a", 1), ("all", 2), ("b", 1)], states.Select(static one => (one.Key, one.Value.Count)));
    }

    [Fact]
    public async Task A_read_of_a_building_version_that_fails_is_answered_by_the_one_before()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1);
        var next = ByKey with { Version = 2, Replaces = ByKey, Step = static (_, _) => throw new InvalidOperationException("No.") };
        await ledger.ReopenAsync(next);

        await ledger.AppendAsync("a", 2);
        var read = await ledger.Ledger.ReadProjectionAsync(next, "a", cancellationToken: Cancel);

        Assert.Equal((2, 1), (read.State.Count, read.ProjectionVersion));
        await Assert.ThrowsAsync<ProjectionFailedException>(async () => await ledger.Ledger.WatchRebuildAsync(next, Cancel).ToListAsync(Cancel));
    }
}
