using Factstone.Cli.Conformance;
using Factstone.Conformance;

namespace Factstone.Tests.Conformance;

/// <summary>The claims notice a defect of each facet, and the scoreboard says what is there.</summary>
public sealed class MutationTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_defect_of_each_facet_is_noticed_by_a_claim_of_that_facet()
    {
        var results = await MutationRun.RunAsync(new MemorySource(), cancellationToken: Cancellation);

        TestContext.Current.SendDiagnosticMessage("{0}", string.Join('\n', results));
        Assert.Equal(Facet.All, results.Select(static result => result.Facet).Distinct());
        Assert.All(results, static result => Assert.True(result.IsNoticed, $"{result}"));
    }

    // A claim that fails on every ledger would notice every defect.
    [Fact]
    public async Task A_claim_that_fails_takes_too_long_or_throws_is_a_failure_with_a_message()
    {
        var facet = Facet.All[0];
        var waiting = new ConformanceSuite(
            new Claim(facet, "waits", static context => Task.Delay(Timeout.Infinite, context.CancellationToken)),
            new Claim(facet, "waits for ever", static _ => new TaskCompletionSource().Task));
        var others = new ConformanceSuite(
            new Claim(facet, "throws", static _ => throw new InvalidOperationException("no")),
            new Claim(facet, "holds", static context => context.ReopenAsync()));

        var late = await waiting.RunAsync(new MemorySource(), new ConformanceOptions { ClaimTimeout = TimeSpan.FromSeconds(1) }, cancellationToken: Cancellation);
        Assert.Equal(["It took longer than 1 s.", "It took longer than 1 s."], late.Results.Select(static result => result.Message));

        var run = await others.RunAsync(new MemorySource(), cancellationToken: Cancellation);
        Assert.Equal(["InvalidOperationException: no", null], run.Results.Select(static result => result.Message));
        var score = Assert.Single(run.Facets);
        Assert.Equal((1, 1, 0, 2, false), (score.Passed, score.Failed, score.Missing, score.Total, score.IsComplete));
        Assert.Equal("0 of 1 facets are complete: 1 claims passed, 1 failed, 0 are missing.", run.Summary);
    }

    [Fact]
    public void The_claims_are_at_least_as_many_as_the_checks_of_the_original_in_each_facet()
    {
        Assert.Equal((20, 201), (Facet.All.Count, Facet.All.Sum(static facet => facet.OriginalChecks)));
        Assert.All(Facet.All, static facet => Assert.True(ConformanceSuite.Default.Only(facet).Claims.Count >= facet.OriginalChecks, facet.Name));
        Assert.True(ConformanceSuite.Default.Claims.Count >= 201);
    }

    [Fact]
    public async Task Claims_about_what_a_source_does_not_have_are_missing_and_do_not_fail()
    {
        var run = await ConformanceSuite.Default.RunAsync(new BareSource(), cancellationToken: Cancellation);

        Assert.Equal(0, run.Failed);
        Assert.Equal(["snapshot", "blob", "view", "recovery"], run.Facets.Where(static facet => facet.Missing > 0).Select(static facet => facet.Facet.Name));
        Assert.Equal(["blobs", "kept projections"], run.Results.Where(static result => result.Status == ClaimStatus.Missing).Select(static result => result.Message).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(16, run.Facets.Count(static facet => facet.IsComplete));
    }

    /// <summary>Ledgers in memory, without blobs and kept projections.</summary>
    sealed class BareSource : LedgerSource
    {
        readonly MemorySource _inner = new();

        public override string Name => "bare";

        public override bool KeepsProjections => false;

        public override async ValueTask<LedgerUnderTest> CreateAsync(CancellationToken cancellationToken) => new BareLedger(await _inner.CreateAsync(cancellationToken));

        sealed class BareLedger(LedgerUnderTest inner) : LedgerUnderTest
        {
            public override ValueTask<ILedger> OpenAsync(LedgerSetup setup, CancellationToken cancellationToken) => inner.OpenAsync(setup, cancellationToken);

            public override ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }

    [Fact]
    public void Two_claims_of_a_facet_cannot_have_the_same_name()
    {
        var claim = ConformanceSuite.Default.Claims[0];
        Assert.Contains("two claims", Assert.Throws<ArgumentException>(() => new ConformanceSuite([claim, claim])).Message, StringComparison.Ordinal);
    }
}
