using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Indexing;

/// <summary>
/// The index worker is late, or the disk has space for the log only. Runs stay few, memory stays bounded, and appends continue.
/// </summary>
public sealed class IndexPacingTests
{
    readonly MemoryFileSystem _files = new();
    readonly ManualScheduler _scheduler = new();
    readonly List<RecoveryBranch> _branches = [];
    readonly LedgerOptions _options;
    long _appended;

    public IndexPacingTests() => _options = SmallLedger.Options(_files) with { Scheduler = _scheduler, MemoryFactsMax = 10, BranchTaken = _branches.Add };

    // The worker never runs, so only the writer limits the number of runs.
    [Fact]
    public void Runs_stay_few_when_the_worker_never_merges()
    {
        using var ledger = SmallLedger.Open(_options with { MemoryFactsMax = 2 });
        var (first, second) = (0, 0);
        for (var i = 0; i < 4_000; i++)
        {
            Append(ledger);
            if (i < 2_000) first = Math.Max(first, Runs(ledger));
            else second = Math.Max(second, Runs(ledger));
        }

        Assert.InRange(first, IndexPacing.RunsMax, 3 * IndexPacing.RunsMax);
        Assert.InRange(second, IndexPacing.RunsMax, first + 8);
        Assert.True(Statistics(ledger).IsAppendingSlowed);
        while (Index()) { }
        Assert.InRange(Runs(ledger), 1, IndexPacing.RunsMax / 2);
        Assert.False(Statistics(ledger).IsAppendingSlowed);
        Holds(ledger);
    }

    // The free space is reserved for the log. No run is written, and appends continue up to the memory limit.
    [Fact]
    public void Appends_go_on_when_the_disk_has_space_for_the_log_alone()
    {
        using var ledger = SmallLedger.Open(_options);
        Append(ledger, 35);
        while (Index()) { }
        var runs = Runs(ledger);
        FillToReserve(1_000_000);
        Append(ledger, 110);
        Assert.Equal(runs, Runs(ledger));
        Assert.True(Statistics(ledger).IsIndexShortOfSpace);
        Assert.Contains(RecoveryBranch.RunNotWritten, _branches);
        Holds(ledger);
        using (var reading = SmallLedger.OpenReadOnly(_files)) Holds(reading);

        Assert.Throws<LedgerFullException>(() => Append(ledger, 1_000));
        Assert.Equal(IndexPacing.PartsWithoutSpaceMax, ((FileStorage)ledger.Storage).Index.MemoryParts);
        Holds(ledger);

        _files.CapacityBytes = long.MaxValue;
        Append(ledger, 50);
        while (Index()) { }
        Assert.False(Statistics(ledger).IsIndexShortOfSpace);
        Assert.InRange(((FileStorage)ledger.Storage).Index.MemoryParts, 1, 2);
        Holds(ledger);
    }

    // A merge of large runs was retried again and again, and small runs accumulated behind it.
    [Fact]
    public void A_merge_without_space_does_not_keep_smaller_ones_waiting()
    {
        using var ledger = SmallLedger.Open(_options with { MemoryFactsMax = 600, IdleBeforeMerging = TimeSpan.FromDays(1) });
        while (Large(ledger) < 7)
        {
            Append(ledger, 600, perAppend: 100);
            while (Index()) { }
        }

        _branches.Clear();
        _files.CapacityBytes = _files.UsedBytes + (15 * LargestBytes(ledger));
        Append(ledger, 6_000, perAppend: 100);
        while (Index()) { }
        Assert.False(Statistics(ledger).IsIndexShortOfSpace);
        Assert.Equal(8, Large(ledger));
        Assert.InRange(Runs(ledger) - Large(ledger), 0, 8);
        Assert.Contains(RecoveryBranch.RunsMerged, _branches);
        Holds(ledger);

        _files.CapacityBytes = long.MaxValue;
        Append(ledger, 700, perAppend: 100);
        while (Index()) { }
        Assert.InRange(Large(ledger), 1, 2);
        Holds(ledger);
    }

    // The log needs the space of a merge in progress. The merge stops and releases its space.
    [Fact]
    public void A_merge_stops_when_the_log_needs_its_space()
    {
        using var ledger = SmallLedger.Open(_options with { MemoryFactsMax = 600 });
        Append(ledger, 4_801, perAppend: 1);
        while (Runs(ledger) < 8) Assert.True(Index());
        Assert.True(Index());
        var files = _files.Paths.Count(static path => path.EndsWith(".run", StringComparison.Ordinal));
        Assert.Equal(9, files); // the merged one is begun
        FillToReserve(1_000);
        while (Index()) { }
        Assert.Equal(8, _files.Paths.Count(static path => path.EndsWith(".run", StringComparison.Ordinal)));
        Assert.DoesNotContain(RecoveryBranch.RunsMerged, _branches);
        Holds(ledger);

        _files.CapacityBytes = long.MaxValue;
        Assert.False(Index()); // a merge that was refused waits
        ((ManualTimeProvider)_options.TimeProvider).Advance(TimeSpan.FromSeconds(10));
        while (Index()) { }
        Assert.Contains(RecoveryBranch.RunsMerged, _branches);
    }

    /// <summary>
    /// Another file fills the disk until the free space is less than half of the reserve, which is a sixteenth of the disk.
    /// </summary>
    void FillToReserve(int free)
    {
        _files.CreateDirectory("other");
        _files.Replace("other/file", new byte[40 * free]);
        _files.CapacityBytes = _files.UsedBytes + free;
    }

    static long LargestBytes(Ledger ledger) => ((FileStorage)ledger.Storage).Runs().Max(static run => run.Footer.FileBytes);

    static int Large(Ledger ledger) => ((FileStorage)ledger.Storage).Runs().Count(static run => run.Footer.Items >= 4_096);

    static int Runs(Ledger ledger) => ((FileStorage)ledger.Storage).Runs().Count;

    static LedgerStatistics Statistics(Ledger ledger) => SmallLedger.Now(ledger.GetStatisticsAsync(TestContext.Current.CancellationToken));

    bool Index() => _scheduler.Step("factstone index");

    void Append(Ledger ledger, int count = 1, int perAppend = 1)
    {
        for (var i = 0; i < count; i += perAppend)
        {
            var facts = Enumerable.Range(0, perAppend).Select(n => new NewFact($"orders/{(_appended + n) % 97}", "placed", $"{_appended + n}")).ToArray();
            var append = ledger.AppendAsync(facts);
            while (_scheduler.Step("factstone writer")) { }
            while (_scheduler.Completions.Count > 0) _scheduler.RunCompletion(0);
            _ = SmallLedger.Now(append);
            _appended += perAppend;
        }
    }

    void Holds(Ledger ledger)
    {
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal(_appended, SmallLedger.Now(ledger.GetHeadAsync(cancel)).Value);
        for (var n = 0L; n < _appended; n += 37) Assert.Equal($"{n}", SmallLedger.Now(ledger.ReadAtAsync(new Position(n + 1), cancel))!.Json);
        for (var key = 0; key < Math.Min(97, _appended); key += 5)
            Assert.Equal(((_appended - 1 - key) / 97) + 1, SmallLedger.Now(ledger.GetVersionAsync($"orders/{key}", cancellationToken: cancel)).Value);
    }
}
