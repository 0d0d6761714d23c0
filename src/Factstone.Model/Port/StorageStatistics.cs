namespace Factstone;

/// <summary>What a storage holds, and how much room its log and its index take.</summary>
internal sealed record StorageStatistics(long Facts, long Streams, long Stores, long AppendIds, long Cells, int LogFiles, long LogBytes, int IndexFiles, long IndexBytes);
