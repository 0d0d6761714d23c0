namespace Factstone;

/// <summary>The numbers of what a storage contains, and the space that its log and its index take.</summary>
internal sealed record StorageStatistics(long Facts, long Streams, long Stores, long AppendIds, long Cells, int LogFiles, long LogBytes, int IndexFiles, long IndexBytes)
{
    /// <summary>Whether there are so many index files that appends wait for merges.</summary>
    public bool IsAppendingSlowed { get; init; }

    /// <summary>The progress of the rebuilds of damaged index files, in facts, cells or append ids; zeros when there are none.</summary>
    public (long Done, long Total) IndexRebuild { get; init; }

    /// <summary>Whether the disk has too little free space for index files.</summary>
    public bool IsIndexShortOfSpace { get; init; }
}
