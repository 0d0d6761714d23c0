using System.Collections;

namespace Factstone.Conformance.Claims;

/// <summary>The claims of one facet.</summary>
internal sealed class ClaimList(string facet) : IEnumerable<Claim>
{
    readonly Facet _facet = Facet.Find(facet) ?? throw new ArgumentException($"There is no facet '{facet}'.", nameof(facet));
    readonly List<Claim> _claims = [];

    public void Add(string name, Func<ClaimContext, Task> check) => _claims.Add(new Claim(_facet, name, check));

    public IEnumerator<Claim> GetEnumerator() => _claims.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
