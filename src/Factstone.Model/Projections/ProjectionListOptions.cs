namespace Factstone;

/// <summary>Which groups of a kept projection to list.</summary>
public sealed record ProjectionListOptions
{
    /// <summary>Only keys that begin with this; empty for all.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Only keys after this one, in the order of unsigned UTF-8 bytes: the last key of the page before.</summary>
    public string? After { get; init; }

    /// <summary>The maximal number of groups; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>The list waits until the projection has seen this position; 0 for no wait.</summary>
    public Position AtLeast { get; init; }
}
