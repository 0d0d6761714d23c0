using Factstone.Conformance.Mutations;

namespace Factstone.Conformance;

/// <summary>Tests the claims themselves: gives the ledger one defect after the other, and looks which claims of the facet fail.</summary>
public static class MutationRun
{
    /// <summary>A defect is noticed by a claim that fails, so a claim that waits need not be waited for.</summary>
    static readonly TimeSpan ClaimTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Breaks each facet at least once, and runs the claims of the facet on the broken ledger.</summary>
    /// <param name="source">Makes the ledgers, which have no defect.</param>
    /// <param name="facet">Only this facet; null for all twenty.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <returns>A result for each defect, in the order of the facets.</returns>
    public static async Task<IReadOnlyList<MutationResult>> RunAsync(LedgerSource source, Facet? facet = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        var results = new List<MutationResult>();
        foreach (var broken in Facet.All.Where(one => facet is null || one == facet))
        {
            var claims = ConformanceSuite.Default.Only(broken);
            foreach (var mutation in Mutation.All.Where(mutation => mutation.Facet == broken.Name))
            {
                var run = await claims.RunAsync(new MutatedSource(source, mutation), new ConformanceOptions { ClaimTimeout = ClaimTimeout }, cancellationToken: cancellationToken).ConfigureAwait(false);
                results.Add(new MutationResult(broken, mutation.What, [.. run.Failures]));
            }
        }

        return results;
    }
}

/// <summary>Which claims noticed a defect.</summary>
/// <param name="Facet">The facet that was broken.</param>
/// <param name="What">What was wrong.</param>
/// <param name="NoticedBy">The claims of the facet that failed.</param>
public sealed record MutationResult(Facet Facet, string What, IReadOnlyList<ClaimResult> NoticedBy)
{
    /// <summary>Whether the defect was noticed.</summary>
    public bool IsNoticed => NoticedBy.Count > 0;

    /// <summary>The facet, the defect, and how many claims noticed it.</summary>
    public override string ToString() => $"{Facet.Name}: {What}; {(IsNoticed ? $"noticed by {NoticedBy.Count} of its claims" : "NOT NOTICED")}";
}
