using Factstone.Tests.Simulation;

namespace Factstone.Tests.Projections;

/// <summary>Snapshot and tail are the full fold, wherever the process ends.</summary>
public sealed class ProjectionRunTests
{
    const int Runs = 150;

    [Fact]
    public async Task Every_state_is_that_of_the_full_fold_wherever_the_process_ends()
    {
        var counts = await new SeedRuns(Runs).RunAsync(static (seed, counts) =>
        {
            var run = new ProjectionRun(seed);
            run.Run();
            counts.Add(run.Counts);
        });

        if (counts.Seeds < Runs) return;
        Assert.All(["facts", "read", "append"], what => Assert.True(counts[what] > 1_000, what));
        Assert.All(["snapshot", "current 1", "current 2", "groups in parts", "ended by PowerLostException", "ended by AppendUnknownException", "closed", "recovery awaited", "read before recovery", "recovered by an append", "recovered by projections"], what => Assert.True(counts[what] > 0, what));
    }

    // Each has failed: what a late recovery brought back was not read again.
    [Theory]
    [InlineData(1_767)]
    [InlineData(4_382)]
    [InlineData(500_000_965)]
    [InlineData(500_001_277)]
    [InlineData(500_001_286)]
    [InlineData(500_002_316)]
    public void A_seed_that_has_failed_passes(int seed) => new ProjectionRun(seed).Run();

    // The run must find a snapshot whose checkpoint is durable before its states.
    [Fact]
    public void The_run_finds_a_checkpoint_that_is_written_first()
    {
        for (var seed = 1; seed <= Runs; seed++)
        {
            try
            {
                new ProjectionRun(seed, writesCheckpointFirst: true).Run();
            }
            catch (SimulationFailure found)
            {
                Assert.Contains("than a full fold", found.Message, StringComparison.Ordinal);
                return;
            }
        }

        Assert.Fail("No seed finds it.");
    }
}
