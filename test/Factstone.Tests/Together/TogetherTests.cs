using System.Globalization;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Together;

/// <summary>All parts of a ledger together are those of a plain model. docs/testing.md explains how to run more seeds and how to replay one.</summary>
public sealed class TogetherTests(ITestOutputHelper output)
{
    const int SeedsByDefault = 500;

    /// <summary>An unknown outcome needs two errors of the disk during one append. That happens in 8 of 1,000 seeds.</summary>
    const int SeedsThatMeetAll = 5_000;

    [Fact]
    public async Task All_parts_together_are_as_the_model_says_whatever_the_disk_does()
    {
        var runs = new SeedRuns(SeedsByDefault) { Script = "./together.sh", AreFresh = true, SeedsAtOnce = Environment.ProcessorCount };
        var counts = await runs.RunAsync(static async (seed, counts) =>
        {
            using var trace = Environment.GetEnvironmentVariable("FACTSTONE_TRACE") is { } file ? new StreamWriter(file) : null;
            var run = new TogetherRun(seed) { Trace = trace };
            try
            {
                await run.RunAsync();
            }
            finally
            {
                counts.Add(run.Counts);
            }
        });

        if (counts.Seeds < SeedsByDefault) return;
        foreach (var what in counts.Seeds < SeedsThatMeetAll ? Happenings : [.. Happenings, "unknown"]) Assert.True(counts[what] > 0, $"'{what}' did not occur in {counts.Seeds} seeds.");
    }

    static readonly string[] Happenings =
    [
        "append", "conflict", "retention passed", "repeat", "repeat with other content", "record written", "record retracted", "entry", "decision", "decision of nothing",
        "decision without what was dropped", "truncation", "delete", "blob", "snapshot", "by-key v1 built", "by-key v2 built", "cut v1 built", "backup", "restored", "restored ledger compared", "dropped facts brought back",
        "index deleted", "closed", "unknown, committed", "unknown, not committed", "reads compared", "projection read", "projection beyond what was dropped",
        "fold without what was dropped", "open, inline", "open, async", "ended by PowerLostException",
    ];

    // An error of the disk during a fold ended the projection until the next open, or a read after an append did not see it.
    [Theory]
    [InlineData(10_000_206)]
    [InlineData(10_000_392)]
    [InlineData(10_001_098)]
    [InlineData(10_001_803)]
    [InlineData(10_002_209)]
    public Task A_seed_that_has_failed_does_not_fail_again(int seed) => new TogetherRun(seed).RunAsync();

    [Theory]
    [InlineData("RepeatIsForgotten")]
    [InlineData("CheckpointFirst")]
    [InlineData("NamesOfBlobsNotSynced")]
    [InlineData("TruncatesOneLess")]
    public async Task A_planted_mistake_is_found(string mistake)
    {
        for (var seed = 1; seed <= 2_000; seed++)
        {
            try
            {
                await new TogetherRun(seed, Enum.Parse<PlantedMistakeTogether>(mistake)).RunAsync();
            }
            catch (Exception found) when (found is SimulationFailure or BlobNotFoundException or BlobDamagedException)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {found.Message}"));
                return;
            }
        }

        Assert.Fail("No seed finds it.");
    }
}
