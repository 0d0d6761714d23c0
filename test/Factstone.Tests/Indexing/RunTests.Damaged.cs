using Factstone.Storage;
using Factstone.Tests.Damage;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Indexing;

public sealed partial class RunTests
{
    /// <summary>Each of these ids needs a scan of the log if the block that would answer is damaged.</summary>
    const int AskedIds = 30;

    // The reader that finds a damaged block in a large run does not rebuild the run. Its whole blocks and the log answer.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Damaged_runs_and_the_log_answer_what_memory_answers(bool isReader)
    {
        using var expected = WrittenTwice(out var files);
        var random = new Random(8);
        using var ledger = OpenWithDamagedRuns(files, isReader, new ManualScheduler(), out var damaged);

        // Every block is damaged, so only the log answers.
        SameAnswers(expected, ledger, random, AskedIds);
        Assert.Equal(damaged.Sum(static part => part.Run.Footer.Items), ledger.Storage.Statistics().IndexRebuild.Total);

        // Then each block is damaged alone.
        FlipBlocks(files, damaged, static _ => true);
        var blocks = damaged.Sum(static part => RunFormat.BlocksIn(part.Run.Footer.ChecksumsAt));
        Assert.InRange(blocks, 5, 60);
        for (var block = 0L; block < blocks; block++)
        {
            FlipBlocks(files, damaged, number => number == block);
            SameAnswers(expected, ledger, random, AskedIds);
            FlipBlocks(files, damaged, number => number == block);
        }

        Assert.Empty(ledger.Damage);
        Assert.Equal(damaged, Parts(ledger).OfType<DamagedRun>());
    }

    [Fact]
    public void A_damaged_run_is_rebuilt_in_steps_while_it_answers()
    {
        using var expected = WrittenTwice(out var files);
        var random = new Random(9);
        var scheduler = new ManualScheduler();
        string[] old;
        using (var ledger = OpenWithDamagedRuns(files, isReader: false, scheduler, out var damaged))
        {
            old = [.. damaged.Select(static part => part.Run.Path)];
            var steps = 0;
            for (; scheduler.Step("factstone index"); steps++)
            {
                Assert.All(Parts(ledger).OfType<DamagedRun>(), part => Assert.Contains(part.Run.Path, files.Paths));
                if (steps % 32 == 0) SameAnswers(expected, ledger, random, AskedIds);
            }

            Assert.True(steps > 20, $"{steps} steps");
            Assert.Empty(Parts(ledger).OfType<DamagedRun>());
            Assert.Equal((0, 0), ledger.Storage.Statistics().IndexRebuild);
            SameAnswers(expected, ledger, random, AskedIds);
            Assert.Equal(Runs(files), Parts(ledger).OfType<Run>().Select(static run => run.Path).Order(StringComparer.Ordinal));
        }

        using var again = SmallLedger.Open(files);
        Assert.True(again.Opening.WasClosedCleanly);
        SameAnswers(expected, again, random, AskedIds);
        Assert.InRange(Runs(files).Count, 1, 20);
    }

    // The damaged file stays until the whole run is rebuilt, so a crash in between costs only the work.
    [Fact]
    public void A_crash_in_the_middle_of_a_rebuild_leaves_the_index_as_it_was()
    {
        using var expected = WrittenTwice(out var files);
        var random = new Random(10);
        for (var stop = 1; stop < 150; stop += 10)
        {
            var scheduler = new ManualScheduler();
            var clone = files.Clone();
            MemoryFileSystem crashed;
            using (var ledger = OpenWithDamagedRuns(clone, isReader: false, scheduler, out _))
            {
                for (var i = 0; i < stop; i++) scheduler.Step("factstone index");
                crashed = clone.Clone();
            }

            using var again = SmallLedger.Open(crashed);
            Assert.Empty(again.Damage);
            SameAnswers(expected, again, random, AskedIds);
        }
    }

