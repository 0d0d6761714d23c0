using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Projections;

/// <summary>A ledger was opened without the end of its log, because the disk was full. The first append that finds space brings back cells that nobody has read.</summary>
public sealed class LateRecoveryTests
{
    static readonly Projection<Tally> V1 = ProjectionLedger.ByKey with { GroupsInMemoryMax = 2 };
    static readonly Projection<Tally> V2 = V1 with { Version = 2, Replaces = V1, Step = static (tally, fact) => Tally.Step(tally, fact) with { Padding = "2" } };

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // What was recovered had made version 2 the current one. Version 1 answered on, and wrote its checkpoint again, so that its cells were never deleted.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_version_that_was_replaced_in_what_is_recovered_is_not_used_again(bool isInline)
    {
        var files = await ReplacedAsync();
        await using var ledger = await OpenFullAsync(files, options => Kept(options, isInline, V2));
        Assert.Equal((10, 1), await ReadAsync(ledger, V2, "k1"));
        Assert.Equal([ProjectionState.Current, ProjectionState.Building], await ledger.ListProjectionsAsync(Cancel).Select(static one => one.State).ToListAsync(Cancel));
        await Assert.ThrowsAsync<LedgerFullException>(async () => await ledger.SnapshotAsync(V2, Cancel));

        files.CapacityBytes = long.MaxValue;
        await ledger.AppendAsync(new AppendRequest(ProjectionLedger.Number("k1", 51)), Cancel);
        Assert.Equal((11, 2), await ReadAsync(ledger, V2, "k1"));
        Assert.Equal((10, 2), await ReadAsync(ledger, V2, "k4"));

        // Whoever waits for the first snapshot finds it opened again from its checkpoint; in the background, the last fact may come later.
        Assert.InRange((await ledger.SnapshotAsync(V2, Cancel)).Value, isInline ? 51 : 50, 51);
        Assert.Equal((11, 2), await ReadAsync(ledger, V2, "k1"));
        Assert.Equal(51, (await ledger.SnapshotAsync(V2, Cancel)).Value);
        await ledger.AppendAsync(new AppendRequest(ProjectionLedger.Number("k4", 52)), Cancel);
        Assert.Equal(11, (await ledger.ReadProjectionAsync(V2, "k4", atLeast: new Position(52), Cancel)).State.Count);
        await ProjectionLedger.UntilAsync(async () => !await ledger.ListCellNamesAsync(ProjectionCells.Groups(1), cancellationToken: Cancel).AnyAsync(Cancel));
    }

    [Fact]
    public async Task What_was_recovered_can_be_of_a_newer_program()
    {
        var files = await ReplacedAsync();
        await using var ledger = await OpenFullAsync(files, options => Kept(options, isInline: true, V1));
        Assert.Equal((10, 1), await ReadAsync(ledger, V1, "k1"));

        files.CapacityBytes = long.MaxValue;
        await ledger.AppendAsync(new AppendRequest(ProjectionLedger.Number("k1", 51)), Cancel);
        var refused = await Assert.ThrowsAsync<ProjectionRefusedException>(() => ReadAsync(ledger, V1, "k1"));
        Assert.Contains("version 2 is current in this ledger", refused.Message, StringComparison.Ordinal);
    }

    // Whoever writes first recovers. Another one that came meanwhile went on with what had been read before, and what was read again was never built.
    [Fact]
    public async Task Many_can_recover_at_once()
    {
        for (var round = 0; round < 20; round++)
        {
            var files = await ReplacedAsync();
            await using var ledger = await OpenFullAsync(files, options => Kept(options, isInline: round % 2 == 0, V2));
            files.CapacityBytes = long.MaxValue;
            await Task.WhenAll(Enumerable.Range(0, 8).Select(one => Task.Run(async () =>
            {
                if (one % 2 == 0) await ledger.SnapshotAsync(V2, Cancel);
                else await ledger.TruncateAsync(new StreamName("s", $"k{one % 5}"), new StreamVersion(2), "old", cancellationToken: Cancel);
                Assert.Equal(2, (await ledger.ReadProjectionAsync(V2, "k1", cancellationToken: Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel)).ProjectionVersion);
            }, Cancel)));
            Assert.Equal((10, 2), await ReadAsync(ledger, V2, "k1"));
            using var patience = new CancellationTokenSource(ProjectionLedger.Patience);
            await foreach (var _ in ledger.WatchRebuildAsync(V2, patience.Token)) { }
        }
    }

    // The background does it without being asked.
    [Fact]
    public async Task Once_there_is_space_the_projection_is_kept_again()
    {
        var files = await ReplacedAsync();
        await using var ledger = await OpenFullAsync(files, options => Kept(options, isInline: false, V2));
        Assert.Equal((10, 1), await ReadAsync(ledger, V2, "k1"));

        files.CapacityBytes = long.MaxValue;
        await ProjectionLedger.UntilAsync(async () => await ReadAsync(ledger, V2, "k1") == (10, 2));
        await ProjectionLedger.UntilAsync(() => Task.FromResult(!((IProjectionSource)ledger).Projections!.Host.ReadsOnly));
        await ledger.AppendAsync(new AppendRequest(ProjectionLedger.Number("k1", 51)), Cancel);
        Assert.Equal(11, (await ledger.ReadProjectionAsync(V2, "k1", atLeast: await ledger.GetHeadAsync(Cancel), Cancel)).State.Count);
    }

    /// <summary>The process was killed after the step that made version 2 the current one. HEAD is that of the time before, as after a power cut.</summary>
    static async Task<MemoryFileSystem> ReplacedAsync()
    {
        await using var ledger = await ProjectionLedger.OpenAsync(V1);
        for (var i = 1; i <= 50; i++) await ledger.AppendAsync($"k{i % 5}", i);
        await ledger.ReopenAsync(options => Kept(options, isInline: false, V2) with { ProjectionLimits = new ProjectionLimits { IsManual = true } });
        var before = ledger.Files.Clone();
        var kept = ((IProjectionSource)ledger.Ledger).Projections!.All.Single();
        await kept.BuildAsync(Cancel);
        await kept.PromoteAsync(Cancel);
        var killed = ledger.Files.Clone();
        killed.Replace("ledger/HEAD", before.ReadWhole("ledger/HEAD"));
        return killed;
    }

    static async Task<Ledger> OpenFullAsync(MemoryFileSystem files, Func<LedgerOptions, LedgerOptions> change)
    {
        files.CapacityBytes = files.UsedBytes + 4_096;
        var ledger = await Ledger.OpenAsync("ledger", change(new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 }), Cancel);
        Assert.True(ledger.Opening.RecoveryIsPending);
        return ledger;
    }

    static LedgerOptions Kept(LedgerOptions options, bool isInline, Projection definition) =>
        isInline ? options with { InlineProjections = [definition] } : options with { AsyncProjections = [definition] };

    static async Task<(long Count, int Version)> ReadAsync(Ledger ledger, Projection<Tally> definition, string key)
    {
        var read = await ledger.ReadProjectionAsync(definition, key, atLeast: await ledger.GetHeadAsync(Cancel), Cancel).AsTask().WaitAsync(ProjectionLedger.Patience, Cancel);
        return (read.State.Count, read.ProjectionVersion);
    }
}
