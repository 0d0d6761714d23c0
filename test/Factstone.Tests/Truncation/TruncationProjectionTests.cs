using Factstone.Tests.Projections;

namespace Factstone.Tests.Truncation;

/// <summary>Kept projections and truncations: what is folded stays, also after a crash, and no version is built over a hole.</summary>
public sealed class TruncationProjectionTests
{
    static readonly Projection<Tally> ByKey = ProjectionLedger.ByKey;
    static readonly Projection<Tally> V2 = ByKey with { Version = 2, Replaces = ByKey, Step = static (tally, fact) => Tally.Step(tally, fact) with { Padding = "2" } };

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static LedgerOptions Kept(LedgerOptions options, bool isInline, Projection definition) =>
        isInline ? options with { InlineProjections = [definition] } : options with { AsyncProjections = [definition] };

    static async Task<ProjectionLedger> OpenAsync(bool isInline, Projection definition)
    {
        var ledger = new ProjectionLedger();
        await ledger.ReopenAsync(options => Kept(options, isInline, definition));
        return ledger;
    }

    static async Task<ProjectionFailedException> FailureAsync(ILedger ledger, Projection<Tally> definition, string key) =>
        await Assert.ThrowsAsync<ProjectionFailedException>(async () => await ledger.ReadProjectionAsync(definition, key, cancellationToken: Cancel));

    static async Task<Tally> ReadAsync(ProjectionLedger ledger, Projection<Tally> definition, string key) =>
        (await ledger.Ledger.ReadProjectionAsync(definition, key, atLeast: await ledger.Ledger.GetHeadAsync(Cancel), Cancel)).State;

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task A_projection_that_has_folded_what_is_dropped_goes_on_also_after_a_crash(bool isInline, bool deletes)
    {
        await using var ledger = await OpenAsync(isInline, ByKey);
        for (var i = 1; i <= 20; i++) await ledger.AppendAsync("a", i);
        await ledger.AppendAsync("b", 1);
        await ProjectionLedger.UntilAsync(async () => (await ledger.Ledger.ListProjectionsAsync(Cancel).FirstOrDefaultAsync(Cancel))?.State == ProjectionState.Current);
        for (var i = 21; i <= 30; i++) await ledger.AppendAsync("a", i);
        var expected = (await ReadAsync(ledger, ByKey, "a")) with { };

        await ledger.Ledger.TruncateAsync("s/a", deletes ? null : 28, "old", cancellationToken: Cancel);

        Assert.Equal(expected, await ReadAsync(ledger, ByKey, "a"));
        await using (var crashed = await Ledger.OpenAsync("ledger", Kept(ledger.Options with { FileSystem = ledger.Files.Clone() }, isInline, ByKey), Cancel))
            Assert.Equal(expected, (await crashed.ReadProjectionAsync(ByKey, "a", atLeast: new Position(31), Cancel)).State);

        await ledger.AppendAsync("a", 31);
        Assert.Equal((31, 31), (await ReadAsync(ledger, ByKey, "a")) is var tally ? (tally.Count, tally.Last) : default);
        await ledger.ReopenAsync(options => Kept(options, isInline, ByKey));
        Assert.Equal((31, 31), (await ReadAsync(ledger, ByKey, "a")) is var again ? (again.Count, again.Last) : default);
        Assert.Equal(1, (await ReadAsync(ledger, ByKey, "b")).Count);
    }

    [Theory]
    [InlineData(true, 4_096)]
    [InlineData(true, 0)]
    [InlineData(false, 4_096)]
    [InlineData(false, 0)]
    public async Task A_projection_that_would_need_what_is_dropped_fails_and_says_why(bool isInline, long scannedPositionsMax)
    {
        await using var ledger = await ProjectionLedger.OpenAsync();
        for (var i = 1; i <= 4; i++) await ledger.AppendAsync("a", i);
        await ledger.AppendAsync("b", 1);
        await ledger.Ledger.TruncateAsync("s/a", 3, "old", cancellationToken: Cancel);

        await ledger.ReopenAsync(options => Kept(options, isInline, ByKey) with { ProjectionLimits = new ProjectionLimits { ScannedPositionsMax = scannedPositionsMax } });
        var failed = await FailureAsync(ledger.Ledger, ByKey, "b");

        Assert.Equal(
            "Projection 'by-key', version 1, has failed at position 1: it would need facts that were dropped: s/a v1..v3, up to @3, by the receipt at @6. Appends are not affected. Drop the projection, or give it a new version with a Source without this stream.",
            failed.Message);
        Assert.Equal(new DroppedFacts("s/a", 3, new Position(3), new Position(6)), Assert.IsType<HistoryDroppedException>(failed.InnerException).Dropped);
        await ProjectionLedger.UntilAsync(() => Task.FromResult(ledger.Notices.Count > 0)); // it comes after the failure
        Assert.Equal(failed.Message, Assert.Single(ledger.Notices).Text);
        Assert.Equal(7, (await ledger.AppendAsync("a", 5)).Value);

        var narrower = ByKey with { Version = 2, Replaces = ByKey, Source = FactQuery.Stream("s/b") };
        await ledger.ReopenAsync(options => Kept(options, isInline, narrower));
        Assert.Equal(1, (await ReadAsync(ledger, narrower, "b")).Count);
    }

