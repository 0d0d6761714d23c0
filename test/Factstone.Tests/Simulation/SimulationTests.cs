using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Factstone.Storage;
using Factstone.Testing;
using Xunit;

namespace Factstone.Tests.Simulation;

/// <summary>
/// The engine on a disk with random faults, compared with a model. docs/testing.md explains how to run more seeds and how to replay one.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    /// <summary>Within this many seeds, everything that the simulation can do must occur, except what is rare.</summary>
    const int SeedsThatMeetMost = 1_000;

    /// <summary>Within this many seeds, the rare events must occur as well.</summary>
    const int SeedsThatMeetAll = 10_000;

    /// <summary>These occur in 4 to 6 of 1,000 seeds, so one of 60 to 400 runs of 1,000 seeds is without them.</summary>
    static readonly string[] Rare = [$"branch {RecoveryBranch.SegmentSetAside}", $"seed of requests {RequestShape.Large}"];

    const int FailuresShown = 20;

    static readonly RecoveryBranch[] Branches = Enum.GetValues<RecoveryBranch>();

    static readonly string[] Faults =
    [
        .. Enum.GetNames<Fault>(),
        "LockDeleted", "DirectoryMoved", "SectorLost", "WriteTorn", "LengthLost", "PageSectorOld", "NameLost",
    ];

    static readonly string[] OfAges = ["aged: file put back", "aged: file lost", "aged: a reader was told", "aged: a reader found all", "aged: a writer was told", "aged: a writer found all", "aged: went on", "aged: repaired"];

    static readonly string[] Happenings =
    [
        .. OfAges,
        "duplicate in another spelling", "duplicate with other content", "reused", "repeat of an append in flight", "followed", "followed on", "run compared", "run of cells alone", "repair: fact lost", "repair: nothing lost", "repair: cell lost", "repair: died", "repair: refused",
        "second writer refused", "worked on in a directory that was moved", "backup done", "backup died", "backup refused", "a backup compared", "restore done", "restore died", "restore refused", "a restored ledger compared",
        "repair: done at once", "repair: done after it was stopped", "decided at once", "decided again", "decided nothing", "conflict of a decider", "decision: DivideByZeroException", "decision: FactTypesException", "decision: ArgumentException", "read through", "seed mapped", "seed not mapped",
        $"worker stopped: {WorkerFailure.Index}", $"worker stopped: {WorkerFailure.Preallocation}",
        .. Enum.GetNames<RequestShape>().Select(shape => $"seed of requests {shape}"),
        .. Enum.GetNames<InterleavingPoint>().Select(point => $"interleaved {point}"),
    ];

    [Fact]
    public void No_acknowledged_fact_is_lost_whatever_the_disk_does()
    {
        var counts = new SimulationCounts();
        var failures = new ConcurrentQueue<string>();
        var clock = Stopwatch.StartNew();
        var processor = Environment.CpuUsage.TotalTime;
        var ranges = Seeds.Draw(SeedsThatMeetMost, "./simulate.sh");
        foreach (var seeds in ranges)
        {
            output.WriteLine(seeds.ToString());
            Parallel.ForEach(seeds.Numbers, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed => Run(seed, seeds.Replay(seed), counts, failures));
        }

        var count = ranges.Sum(static seeds => seeds.Count);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} seeds in {clock.Elapsed.TotalSeconds:0} s, {count / clock.Elapsed.TotalSeconds:0.0} a second, {(Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / count:0} ms of processor time each"));
        output.WriteLine(counts.ToString());
        Assert.True(failures.IsEmpty, $"{failures.Count} of {count} seeds failed.{Environment.NewLine}{string.Join(Environment.NewLine, failures.Take(FailuresShown))}");
        if (count < SeedsThatMeetMost) return; // a few seeds need not take every branch
        string[] all = [.. Branches.Select(static branch => $"branch {branch}"), .. Happenings, .. Faults.Select(static fault => $"fault {fault}")];
        Assert.Empty(all.Where(what => counts[what] == 0 && (count >= SeedsThatMeetAll || !Rare.Contains(what))).Select(static what => $"never met: {what}"));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void A_seed_replays_exactly(int seed)
    {
        var first = new StringWriter(CultureInfo.InvariantCulture);
        var second = new StringWriter(CultureInfo.InvariantCulture);
        new SimulationRun(seed, new SimulationCounts(), trace: first).Run();
        new SimulationRun(seed, new SimulationCounts(), trace: second).Run();

        Assert.True(first.ToString().Length > 10_000);
        Assert.Equal(first.ToString(), second.ToString());
    }

    public static TheoryData<string> Mistakes => [.. PlantedMistake.All.Select(static mistake => mistake.Name)];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_planted_mistake_is_noticed_by_the_check_that_should(string name)
    {
        var mistake = PlantedMistake.All.Single(one => one.Name == name);
        var others = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var tried = 1; tried <= mistake.SeedsMax; tried++)
        {
            var seed = Seeds.SearchFrom + tried - 1;
            if (Failure(seed, mistake) is not { } failure) continue;
            if (mistake.IsNoticedBy(failure))
            {
                output.WriteLine($"{name}: seed {seed}, {tried} tried: {failure.Message}");
                return;
            }

            var kind = $"{failure.GetType().Name}: {failure.Message}";
            others[kind] = others.GetValueOrDefault(kind) + 1;
        }

        Assert.Fail($"{name} was not noticed in {mistake.SeedsMax} seeds by the check that should. Something else was: {string.Join(Environment.NewLine, others.Take(FailuresShown))}");
    }

    [Fact]
    public void Each_planted_mistake_is_looked_for()
    {
        Assert.Equal(Enum.GetValues<Defect>().Where(static defect => defect != Defect.None).Except(PlantedMistake.FoundElsewhere).Order(), PlantedMistake.All.Select(static mistake => mistake.Defect).Where(static defect => defect != Defect.None).Order());
    }

    static Exception? Failure(int seed, PlantedMistake mistake)
    {
        try
        {
            new SimulationRun(seed, new SimulationCounts(), mistake).Run();
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    static void Run(int seed, string replay, SimulationCounts counts, ConcurrentQueue<string> failures)
    {
        try
        {
            using var trace = Environment.GetEnvironmentVariable("FACTSTONE_TRACE") is { } path ? File.CreateText(path) : null;
            new SimulationRun(seed, counts, trace: trace).Run();
        }
        catch (Exception failure)
        {
            var where = failure is SimulationFailure { InnerException: null } && Environment.GetEnvironmentVariable("FACTSTONE_TRACE") is null ? "" : $"{Environment.NewLine}{failure}";
            failures.Enqueue($"Seed {seed}: {failure.Message} Replay it with: {replay}{where}");
        }
    }
}
