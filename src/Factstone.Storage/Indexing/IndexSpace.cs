namespace Factstone.Storage;

/// <summary>Reserves the last free space of the disk for the log: index files are written only while there is more.</summary>
/// <remarks>Threads: any. Where the file system does not report its free space, there is no reserve, and a write that fails is the first sign.</remarks>
internal sealed class IndexSpace(IFileSystem files, LedgerLayout layout, StorageOptions options)
{
    /// <summary>The reserve is the size of the file system divided by this number, up to <see cref="StorageOptions.IndexReserveBytesMax"/>.</summary>
    const int PartReserved = 16;

    /// <summary>Whether there is too little free space for any index file.</summary>
    public bool IsShort => Shortage(0) > 0;

    /// <exception cref="LedgerFullException">A run of this size would take from the reserve. Runs may use half of the reserve, so that memory stays small while there is no space for a merge.</exception>
    public void RequireForRun(long bytes)
    {
        if (Shortage(bytes) > 0) throw Full();
    }

    /// <summary>Whether a merged run of this size would leave the whole reserve free.</summary>
    public bool HasForMerge(long bytes) => files.SpaceLeft(layout.Index) is not { } left || left.FreeBytes - bytes >= Reserve(left);

    /// <exception cref="LedgerFullException">The log has grown so much that a merge must stop.</exception>
    public void RequireForMerge()
    {
        if (!HasForMerge(0)) throw Full();
    }

    long Shortage(long bytes) => files.SpaceLeft(layout.Index) is { } left ? bytes + (Reserve(left) / 2) - left.FreeBytes : 0;

    long Reserve(in SpaceLeft left) => Math.Min(options.IndexReserveBytesMax, left.TotalBytes / PartReserved);

    LedgerFullException Full() => new(layout.Index, "write the index");
}
