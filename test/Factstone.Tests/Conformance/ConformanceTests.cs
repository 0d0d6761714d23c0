using Factstone.Cli.Conformance;
using Factstone.Conformance;

namespace Factstone.Tests.Conformance;

/// <summary>Every claim holds in every way of opening a ledger.</summary>
public sealed class ConformanceTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_claim_holds_in_a_directory() => await HoldsAsync(new DirectorySource());

    [Fact]
    public async Task Every_claim_holds_in_memory() => await HoldsAsync(new MemorySource());

    [Fact]
    public async Task Every_claim_holds_in_memory_if_the_ledger_is_reopened_after_each_append() => await HoldsAsync(new MemorySource(reopens: true));

    [Fact]
    public async Task Every_claim_holds_on_a_ledger_that_is_restored_from_its_backup_after_each_append() => await HoldsAsync(new RestoredSource());

    // Each claim has up to four crashes, at I/Os that are drawn: while it appends, reads, opens and recovers.
    [Fact]
    public async Task Every_claim_holds_on_a_disk_that_crashes_at_random_ios()
    {
        var seed = Seeds.DrawOne();
        TestContext.Current.TestOutputHelper!.WriteLine(seed.ToString());
        var source = new CrashingSource(seed.First);
        await HoldsAsync(source, seed.ToString());
        Assert.True(source.Crashes > ConformanceSuite.Default.Claims.Count / 2, $"only {source.Crashes} crashes, {seed}");
    }

    static async Task HoldsAsync(LedgerSource source, string hint = "")
    {
        var run = await ConformanceSuite.Default.RunAsync(source, cancellationToken: Cancellation);
        TestContext.Current.SendDiagnosticMessage("{0}", run);
        Assert.True(run.Failed == 0, $"{hint}\n{run}\n{string.Join('\n', run.Failures.Select(static failure => $"{failure.Claim}: {failure.Message}"))}");
        Assert.Equal((20, 0), (run.Facets.Count(static facet => facet.IsComplete), run.Missing));
        Assert.True(run.Passed >= 201);
    }
}
