using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Cells;

/// <summary>
/// Conditions on cells that are only in runs are decided on the current
/// value, however long an append waited and whatever other callers write.
/// </summary>
public sealed class ColdCellTests
{
    const int Names = 200;
    const int Racers = 16;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(AppendConditionKind.CellAt)]
    [InlineData(AppendConditionKind.CellEquals)]
    [InlineData(AppendConditionKind.CellAbsent)]
    public async Task Of_racers_on_a_cold_cell_one_wins_each_round(AppendConditionKind kind)
    {
        var options = new LedgerOptions { FileSystem = new MemoryFileSystem(), PreallocationBytesMax = 0, MemoryBytesMax = 3_000 };
        await using var ledger = await Ledger.OpenAsync("l", options, Cancel);
        for (var i = 0; i < Names; i++) await ledger.AppendAsync(Writing(NewCell.Put("b", $"{i}", "0"), NewCell.Delete("b", $"gone-{i}")), Cancel);
        var cold = 0;
        for (var i = 0; i < Names; i++)
        {
            cold += ((FileStorage)ledger.Storage).Index.MemoryCell(new CellName("b", $"{i}")) is null ? 1 : 0;
            var (name, condition) = kind switch
            {
                AppendConditionKind.CellAt => ($"{i}", AppendCondition.CellAt("b", $"{i}", 1)),
                AppendConditionKind.CellEquals => ($"{i}", AppendCondition.CellEquals("b", $"{i}", "0")),
                _ => ($"gone-{i}", AppendCondition.CellAbsent("b", $"gone-{i}")),
            };
            using var start = new Barrier(2);
            var outcomes = await Task.WhenAll(Enumerable.Range(0, Racers).Select(caller => Task.Run(async () =>
            {
                if (caller < 2) start.SignalAndWait(Cancel);
                return await ledger.TryAppendAsync(Writing(NewCell.Put("b", name, $"{caller}-won")) with { Conditions = [condition] }, Cancel);
            })));
            Assert.Equal(2, Assert.Single(outcomes.OfType<AppendOutcome.Committed>()).Receipt.CellVersions[0].Version.Value);
            Assert.All(outcomes.OfType<AppendOutcome.Conflict>(), conflict => Assert.Equal(2, conflict.ActualCellVersion.Value));
            Assert.Equal(2, (await ledger.ReadCellAsync("b", name, Cancel))!.Version.Value);
        }

        Assert.True(cold > Names / 2, $"only {cold} cells were cold");
    }

    // Parts are completed, written, merged and adopted in the meantime. A caller
    // whose write was acknowledged finds that write or a later one at once.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_reads_on_another_thread_finds_what_was_acknowledged_before(bool isReaderBeside)
    {
        const int cells = 300;
        var scheduler = new RestingScheduler();
        var options = new LedgerOptions
        {
            FileSystem = new MemoryFileSystem(),
            PreallocationBytesMax = 0,
            MemoryBytesMax = 4_000,
            SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin,
            IdleBeforeMerging = TimeSpan.FromHours(1),
            Scheduler = scheduler,
        };
        await using var ledger = await Ledger.OpenAsync("l", options, Cancel);
        await ledger.AppendAsync(Writing(NewCell.Put("b", "first", "")), Cancel);
        await using var beside = await Ledger.OpenReadOnlyAsync("l", options, Cancel);
        var acknowledged = new long[cells];
        var isDone = false;
        var reading = Enumerable.Range(0, 2).Select(seed => Task.Run(async () =>
        {
            var reader = isReaderBeside ? beside : ledger;
            var random = new Random(seed);
            var reads = 0;
            for (; !Volatile.Read(ref isDone); reads++)
            {
                var at = random.Next(cells);
                var before = Volatile.Read(ref acknowledged[at]);
                var found = await reader.ReadCellAsync("b", $"{at}", Cancel);
                if (before > 0) Assert.True(found!.Version.Value >= before, $"{at} is at v{found.Version} instead of v{before}");
                if (reads % 50 > 0) continue;
                var known = Enumerable.Range(0, cells).Where(n => Volatile.Read(ref acknowledged[n]) > 0).Select(n => $"{n}").ToHashSet();
                known.ExceptWith((await reader.ListCellNamesAsync("b", cancellationToken: Cancel).ToListAsync(Cancel)).Select(cell => cell.Name));
                Assert.Empty(known);
            }

            return reads;
        })).ToList();

        var drawn = new Random(3);
        for (var i = 0; i < 6_000 && !reading.Exists(task => task.IsFaulted); i++)
        {
            var at = drawn.Next(cells);
            var receipt = await ledger.AppendAsync(Writing(NewCell.Put("b", $"{at}", $"{i}")), Cancel);
            Volatile.Write(ref acknowledged[at], receipt.CellVersions[0].Version.Value);
        }

        Volatile.Write(ref isDone, true);
        Assert.All(await Task.WhenAll(reading), reads => Assert.True(reads > 100, $"only {reads} reads"));

        // No bound applies to the number of runs while appends are committed. It applies when the index worker rests.
        await scheduler.RestAsync("factstone index", Cancel);
        Assert.InRange(((FileStorage)ledger.Storage).Runs().Count, 2, 30);
    }

    // The snapshot that prepared an append may be older than what memory still
    // holds. Cells assign no position, so the position does not show that.
    [Theory]
    [InlineData(Defect.None)]
    [InlineData(Defect.StaleCell)]
    internal async Task An_append_that_waited_while_cells_went_from_memory_to_runs_is_decided_on_the_newest(Defect defect)
    {
        var scheduler = new SteppedScheduler();
        var taken = new List<RecoveryBranch>();
        var options = new LedgerOptions { FileSystem = new MemoryFileSystem(), PreallocationBytesMax = 0, MemoryBytesMax = 1_000, Scheduler = scheduler, BranchTaken = taken.Add, Defect = defect };
        await using var ledger = await Ledger.OpenAsync("l", options, Cancel);
        await Fill("before");
        var sent = Writing(NewCell.Put("b", "n", "late"), NewCell.Put("b", "m", "late")) with { AppendId = "id" };
        var (old, oldId) = (ledger.Storage.Appending!.Prepare(Prepared(sent), out _)!, ledger.Storage.Appending!.Prepare(Prepared(sent), out _)!);
        var first = ledger.AppendAsync(Writing(NewCell.Put("b", "n", "1")) with { AppendId = "id" }, Cancel);
        scheduler.TurnAll();
        Assert.Equal(1, (await first).CellVersions[0].Version.Value);
        await Fill("since");
        Assert.Null(((FileStorage)ledger.Storage).Index.MemoryCell(new CellName("b", "n")));
        Assert.Equal(Position.None, ledger.Storage.Head.Position);

        taken.Clear();
        var session = ledger.Storage.Appending!.Begin();
        session.Consider(old);
        Assert.Equal(defect == Defect.None ? 1 : 0, session.StateOf(new CellName("b", "n")).Version.Value);
        Assert.Equal(0, session.StateOf(new CellName("b", "m")).Version.Value);
        if (defect != Defect.None) return;

        Assert.Contains(RecoveryBranch.WriterLookedUp, taken);
        session.Consider(oldId);
        Assert.NotNull(session.FindAppend("id"));

        // The id is committed, so nothing is prepared for it.
        Assert.Null(ledger.Storage.Appending!.Prepare(Prepared(sent), out var committed));
        Assert.Equal(0, committed.Count);

        // Prepared again, the append needs no lookup by the writer.
        taken.Clear();
        session.Consider(ledger.Storage.Appending!.Prepare(Prepared(sent with { AppendId = null }), out _)!);
        Assert.Equal(1, session.StateOf(new CellName("b", "n")).Version.Value);
        Assert.Equal([2, 1], session.Accept(Prepared(sent), ledger.Storage.Head.RecordedAt + 1).CellVersions.Select(one => one.Version.Value));
        Assert.DoesNotContain(RecoveryBranch.WriterLookedUp, taken);

        async Task Fill(string prefix)
        {
            for (var i = 0; i < 60; i++)
            {
                var append = ledger.AppendAsync(Writing(NewCell.Put("fill", $"{prefix}-{i}", "")), Cancel);
                scheduler.TurnAll();
                await append;
            }
        }
    }

    // The writer must not read. The caller's thread therefore reads a value in a run before the append is queued.
    [Fact]
    public async Task A_condition_on_a_value_in_a_run_is_decided_on_the_newest_value()
    {
        var scheduler = new SteppedScheduler();
        var options = new LedgerOptions { FileSystem = new MemoryFileSystem(), PreallocationBytesMax = 0, MemoryBytesMax = 1_000, Scheduler = scheduler };
        await using var ledger = await Ledger.OpenAsync("l", options, Cancel);
        for (var i = 0; i < 60; i++)
        {
            var append = ledger.AppendAsync(Writing(NewCell.Put("b", $"{i}", "old")), Cancel);
            scheduler.TurnAll();
            await append;
        }

        Assert.Null(((FileStorage)ledger.Storage).Index.MemoryCell(new CellName("b", "0")));
        var wrong = ledger.TryAppendAsync(Writing(NewCell.Put("b", "0", "1")) with { Conditions = [AppendCondition.CellEquals("b", "0", "other")] }, Cancel);
        var right = ledger.TryAppendAsync(Writing(NewCell.Put("b", "0", "new")) with { Conditions = [AppendCondition.CellEquals("b", "0", "old")] }, Cancel);
        var late = ledger.TryAppendAsync(Writing(NewCell.Put("b", "0", "newer")) with { Conditions = [AppendCondition.CellEquals("b", "0", "old")] }, Cancel);
        scheduler.TurnAll();
        Assert.IsType<AppendOutcome.Conflict>(await wrong);
        Assert.IsType<AppendOutcome.Committed>(await right);
        Assert.Equal(2, Assert.IsType<AppendOutcome.Conflict>(await late).ActualCellVersion.Value);
    }

    static PreparedAppend Prepared(AppendRequest request) => AppendPreparation.Prepare(request, new SeededSalts(new Random(5)));

    static AppendRequest Writing(params NewCell[] cells) => new() { Cells = cells };
}
