namespace Factstone;

/// <summary>For a derived fact: the rule that produced it, its version, and the source facts.</summary>
/// <param name="Rule">The rule's name, 1..256 bytes.</param>
/// <param name="Version">The rule's version, from 1.</param>
/// <param name="Sources">Ids of the source facts, up to 1,024.</param>
public sealed record Derivation(string Rule, long Version, IReadOnlyList<Guid> Sources)
{
    /// <summary>The number of source facts. It exceeds the count of <see cref="Sources"/> only if the list was too long for the header.</summary>
    public long SourceCount { get; init; } = Sources.Count;

    /// <summary>SHA-256 over the ids in order, 16 bytes each, if the list was too long for the header; otherwise empty.</summary>
    public ReadOnlyMemory<byte> SourcesHash { get; init; }
}
