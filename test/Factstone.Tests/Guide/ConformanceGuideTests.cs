using Factstone.Conformance;

namespace Factstone.Tests.Guide.Conformance;

/// <summary>docs/guide/conformance.md</summary>
public sealed class ConformanceGuideTests
{
    [Fact]
    public async Task The_claims_are_checked_on_a_way_of_opening()
    {
        var output = Console.Capture();

        var suite = ConformanceSuite.Default.Only(Facet.Find("cas")!);
        var run = await suite.RunAsync(new MyLedgers());

        Console.WriteLine(run);              // in my directories: 1 of 1 facets are complete: …
        foreach (var failure in run.Failures) Console.WriteLine($"{failure.Claim}: {failure.Message}");

        Assert.StartsWith("in my directories: 1 of 1 facets are complete: ", Assert.Single(output), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claim_is_added()
    {
        var batch = Facet.Find("batch")!;
        var suite = new ConformanceSuite(
        [
            .. ConformanceSuite.Default.Only(batch).Claims,
            new Claim(batch, "A thousand facts of an import are there after a reopen", async context =>
            {
                var facts = Enumerable.Range(1, 1_000).Select(row => new NewFact($"rows/{row}", "imported", "{}"));
                await context.Ledger.AppendAsync([.. facts], context.CancellationToken);
                await context.ReopenAsync();
                var count = await context.Ledger.CountAsync(FactQuery.Store("rows"), cancellationToken: context.CancellationToken);
                if (count != 1_000) throw new InvalidOperationException($"There are {count} facts.");
            }),
        ]);

        var run = await new ConformanceSuite(suite.Claims.TakeLast(1)).RunAsync(new MyLedgers());

        Assert.Equal((1, 0), (run.Passed, run.Failed));
    }
}

public sealed class MyLedgers : LedgerSource
{
    public override string Name => "in my directories";

    public override ValueTask<LedgerUnderTest> CreateAsync(CancellationToken cancellationToken) => ValueTask.FromResult<LedgerUnderTest>(new MyLedger());

    sealed class MyLedger : LedgerUnderTest
    {
        readonly string _directory = Directory.CreateTempSubdirectory("my-ledger-").FullName;
        Ledger? _ledger;

        public override IBlobStore? Blobs => _ledger?.Blobs;

        public override async ValueTask<ILedger> OpenAsync(LedgerSetup setup, CancellationToken cancellationToken)
        {
            if (_ledger is not null) await _ledger.DisposeAsync();
            var options = new LedgerOptions { Types = setup.Types, InlineProjections = setup.InlineProjections, AsyncProjections = setup.AsyncProjections };
            return _ledger = await Ledger.OpenAsync(Path.Combine(_directory, "ledger"), options, cancellationToken);
        }

        public override async ValueTask DisposeAsync()
        {
            if (_ledger is not null) await _ledger.DisposeAsync();
            Directory.Delete(_directory, recursive: true);
        }
    }
}