    // The disk has no space for the rebuild. The rebuild is abandoned, leaves no file behind, and is repeated when there is space.
    [Fact]
    public void A_rebuild_without_space_is_done_later()
    {
        using var expected = WrittenTwice(out var files);
        var random = new Random(11);
        var scheduler = new ManualScheduler();
        using var ledger = OpenWithDamagedRuns(files, isReader: false, scheduler, out var damaged, out var clock);
        var runs = Runs(files).Count;
        files.CapacityBytes = files.UsedBytes + 2_000;
        for (var i = 0; i < 50; i++) scheduler.Step("factstone index");
        Assert.Equal(runs, Runs(files).Count);
        SameAnswers(expected, ledger, random, AskedIds);

        files.CapacityBytes = long.MaxValue;
        clock.Advance(TimeSpan.FromSeconds(10));
        while (scheduler.Step("factstone index")) { }
        Assert.Empty(Parts(ledger).OfType<DamagedRun>());
        SameAnswers(expected, ledger, random, AskedIds);
    }

    // The log is damaged as well. What only the damaged block knew is refused, and no answer is wrong.
    [Fact]
    public void A_damaged_log_under_a_damaged_large_run_is_said()
    {
        using var expected = WrittenTwice(out var files);
        using var ledger = OpenWithDamagedRuns(files, isReader: true, new ManualScheduler(), out _);
        files.FlipBit(files.Paths.First(LedgerLayout.IsSegment), (SegmentHeader.Bytes + 40) * 8);
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(ledger.GetVersionAsync("none/1", cancellationToken: Cancel)));
        Assert.NotEmpty(ledger.Damage);
    }

    /// <summary>A ledger without runs, and one with the same appends and a few runs.</summary>
    static Ledger WrittenTwice(out MemoryFileSystem files)
    {
        files = new MemoryFileSystem();
        var random = new Random(4);
        var expected = SmallLedger.Open(SmallLedger.Options(new MemoryFileSystem()));
        using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = 30 });
        for (var i = 0; i < 500; i++)
        {
            var request = Draw(random, i);
            Assert.Equal(Committed(expected, request).Versions, Committed(ledger, request).Versions);
        }

        return expected;
    }

    static Ledger OpenWithDamagedRuns(MemoryFileSystem files, bool isReader, ManualScheduler scheduler, out List<DamagedRun> damaged) => OpenWithDamagedRuns(files, isReader, scheduler, out damaged, out _);

    /// <summary>Damages every block of every run. The first lookup in each run has found that.</summary>
    static Ledger OpenWithDamagedRuns(MemoryFileSystem files, bool isReader, ManualScheduler scheduler, out List<DamagedRun> damaged, out Testing.ManualTimeProvider clock)
    {
        var options = SmallLedger.Options(files) with { MemoryFactsMax = 30, RebuiltAtOnceMax = 0, Scheduler = scheduler };
        clock = (Testing.ManualTimeProvider)options.TimeProvider;
        var ledger = isReader ? Ledger.Open(FileStorage.OpenReadOnly(files, SmallLedger.Root, options.ToStorageOptions()), options) : SmallLedger.Open(options);
        foreach (var run in Parts(ledger).OfType<Run>())
        {
            for (var block = 0L; block < RunFormat.BlocksIn(run.Footer.ChecksumsAt); block++) files.FlipBit(run.Path, block * RunFormat.BlockBytes * 8);
            run.ForgetChecks();
            if (run.Footer.Facts > 0) Assert.NotNull(SmallLedger.Now(ledger.ReadAtAsync(run.First, Cancel)));
            else _ = SmallLedger.Now(ledger.ReadCellAsync("b", "none", Cancel));
        }

        damaged = [.. Parts(ledger).OfType<DamagedRun>()];
        Assert.NotEmpty(damaged);
        Assert.Empty(Parts(ledger).OfType<Run>());
        return ledger;
    }

    /// <summary>Flips a bit in some blocks, chosen by their number over all runs.</summary>
    static void FlipBlocks(MemoryFileSystem files, List<DamagedRun> damaged, Func<long, bool> which)
    {
        var number = 0L;
        foreach (var run in damaged.Select(static part => part.Run))
        {
            for (var block = 0L; block < RunFormat.BlocksIn(run.Footer.ChecksumsAt); block++, number++)
                if (which(number)) files.FlipBit(run.Path, block * RunFormat.BlockBytes * 8);
            run.ForgetChecks();
        }
    }

    static IndexPart[] Parts(Ledger ledger) => ((FileStorage)ledger.Storage).Index.Parts.ToArray();
}
