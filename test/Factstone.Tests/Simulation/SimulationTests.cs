using System.Globalization;
using Factstone.Storage;
using Xunit;

namespace Factstone.Tests.Simulation;

/// <summary>The engine on a disk that fails at random, against a model. docs/testing.md says how to run more seeds and how to replay one.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    const int SeedsPerDefect = 1_000;

    static readonly RecoveryBranch[] Branches = Enum.GetValues<RecoveryBranch>();

    static readonly string[] Faults =
    [
        "Error", "ShortWrite", "SyncFailureKeepingPages", "SyncFailureDroppingPages", "NoSpace", "PowerLoss", "ProcessKill",
        "SyncWithoutSpaceKeepingPages", "SyncWithoutSpaceDroppingPages",
        "SectorLost", "WriteTorn", "LengthLost", "PageSectorOld", "NameLost",
    ];

    static readonly string[] Happenings =
    [
        "followed", "followed on", "run compared", "run of cells alone", "repair: fact lost", "repair: nothing lost", "repair: cell lost", "repair: died", "repair: refused",
        "repair: done at once", "repair: done after it was stopped",
    ];

    static int First => Number("FACTSTONE_SEED", Number("FACTSTONE_FIRST", 1));

    static int Count => Environment.GetEnvironmentVariable("FACTSTONE_SEED") is null ? Number("FACTSTONE_SEEDS", 1_000) : 1;

    [Fact]
    public void No_acknowledged_fact_is_lost_whatever_the_disk_does()
    {
        var counts = new SimulationCounts();
        Parallel.For(First, First + Count, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed => Run(seed, counts, Defect.None));

        output.WriteLine($"{Count} seeds from {First}");
        output.WriteLine(counts.ToString());
        if (Count < 1_000) return; // a few seeds need not take every branch
        Assert.Empty(Branches.Where(branch => counts[$"branch {branch}"] == 0).Select(branch => $"never taken: {branch}"));
        Assert.Empty(Happenings.Where(what => counts[what] == 0).Select(what => $"never happened: {what}"));
        Assert.Empty(Faults.Where(fault => counts[$"fault {fault}"] == 0).Select(fault => $"never struck: {fault}"));
    }

    [Fact]
    public void A_seed_replays_exactly()
    {
        var first = new StringWriter(CultureInfo.InvariantCulture);
        var second = new StringWriter(CultureInfo.InvariantCulture);
        new SimulationRun(7, new SimulationCounts(), trace: first).Run();
        new SimulationRun(7, new SimulationCounts(), trace: second).Run();

        Assert.True(first.ToString().Length > 10_000);
        Assert.Equal(first.ToString(), second.ToString());
    }

    public static TheoryData<string> Defects => [.. Enum.GetNames<Defect>().Where(name => name != nameof(Defect.None))];

    [Theory]
    [MemberData(nameof(Defects))]
    public void A_planted_mistake_is_found(string name)
    {
        var defect = Enum.Parse<Defect>(name);
        for (var seed = First; seed < First + SeedsPerDefect; seed++)
        {
            if (Finds(seed, defect) is not { } what) continue;
            output.WriteLine($"{name}: seed {seed}: {what}");
            return;
        }

        Assert.Fail($"{name} was not found in {SeedsPerDefect} seeds.");
    }

    static string? Finds(int seed, Defect defect)
    {
        try
        {
            new SimulationRun(seed, new SimulationCounts(), defect).Run();
            return null;
        }
        catch (Exception failure)
        {
            return failure.Message; // the model noticed it, or an invariant or a checksum of the engine did first
        }
    }

    static void Run(int seed, SimulationCounts counts, Defect defect)
    {
        try
        {
            using var trace = Environment.GetEnvironmentVariable("FACTSTONE_TRACE") is { } path ? File.CreateText(path) : null;
            new SimulationRun(seed, counts, defect, trace).Run();
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Seed {seed}: {failure.Message}{Environment.NewLine}Replay it with: FACTSTONE_SEED={seed} ./simulate.sh", failure);
        }
    }

    static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