    [Theory]
    [InlineData(4_096)]
    [InlineData(0)]
    public async Task What_is_dropped_of_other_streams_is_not_needed(long scannedPositionsMax)
    {
        await using var ledger = await ProjectionLedger.OpenAsync();
        await ledger.AppendAsync("a", 1, 2);
        await ledger.Ledger.AppendAsync([new NewFact("other/1", "number", "1"), new NewFact("other/1", "number", "2")], Cancel);
        await ledger.AppendAsync("a", 3);
        await ledger.Ledger.DeleteAsync("other/1", "old", cancellationToken: Cancel);

        await ledger.ReopenAsync(options => Kept(options, isInline: true, ByKey) with { ProjectionLimits = new ProjectionLimits { ScannedPositionsMax = scannedPositionsMax, FactsPerBatch = 2 } });
        await ledger.AppendAsync("a", 4);

        Assert.Equal((4, 4), (await ReadAsync(ledger, ByKey, "a")) is var tally ? (tally.Count, tally.Last) : default);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_version_that_would_need_what_is_dropped_stops_and_the_one_before_answers(bool isInline)
    {
        await using var ledger = await OpenAsync(isInline, ByKey);
        for (var i = 1; i <= 4; i++) await ledger.AppendAsync("a", i);
        Assert.Equal(4, (await ReadAsync(ledger, ByKey, "a")).Count);
        await ProjectionLedger.UntilAsync(async () => (await ledger.Ledger.ListProjectionsAsync(Cancel).FirstOrDefaultAsync(Cancel))?.State == ProjectionState.Current);
        await ledger.Ledger.TruncateAsync("s/a", 3, "old", cancellationToken: Cancel);

        for (var opening = 0; opening < 2; opening++)
        {
            await ledger.ReopenAsync(options => Kept(options, isInline, V2));
            var failed = await Assert.ThrowsAsync<ProjectionFailedException>(async () => await ledger.Ledger.WatchRebuildAsync(V2, Cancel).CountAsync(Cancel));
            Assert.Contains("version 2, has failed at position 1: it would need facts that were dropped: s/a v1..v3", failed.Message, StringComparison.Ordinal);
            await ledger.AppendAsync("a", 5);
            Assert.Equal((5 + opening, ""), (await ReadAsync(ledger, V2, "a")) is var tally ? (tally.Count, tally.Padding) : default);
        }

        await ledger.ReopenAsync(options => Kept(options, isInline, ByKey));
        Assert.Equal(6, (await ReadAsync(ledger, ByKey, "a")).Count);
    }

    [Fact]
    public async Task A_version_that_is_built_does_not_hold_up_a_truncation_and_the_one_before_does_not_lose_by_it()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        for (var i = 1; i <= 4; i++) await ledger.AppendAsync("a", i);
        await ledger.ReopenAsync(options => options with { InlineProjections = [V2], ProjectionLimits = new ProjectionLimits { IsManual = true, OpeningPositionsMax = 0 } });
        var kept = ((IProjectionSource)ledger.Ledger).Projections!.All.Single();
        await ledger.AppendAsync("a", 5);

        await ledger.Ledger.DeleteAsync("s/a", "old", cancellationToken: Cancel);
        await kept.BuildAsync(Cancel);
        await kept.PromoteAsync(Cancel);

        Assert.NotNull(kept.Newest.Failure);
        Assert.Equal((5, ""), (await ReadAsync(ledger, V2, "a")) is var tally ? (tally.Count, tally.Padding) : default);
        await using var crashed = await Ledger.OpenAsync("ledger", ledger.Options with { FileSystem = ledger.Files.Clone(), InlineProjections = [ByKey] }, Cancel);
        Assert.Equal(5, (await crashed.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel)).State.Count);
    }

    [Fact]
    public async Task A_first_build_that_is_not_far_behind_folds_what_is_dropped_before()
    {
        await using var ledger = new ProjectionLedger();
        await ledger.ReopenAsync(options => options with { AsyncProjections = [ByKey], ProjectionLimits = new ProjectionLimits { IsManual = true } });
        var kept = ((IProjectionSource)ledger.Ledger).Projections!.All.Single();
        for (var i = 1; i <= 4; i++) await ledger.AppendAsync("a", i);
        Assert.Equal(0, kept.Newest.Seen.Value);

        await ledger.Ledger.DeleteAsync("s/a", "old", cancellationToken: Cancel);
        Assert.Equal(4, kept.Newest.Seen.Value);
        await kept.BuildAsync(Cancel);
        await kept.PromoteAsync(Cancel);

        Assert.Equal(4, (await ReadAsync(ledger, ByKey, "a")).Count);
    }

    [Fact]
    public async Task A_reader_that_was_behind_goes_on_with_the_snapshot_of_the_writer()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        await ledger.AppendAsync("a", 1);
        await ProjectionLedger.UntilAsync(async () => (await ledger.Ledger.ListProjectionsAsync(Cancel).FirstOrDefaultAsync(Cancel))?.State == ProjectionState.Current);
        await using var reader = await ledger.OpenReadOnlyAsync(ByKey);
        await using var lister = await ledger.OpenReadOnlyAsync(ByKey);
        Assert.Equal(1, (await reader.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel)).State.Count);
        Assert.Single(await ProjectionLedger.StatesAsync(lister, ByKey));

        for (var i = 2; i <= 5; i++) await ledger.AppendAsync("a", i);
        await ledger.AppendAsync("b", 1);
        await ledger.Ledger.TruncateAsync("s/a", 4, "old", cancellationToken: Cancel);
        await ledger.AppendAsync("a", 6);

        Assert.Equal((6, 6), (await reader.ReadProjectionAsync(ByKey, "a", cancellationToken: Cancel)) is var read ? (read.State.Count, read.State.Last) : default);
        Assert.Equal([("a", 6), ("b", 1)], (await ProjectionLedger.StatesAsync(lister, ByKey)).Select(static group => (group.Key, group.Value.Count)));
    }

    // Everything was forgotten when the snapshot was to be written, and the truncation dropped what had to be folded again.
    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    public async Task What_is_forgotten_during_the_snapshot_before_a_truncation_is_folded_again_first(string journal)
    {
        var large = ByKey with { Step = static (tally, fact) => Tally.Step(tally, fact) with { Padding = new string('x', 500) } };
        LedgerOptions InParts(LedgerOptions options) => options with { InlineProjections = [large], ProjectionLimits = new ProjectionLimits { PartBytes = 100 } };
        await using var ledger = await ProjectionLedger.OpenAsync();
        await ledger.ReopenAsync(InParts);
        for (var i = 1; i <= 3; i++) await ledger.AppendAsync("a", i);
        await ledger.ReopenAsync();
        await ledger.Ledger.TryAppendAsync(new AppendRequest { Cells = [NewCell.Put(ProjectionCells.Parts(1), ProjectionCells.Journal, journal).AsOwn()] }, Cancel);
        await ledger.ReopenAsync(InParts);
        await ledger.AppendAsync("a", 4);
        await ledger.AppendAsync("a", 5);

        await ledger.Ledger.TruncateAsync("s/a", 4, "old", cancellationToken: Cancel);

        Assert.Equal((5, 5), (await ReadAsync(ledger, large, "a")) is var tally ? (tally.Count, tally.Last) : default);
        await using var crashed = await Ledger.OpenAsync("ledger", InParts(ledger.Options with { FileSystem = ledger.Files.Clone() }), Cancel);
        Assert.Equal(5, (await crashed.ReadProjectionAsync(large, "a", cancellationToken: Cancel)).State.Count);
    }

    // The snapshot that could not be used was taken for one that the writer had made meanwhile. It was read again, without end.
    [Fact]
    public async Task A_reader_that_cannot_use_the_snapshot_and_would_need_what_is_dropped_fails()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        for (var i = 1; i <= 4; i++) await ledger.AppendAsync("a", i);
        await ledger.AppendAsync("b", 1);
        await ledger.Ledger.TruncateAsync("s/a", 3, "old", cancellationToken: Cancel);
        await ledger.ReopenAsync();
        await ledger.Ledger.TryAppendAsync(new AppendRequest { Cells = [NewCell.Put(ProjectionCells.Groups(1), "b", "{").AsOwn()] }, Cancel);

        await using var reader = await ledger.OpenReadOnlyAsync(ByKey);
        for (var i = 0; i < 2; i++)
        {
            var failed = await Assert.ThrowsAsync<ProjectionFailedException>(() => reader.ReadProjectionAsync(ByKey, "b", cancellationToken: Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel));
            Assert.IsType<HistoryDroppedException>(failed.InnerException);
            await Assert.ThrowsAsync<ProjectionFailedException>(() => reader.ListProjectionAsync(ByKey, cancellationToken: Cancel).ToListAsync(Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel));
        }

        // A writer that builds it again, with another source, is noticed.
        var narrower = ByKey with { Version = 2, Replaces = ByKey, Source = FactQuery.Stream("s/b") };
        await ledger.ReopenAsync(narrower);
        Assert.Equal(1, (await ReadAsync(ledger, narrower, "b")).Count);
    }

    // The version before, whose states have another type, was asked whether anything had changed, and the new version was read without end.
    [Fact]
    public async Task A_reader_of_a_new_version_that_the_writer_could_not_build_fails()
    {
        var counting = new Projection<long> { Name = ByKey.Name, Version = 2, Replaces = ByKey, Source = ByKey.Source, GroupBy = ByKey.GroupBy, Seed = 0, Step = static (count, _) => count + 1, Json = TallyJson.Default.Int64, SnapshotEvery = 1 };
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey);
        for (var i = 1; i <= 4; i++) await ledger.AppendAsync("a", i);
        await ProjectionLedger.UntilAsync(async () => (await ledger.Ledger.ListProjectionsAsync(Cancel).FirstOrDefaultAsync(Cancel))?.State == ProjectionState.Current);
        await ledger.Ledger.AppendAsync([ProjectionLedger.Number("b", 1), ProjectionLedger.Number("b", 2)], Cancel);
        await ledger.Ledger.TruncateAsync("s/b", 1, "old", cancellationToken: Cancel);
        await using var reader = await ledger.OpenReadOnlyAsync(counting);

        await ledger.ReopenAsync(options => options with { InlineProjections = [counting], ProjectionLimits = new ProjectionLimits { FactsPerBatch = 2 } });
        await ProjectionLedger.UntilAsync(() => Task.FromResult(((IProjectionSource)ledger.Ledger).Projections!.All.Single().Newest.Failure is not null));
        await ledger.ReopenAsync();

        for (var i = 0; i < 2; i++)
        {
            var failed = await Assert.ThrowsAsync<ProjectionFailedException>(() => reader.ReadProjectionAsync(counting, "a", cancellationToken: Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel));
            Assert.Equal(2, failed.Version);
        }
    }

    [Fact]
    public async Task A_projection_that_has_failed_does_not_hold_up_a_truncation()
    {
        var failing = ByKey with { Step = static (tally, fact) => fact.Stream.Key == "bad" ? throw new InvalidOperationException("No.") : Tally.Step(tally, fact) };
        await using var ledger = await ProjectionLedger.OpenAsync(failing);
        await ledger.AppendAsync("a", 1);
        await ledger.AppendAsync("bad", 2);
        await ledger.AppendAsync("a", 3);

        Assert.Equal(2, (await ledger.Ledger.DeleteAsync("s/a", "old", cancellationToken: Cancel)).Facts);
        Assert.Contains("Its step failed", (await FailureAsync(ledger.Ledger, failing, "a")).Message, StringComparison.Ordinal);
    }

    // A delete may come between the sync of an append and the fold of its projections.
    [Fact]
    public async Task Deletes_beside_appends_lose_nothing_that_is_folded()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(ByKey with { SnapshotEvery = 20 });
        var definition = (Projection<Tally>)((IProjectionSource)ledger.Ledger).Projections!.All.Single().Definition;
        using var ended = new CancellationTokenSource();
        await ledger.AppendAsync("a", 0);
        var deleting = Task.Run(async () =>
        {
            var deleted = 0;
            while (!ended.IsCancellationRequested)
            {
                try
                {
                    await ledger.Ledger.DeleteAsync("s/a", "old", cancellationToken: Cancel);
                    deleted++;
                }
                catch (TooManyConflictsException)
                {
                    // The appends were faster.
                }
            }

            return deleted;
        }, Cancel);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 1; i <= 100; i++) await ledger.AppendAsync("a", i);
        }, Cancel)));
        await ended.CancelAsync();
        await deleting;

        Assert.Equal(401, (await ReadAsync(ledger, definition, "a")).Count);
        await ledger.ReopenAsync(definition);
        Assert.Equal(401, (await ReadAsync(ledger, definition, "a")).Count);
    }
}
