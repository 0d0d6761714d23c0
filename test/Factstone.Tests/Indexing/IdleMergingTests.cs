using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Indexing;

/// <summary>When the ledger is idle, runs are merged. Appends do not wait for the merge, and every answer stays the same.</summary>
public sealed class IdleMergingTests
{
    readonly MemoryFileSystem _files = new();
    readonly ManualScheduler _scheduler = new();
    readonly List<RecoveryBranch> _branches = [];
    readonly LedgerOptions _options;
    int _appended;

    public IdleMergingTests() => _options = SmallLedger.Options(_files) with { Scheduler = _scheduler, MemoryFactsMax = 10, BranchTaken = _branches.Add };

    ManualTimeProvider Clock => (ManualTimeProvider)_options.TimeProvider;

    int IdleMerges => _branches.Count(one => one == RecoveryBranch.RunsMergedWhenIdle);

    [Fact]
    public void After_a_second_without_appends_runs_become_few_and_say_the_same()
    {
        using var ledger = SmallLedger.Open(_options);
        Append(ledger, 61);
        Index();
        Assert.Equal(6, Runs(ledger));

        // The first check starts the interval of one second.
        Clock.Advance(TimeSpan.FromMilliseconds(999));
        Index();
        Assert.Equal((6, 0), (Runs(ledger), IdleMerges));
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Index();
        Assert.Equal((1, 1), (Runs(ledger), IdleMerges));
        Same(ledger);

        Clock.Advance(TimeSpan.FromHours(1));
        Index();
        Assert.Equal((1, 1), (Runs(ledger), IdleMerges));
    }

    [Fact]
    public void An_append_puts_it_off_and_a_merge_that_has_begun_waits()
    {
        using var ledger = SmallLedger.Open(_options);
        Append(ledger, 61);
        Index();
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_scheduler.Step("factstone index")); // it has begun
        for (var i = 0; i < 3; i++)
        {
            Append(ledger, 1);
            Index();
            Assert.Equal((6, 0), (Runs(ledger), IdleMerges));
            Clock.Advance(TimeSpan.FromMilliseconds(500));
            Index();
            Assert.Equal((6, 0), (Runs(ledger), IdleMerges));
        }

