namespace Factstone;

/// <summary>How many facts and streams a store has.</summary>
internal readonly record struct StoreCount(string Store, long Facts, long Streams);
