using Factstone.Conformance.Claims;
using Factstone.Conformance.Running;

namespace Factstone.Conformance;

/// <summary>Claims, and their check on the ledgers of a source.</summary>
/// <remarks>Immutable. Threads: any number.</remarks>
public sealed class ConformanceSuite
{
    /// <summary>A suite of these claims; those of <see cref="Default"/> and further ones, for example.</summary>
    /// <param name="claims">The claims.</param>
    /// <exception cref="ArgumentException">Two claims of a facet have the same name.</exception>
    public ConformanceSuite(params IEnumerable<Claim> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        Claims = [.. claims];
        if (Claims.GroupBy(static claim => (claim.Facet.Name, claim.Name)).FirstOrDefault(static same => same.Skip(1).Any()) is { } twice)
            throw new ArgumentException($"The facet '{twice.Key.Item1}' has two claims '{twice.Key.Item2}'.", nameof(claims));
    }

    /// <summary>The twenty facets.</summary>
    public static ConformanceSuite Default { get; } = new(
    [
        .. EventClaims.All, .. LogClaims.All, .. TruncationClaims.Log, .. KeyValueClaims.All, .. ProjectClaims.All, .. SubscribeClaims.All, .. HubClaims.All, .. TruncationClaims.Subscribe, .. ConcurrencyClaims.All, .. TruncationClaims.Concurrency, .. SnapshotClaims.All, .. KeptSnapshotClaims.All,
        .. CompactionClaims.All, .. DurableClaims.All, .. BlobClaims.All, .. ViewClaims.All, .. KeptViewClaims.All, .. CompareAndSwapClaims.All, .. CatalogClaims.All, .. TruncationClaims.Catalog, .. QueryClaims.All, .. StreamQueryClaims.All,
        .. BatchClaims.All, .. UpcastClaims.All, .. IdempotencyClaims.All, .. TruncationClaims.Idempotency, .. GlobalClaims.All, .. TruncationClaims.Global, .. AccessListClaims.All, .. RecoveryClaims.All,
    ]);

    /// <summary>The claims, by facet.</summary>
    public IReadOnlyList<Claim> Claims { get; }

    /// <summary>A suite of the claims of one facet.</summary>
    /// <param name="facet">The facet.</param>
    public ConformanceSuite Only(Facet facet) => new(Claims.Where(claim => claim.Facet == facet));

    /// <summary>Checks every claim on a ledger of its own.</summary>
    /// <param name="source">Makes, opens and reopens the ledgers.</param>
    /// <param name="options">How many claims are checked at once; null for the default.</param>
    /// <param name="progress">Called with each result, by one thread at a time.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <returns>The scoreboard. A claim that fails is in it, and is not an exception.</returns>
    public Task<ConformanceRun> RunAsync(LedgerSource source, ConformanceOptions? options = null, Action<ClaimResult>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        return SuiteRun.RunAsync(Claims, source, options ?? new ConformanceOptions(), progress, cancellationToken);
    }
}

/// <summary>How a suite is run.</summary>
public sealed record ConformanceOptions
{
    /// <summary>The number of claims that are checked at once, from 1.</summary>
    public int ClaimsAtOnce
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "At least one claim is checked at once.");
    } = 4;

    /// <summary>How long a claim may take. One that takes longer has failed.</summary>
    public TimeSpan ClaimTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
