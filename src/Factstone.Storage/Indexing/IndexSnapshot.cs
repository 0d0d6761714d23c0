using System.Diagnostics.CodeAnalysis;

namespace Factstone.Storage;

/// <summary>The lookups that an append was prepared with. The caller's thread reads them from the index, so that the writer reads no file.</summary>
/// <remarks>Always true: it covers everything that was appended before <see cref="Until"/>. The writer has later appends in memory, or repeats the lookup.</remarks>
internal sealed class IndexSnapshot : AppendSnapshot
{
    public static readonly IndexSnapshot Empty = new() { Until = 0, Heads = null };

    public IndexSnapshot() { }

    /// <summary>A copy, to which further lookups are added.</summary>
    [SetsRequiredMembers]
    public IndexSnapshot(IndexSnapshot other) => (Until, Heads, Cells, Head, Matches, Dropped) = (other.Until, other.Heads, other.Cells, other.Head, other.Matches, other.Dropped);

    /// <summary>The number of the first memory part that was not looked up. Numbers only grow, from 0.</summary>
    public required long Until { get; init; }

    /// <summary>The heads of streams that no memory part has, where the streams exist.</summary>
    public required Dictionary<StreamName, StreamState>? Heads { get; init; }

    /// <summary>The states of cells that no memory part has, where the cells were ever written.</summary>
    public Dictionary<CellName, CellState>? Cells { get; init; }

    /// <summary>Conditions by query were evaluated up to this position.</summary>
    public Position Head { get; init; }

    /// <summary>For each condition, by its number: the first fact that matches its query, or none. Empty when no condition has a query.</summary>
    public Position[] Matches { get; init; } = [];

    /// <summary>For each stream of a condition on a record: the version of its truncation cell, and through which version the stream is dropped. Null when no stream was truncated yet.</summary>
    public Dictionary<StreamName, (CellVersion Cell, StreamVersion Through)>? Dropped { get; init; }
}
