namespace Factstone;

/// <summary>The number of facts and streams of a store.</summary>
internal readonly record struct StoreCount(string Store, long Facts, long Streams);
