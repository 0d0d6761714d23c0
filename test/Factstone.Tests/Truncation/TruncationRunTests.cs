namespace Factstone.Tests.Truncation;

/// <summary>Random runs against a plain model.</summary>
public sealed class TruncationRunTests
{
    const int Runs = 200;

    [Fact]
    public async Task Every_read_and_every_decision_applies_the_truncations()
    {
        var counts = await new SeedRuns(Runs).RunAsync(static (seed, counts) =>
        {
            var run = new TruncationRun(seed);
            run.Run();
            counts.Add(run.Counts);
        });

        if (counts.Seeds < Runs) return;
        Assert.All(
            ["committed", "conflict", "retention passed", "truncated", "deleted", "truncated before", "truncated in a group", "reopened", "stream", "query", "all", "latest", "list", "follow", "folded", "stopped at a hole", "reported"],
            what => Assert.True(counts[what] > 50, what));
    }
}
