using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Indexing;

/// <summary>A segment that never gets live frames is dropped. The facts held in memory before it still become runs.</summary>
public sealed class DroppedSegmentTests
{
    readonly MemoryFileSystem _memory = new();
    readonly ManualScheduler _scheduler = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_part_that_ends_where_a_segment_began_that_was_dropped_becomes_a_run(bool isRunFirst)
    {
        using (var first = SmallLedger.Open(_memory))
            for (var i = 0; i < 10; i++) SmallLedger.AppendOne(first);

        // The log ends cleanly, but HEAD and the index are missing, so the next open creates another segment.
        _memory.Delete($"{SmallLedger.Root}/HEAD");
        SmallLedger.WithoutIndex(_memory);
        var files = new WatchedFiles(_memory);
        var took = new List<RecoveryBranch>();
        var options = SmallLedger.Options(files) with { MemoryFactsMax = 10, Scheduler = _scheduler, BranchTaken = took.Add };
        using (var ledger = SmallLedger.Open(options))
        {
            // The new segment is dropped when the first sync of it fails.
            Assert.Contains(RecoveryBranch.NothingToRewrite, took);
            var failures = 1;
            files.Syncing = path =>
            {
                if (!LedgerLayout.IsSegment(path) || failures-- <= 0) return;
                if (isRunFirst) Index();
                throw new LedgerIOException(path, "syncing", "it failed");
            };
            Append(ledger, 25);
            Assert.Contains(RecoveryBranch.SyncFailedAndMoved, took);
            Index();
            Assert.Equal(3, ledger.Storage.Statistics().IndexFiles);
            Assert.Equal(3, _memory.Paths.Count(path => path.EndsWith(".run", StringComparison.Ordinal)));
        }

        took.Clear();
        using var again = SmallLedger.Open(SmallLedger.Options(_memory) with { BranchTaken = took.Add });
        Assert.DoesNotContain(RecoveryBranch.RunRejected, took);
        Assert.Equal(35, SmallLedger.Now(again.GetVersionAsync("orders/9")).Value);
    }

    void Index()
    {
        while (_scheduler.Step("factstone index")) { }
    }

    void Append(Ledger ledger, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var outcome = ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/9", "placed", "1"))).AsTask();
            while (!outcome.IsCompleted)
            {
                _scheduler.Step("factstone writer");
                while (_scheduler.Completions.Count > 0) _scheduler.RunCompletion(0);
            }

            Assert.IsType<AppendOutcome.Committed>(outcome.GetAwaiter().GetResult());
        }
    }
}
