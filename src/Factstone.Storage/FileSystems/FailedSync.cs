namespace Factstone.Storage;

/// <summary>What becomes of a sync that fails because the disk has no space, as thin provisioning, network disks and Btrfs say it.</summary>
/// <remarks>
/// It is a failed sync like any other: nothing is known of what was written since the last one that succeeded. So a file
/// system raises <see cref="LedgerIOException"/> for it, never <see cref="LedgerFullException"/>, which says that nothing
/// was written. Only whoever throws the file away, and writes it anew under another name, may take it for a full disk.
/// </remarks>
internal static class FailedSync
{
    /// <summary>The error of a sync that found no space.</summary>
    public static LedgerIOException ForWantOfSpace(string path, string operation, Exception? cause = null) =>
        new(path, operation, DiskReasons.NoSpace, cause as LedgerFullException ?? new LedgerFullException(path, operation, cause));

    /// <summary>Syncs a file that nothing refers to. Where that fails, the caller deletes the file and starts again with an empty one.</summary>
    /// <exception cref="LedgerFullException">There is no space; what counts is what it was before.</exception>
    public static void SyncNew(this IStorageFile file)
    {
        try
        {
            file.Sync();
        }
        catch (LedgerIOException failure) when (failure.InnerException is LedgerFullException full)
        {
            throw full;
        }
    }

    /// <summary>Syncs a directory in which a file has got its name. Where that fails, nothing may count on the name, and nothing may be harmed if it is there.</summary>
    /// <exception cref="LedgerFullException">There is no space; the caller starts again with another file.</exception>
    public static void SyncNewName(this IFileSystem files, string directory)
    {
        try
        {
            files.SyncDirectory(directory);
        }
        catch (LedgerIOException failure) when (failure.InnerException is LedgerFullException full)
        {
            throw full;
        }
    }
}
