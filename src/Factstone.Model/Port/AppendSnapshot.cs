namespace Factstone;

/// <summary>What an append was prepared on: read on its caller's thread, so that the writer reads no file.</summary>
/// <remarks>Always true: it speaks of what was appended up to <see cref="Until"/>. What has come since, the writer has in memory, or asks for anew.</remarks>
internal sealed class AppendSnapshot
{
    public static readonly AppendSnapshot Empty = new() { Until = 0, Heads = null };

    /// <summary>Everything before this part of what the storage has in memory was looked at: a number that only ever grows, from 0.</summary>
    public required long Until { get; init; }

    /// <summary>The heads of streams of which nothing is in memory, where they are not missing.</summary>
    public required Dictionary<StreamName, StreamState>? Heads { get; init; }

    /// <summary>What is so of cells of which nothing is in memory, where they are not missing.</summary>
    public Dictionary<CellName, CellState>? Cells { get; init; }

    /// <summary>Up to here conditions by query were looked up.</summary>
    public Position Head { get; init; }

    /// <summary>For each condition by query, by its number: the first fact that matches, none where none does. Empty where there are no such conditions.</summary>
    public Position[] Matches { get; init; } = [];
}
