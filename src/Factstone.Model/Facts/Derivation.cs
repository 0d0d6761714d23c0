namespace Factstone;

/// <summary>On a derived fact: which rule made it, in which version, from which facts.</summary>
/// <param name="Rule">The rule's name, 1..256 bytes.</param>
/// <param name="Version">The rule's version, from 1.</param>
/// <param name="Sources">Ids of the facts that it was made from, up to 1,024.</param>
public sealed record Derivation(string Rule, long Version, IReadOnlyList<Guid> Sources)
{
    /// <summary>How many facts it was made from; more than <see cref="Sources"/> names only where the list was too long to keep in the header.</summary>
    public long SourceCount { get; init; } = Sources.Count;

    /// <summary>SHA-256 over the ids in order, 16 bytes each, where the list was too long for the header; otherwise empty.</summary>
    public ReadOnlyMemory<byte> SourcesHash { get; init; }
}
