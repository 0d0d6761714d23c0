using Factstone.Tests.Simulation;

namespace Factstone.Tests.Consumers;

/// <summary>Each fact takes effect once, wherever the process ends and whoever takes over.</summary>
public sealed class ConsumerRunTests
{
    const int Runs = 200;

    [Fact]
    public async Task Each_matching_fact_takes_effect_exactly_once()
    {
        var counts = await new SeedRuns(Runs).RunAsync(static (seed, counts) =>
        {
            var run = new ConsumerRun(seed);
            run.Run();
            counts.Add(run.Counts);
        });

        if (counts.Seeds < Runs) return;
        Assert.All(["handled", "commit", "read"], what => Assert.True(counts[what] > 1_000, what));
        Assert.All(["overtaken", "read to the head", "ended by PowerLostException", "ended by AppendUnknownException", "disk full", "closed"], what => Assert.True(counts[what] > 0, what));
    }

    // The run must find a consumer whose facts and checkpoint are two appends.
    [Fact]
    public void The_run_finds_a_commit_in_two_appends()
    {
        for (var seed = 1; seed <= Runs; seed++)
        {
            try
            {
                new ConsumerRun(seed, commitsInTwoAppends: true).Run();
            }
            catch (SimulationFailure found)
            {
                Assert.Contains("has taken effect 2 times", found.Message, StringComparison.Ordinal);
                return;
            }
        }

        Assert.Fail("No seed finds it.");
    }
}
