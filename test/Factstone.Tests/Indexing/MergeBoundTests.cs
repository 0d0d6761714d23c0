using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Indexing;

/// <summary>Large runs are not merged, so that none exceeds the limits of the format.</summary>
public sealed class MergeBoundTests
{
    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public void A_run_of_many_facts_is_merged_no_more()
    {
        var files = new MemoryFileSystem();
        using (var ledger = Open(files, memoryFactsMax: 4, mergedRunFactsMax: 20)) Append(ledger, 400);

        var runs = Runs(files);
        Assert.InRange(runs.Count(run => run.Facts > 20), 3, 20);
        Assert.InRange(runs.Count(run => run.Facts <= 20), 0, RunPlan.RunsPerMerge);
        Assert.All(runs, run => Assert.InRange(run.Facts, 1, RunPlan.RunsPerMerge * 20));
        AllThere(files, 400);
    }

    // A damaged large run is rebuilt as small ones, and another large run may
    // follow them. The small ones were then never merged, however many there were.
    [Fact]
    public void Small_runs_before_a_large_one_are_merged_with_one_another()
    {
        var files = new MemoryFileSystem();
        using (var ledger = Open(files, memoryFactsMax: 60, mergedRunFactsMax: 50)) Append(ledger, 130);
        Assert.Equal([60, 60, 10], Runs(files).Select(run => run.Facts));
        var first = Paths(files)[0];
        files.FlipBit(first, 4_096 * 8);

        using (var ledger = Open(files, memoryFactsMax: 2, mergedRunFactsMax: 50))
        {
            for (var i = 0; i < 130; i++) Assert.Equal(1, SmallLedger.Now(ledger.GetVersionAsync(Stream(i), cancellationToken: Now)).Value);
            Append(ledger, 10);
        }

        Assert.Contains(Runs(files), run => (run.First.Value, run.Facts) == (61, 60));
        Assert.InRange(Runs(files).TakeWhile(run => run.First.Value <= 60).Count(), 2, RunPlan.RunsPerMerge);
        AllThere(files, 140);
    }

    static Ledger Open(MemoryFileSystem files, int memoryFactsMax, int mergedRunFactsMax) =>
        SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = memoryFactsMax, MergedRunFactsMax = mergedRunFactsMax });

    static void Append(Ledger ledger, int facts)
    {
        var next = (int)SmallLedger.Now(ledger.GetHeadAsync(Now)).Value;
        for (var i = 0; i < facts; i++) Repair.Append(ledger, new AppendRequest(new NewFact(Stream(next + i), "made", "1")));
    }

    /// <summary>A key so long that an open does not read all blocks of a run.</summary>
    static StreamName Stream(int number) => new("s", $"{number}{new string('x', 900)}");

    static List<string> Paths(MemoryFileSystem files) => [.. files.Paths.Where(path => path.EndsWith(".run", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    static List<RunFooter> Runs(MemoryFileSystem files) => [.. Paths(files).Select(path => RunFooter.Read(files.ReadWhole(path).AsSpan()[^RunFooter.Bytes..])!)];

    static void AllThere(MemoryFileSystem files, int facts)
    {
        using var ledger = SmallLedger.OpenReadOnly(files);
        for (var i = 0; i < facts; i++) Assert.Equal(i + 1, SmallLedger.Now(ledger.ReadLatestAsync(Stream(i), cancellationToken: Now))!.Position.Value);
        Assert.Empty(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Now).Damage);
    }
}
