namespace Factstone;

/// <summary>What has ever been appended, whatever of it is still held.</summary>
/// <param name="Stores">The number of stores that have had a fact.</param>
/// <param name="Streams">The number of streams that have had a fact, those of retracted records included.</param>
/// <param name="Versions">The sum of the last versions of these streams: the number of facts ever appended to them. Facts that a repair has lost are counted as far as it could tell their stream.</param>
public readonly record struct CatalogTotals(long Stores, long Streams, long Versions);
