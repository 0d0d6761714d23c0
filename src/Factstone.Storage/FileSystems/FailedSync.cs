namespace Factstone.Storage;

/// <summary>Handles a sync that fails because the disk has no space, as thin provisioning, network disks and Btrfs report it.</summary>
/// <remarks>
/// It is a failed sync like any other: the state of everything written since the last successful sync is unknown. So a file
/// system throws <see cref="LedgerIOException"/> for it, never <see cref="LedgerFullException"/>, which means that nothing
/// was written. Only a caller that discards the file and writes a new one under another name may treat it as a full disk.
/// </remarks>
internal static class FailedSync
{
    /// <summary>The exception for a sync that found no space.</summary>
    public static LedgerIOException ForWantOfSpace(string path, string operation, Exception? cause = null) =>
        new(path, operation, DiskReasons.NoSpace, cause as LedgerFullException ?? new LedgerFullException(path, operation, cause));

    /// <summary>Syncs a file that nothing refers to. If that fails, the caller deletes the file and starts again with an empty one.</summary>
    /// <exception cref="LedgerFullException">There is no space; the files that are in use are unchanged.</exception>
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

    /// <summary>Syncs a directory in which a file got its name. If that fails, nothing may rely on the name, and its existence must do no harm.</summary>
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
