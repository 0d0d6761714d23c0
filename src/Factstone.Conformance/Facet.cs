namespace Factstone.Conformance;

/// <summary>One of the twenty abilities into which the claims are divided. They are those of persist, the library that Factstone replaces.</summary>
/// <param name="Name">Its name.</param>
/// <param name="What">What it is, in a few words.</param>
/// <param name="OriginalChecks">The number of checks in the original suite of that name.</param>
public sealed record Facet(string Name, string What, int OriginalChecks)
{
    /// <summary>The twenty facets, in the order of the original.</summary>
    public static IReadOnlyList<Facet> All { get; } =
    [
        new("event", "what a fact contains", 6),
        new("log", "append to streams and read them", 9),
        new("kv", "current values by name", 13),
        new("project", "fold facts into a state", 9),
        new("subscribe", "be told of new facts", 9),
        new("concurrency", "append on a condition", 8),
        new("snapshot", "a saved state and the facts after it", 11),
        new("compaction", "drop facts that a snapshot has", 11),
        new("durable", "close, open again, and find everything", 15),
        new("blob", "large content beside the log", 14),
        new("view", "a state that follows a stream", 11),
        new("cas", "compare and swap current values", 11),
        new("catalog", "which streams there are", 10),
        new("query", "facts by store, type, tag and time", 9),
        new("batch", "several facts, all or none", 10),
        new("upcast", "old facts in the shape of today", 9),
        new("idempotency", "a repeated append adds nothing", 9),
        new("global", "one order across all streams", 11),
        new("example-acl", "grants and revokes", 10),
        new("recovery", "an order ledger across restarts", 6),
    ];

    /// <summary>The facet with a name; null if there is none.</summary>
    public static Facet? Find(string name) => All.FirstOrDefault(facet => facet.Name == name);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
