namespace Factstone.Conformance;

/// <summary>A sentence about a ledger, and the code that checks it on a new one.</summary>
/// <remarks>Immutable. A claim may run on several ledgers at once.</remarks>
public sealed class Claim
{
    /// <summary>A claim.</summary>
    /// <param name="facet">The facet that it belongs to.</param>
    /// <param name="name">A sentence that is true of every ledger.</param>
    /// <param name="check">Checks it. Whatever it throws is the failure of the claim.</param>
    public Claim(Facet facet, string name, Func<ClaimContext, Task> check)
    {
        ArgumentNullException.ThrowIfNull(facet);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(check);
        (Facet, Name, Check) = (facet, name, check);
    }

    /// <summary>The facet that it belongs to.</summary>
    public Facet Facet { get; }

    /// <summary>The sentence.</summary>
    public string Name { get; }

    internal Func<ClaimContext, Task> Check { get; }

    /// <summary>The facet and the sentence.</summary>
    public override string ToString() => $"{Facet.Name}: {Name}";
}