        Clock.Advance(TimeSpan.FromMilliseconds(500));
        Index();
        Assert.Equal((1, 1), (Runs(ledger), IdleMerges));
        Same(ledger);
    }

    // An append of cells alone assigns no position.
    [Fact]
    public void An_append_of_cells_puts_it_off_too_and_runs_of_cells_alone_become_few()
    {
        using var ledger = SmallLedger.Open(_options with { MemoryBytesMax = 2_000 });
        for (var i = 0; i < 30; i++) Put(i);
        Index();
        var before = Runs(ledger);
        Assert.InRange(before, 3, 7);
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(999));
            Put(0);
            Index();
            Assert.Equal(0, IdleMerges);
        }

        Clock.Advance(TimeSpan.FromSeconds(1));
        Index();
        Assert.InRange(Runs(ledger), 1, before - 1);
        Assert.True(IdleMerges > 0);
        for (var i = 1; i < 30; i++) Assert.Equal(1, SmallLedger.Now(ledger.ReadCellAsync("b", $"{i}", TestContext.Current.CancellationToken))!.Version.Value);

        void Put(int cell)
        {
            var append = ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("b", $"{cell}", "")] });
            while (_scheduler.Step("factstone writer")) { }
            while (_scheduler.Completions.Count > 0) _scheduler.RunCompletion(0);
            Assert.True(append.IsCompleted);
        }
    }

    [Fact]
    public void Runs_that_have_to_be_merged_do_not_wait_for_one_that_has_begun()
    {
        using var ledger = SmallLedger.Open(_options);
        Append(ledger, 61);
        Index();
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_scheduler.Step("factstone index"));
        Append(ledger, 30);
        Index();
        Assert.Equal((2, 0), (Runs(ledger), IdleMerges)); // the first eight became one
        Assert.Equal(1, _branches.Count(one => one == RecoveryBranch.RunsMerged));
        Same(ledger);
    }

    [Fact]
    public void A_close_in_the_middle_leaves_nothing_half_made()
    {
        using (var ledger = SmallLedger.Open(_options))
        {
            Append(ledger, 61);
            Index();
            Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.True(_scheduler.Step("factstone index"));
        }

        using var again = SmallLedger.Open(_options);
        Assert.Equal(7, Runs(again));
        Assert.DoesNotContain(RecoveryBranch.RunRejected, _branches);
        Same(again);
    }

    [Fact]
    public void A_full_disk_ends_it_until_there_is_another_run()
    {
        using var ledger = SmallLedger.Open(_options);
        Append(ledger, 61);
        Index();
        Clock.Advance(TimeSpan.FromSeconds(1));
        _files.CapacityBytes = _files.UsedBytes + 100;
        Index();
        Clock.Advance(TimeSpan.FromHours(1));
        Index();
        Assert.Equal((6, 0), (Runs(ledger), IdleMerges));
        _files.CapacityBytes = long.MaxValue;
        Append(ledger, 10);
        Index();
        Clock.Advance(TimeSpan.FromSeconds(1));
        Index();
        Assert.Equal((1, 1), (Runs(ledger), IdleMerges));
        Same(ledger);
    }

    // A required merge failed for lack of space. An idle merge was started and discarded in its favour, again and again without end.
    [Fact]
    public void A_full_disk_ends_what_has_to_be_merged_too()
    {
        using var ledger = SmallLedger.Open(_options);
        Append(ledger, 78);
        Index();
        Clock.Advance(TimeSpan.FromSeconds(1));
        Append(ledger, 3);
        while (Runs(ledger) < 8) Assert.True(_scheduler.Step("factstone index"));
        _files.CapacityBytes = _files.UsedBytes + 100;
        Index();
        Clock.Advance(TimeSpan.FromHours(1));
        Index();
        Assert.Equal((8, 0), (Runs(ledger), IdleMerges));
        _files.CapacityBytes = long.MaxValue;
        Append(ledger, 10);
        Index();
        Assert.Equal(1, _branches.Count(one => one == RecoveryBranch.RunsMerged));
        Same(ledger);
    }

    // Until a read found the damaged block, no merge with that run could complete, and the index worker retried without end.
    [Theory]
    [InlineData(7, false)]
    [InlineData(8, false)]
    [InlineData(8, true)]
    public void A_damaged_run_that_is_to_be_merged_is_made_again_and_merged(int sessions, bool isReadBefore)
    {
        // The keys are so long that an open, which reads few blocks, leaves most blocks unread.
        static StreamName Stream(int number) => new("orders", $"{new string('k', 400)}{number:D6}{new string('k', 400)}");
        var options = _options with { MemoryFactsMax = 1_000 };
        for (var session = 0; session < sessions; session++)
        {
            using var ledger = SmallLedger.Open(options);
            var outcome = ledger.TryAppendAsync(new AppendRequest { Facts = [.. Enumerable.Range(session * 100, 100).Select(i => new NewFact(Stream(i), "made", "1"))] }).AsTask();
            while (_scheduler.Step("factstone writer")) { }
            while (_scheduler.Completions.Count > 0) _scheduler.RunCompletion(0);
            Assert.True(outcome.IsCompleted);
        }

        var run = _files.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ElementAt(3);
        if (!isReadBefore) _files.FlipBit(run, _files.LengthOf(run) / 2 * 8);
        using var again = SmallLedger.Open(options);
        Assert.Equal(sessions, Runs(again));
        if (isReadBefore)
        {
            // Each block is whole when it is checked, and damaged afterwards.
            for (var i = 0; i < sessions * 100; i++) Assert.Equal(1, SmallLedger.Now(again.GetVersionAsync(Stream(i), cancellationToken: TestContext.Current.CancellationToken)).Value);
            for (var at = _files.LengthOf(run) / 4; at < _files.LengthOf(run) / 2; at += 97) _files.FlipBit(run, at * 8);
        }

        Index();
        Clock.Advance(TimeSpan.FromSeconds(1));
        Index();
        Assert.Equal(1, Runs(again));
        Assert.Contains(RecoveryBranch.RunRebuilt, _branches);
        for (var i = 0; i < sessions * 100; i++) Assert.Equal(1, SmallLedger.Now(again.GetVersionAsync(Stream(i), cancellationToken: TestContext.Current.CancellationToken)).Value);
        Assert.Empty(again.Damage);
    }

    /// <summary>Runs the index worker until it has nothing left to do.</summary>
    void Index()
    {
        for (var steps = 0; _scheduler.Step("factstone index"); steps++) Assert.True(steps < 10_000, "The index finds no rest.");
    }

    void Append(Ledger ledger, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var outcome = ledger.TryAppendAsync(new AppendRequest(new NewFact($"s/{_appended++ % 7}", "made", "1"))).AsTask();
            while (!outcome.IsCompleted)
            {
                _scheduler.Step("factstone writer");
                while (_scheduler.Completions.Count > 0) _scheduler.RunCompletion(0);
            }

            Assert.IsType<AppendOutcome.Committed>(outcome.GetAwaiter().GetResult());
        }
    }

    static int Runs(Ledger ledger) => ledger.Storage.Statistics().IndexFiles;

    void Same(Ledger ledger)
    {
        for (var i = 0; i < 7; i++)
            Assert.Equal(Enumerable.Range(0, _appended).Count(number => number % 7 == i), SmallLedger.Now(ledger.GetVersionAsync($"s/{i}")).Value);
        Assert.Empty(StorageEngine.Verify(_files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, TestContext.Current.CancellationToken).Damage);
    }
}
