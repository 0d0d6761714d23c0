#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>The one call on each system after which bytes are on the medium and not in a cache of kernel or drive.</summary>
internal static class DiskSync
{
    /// <summary>Syncs the bytes of a file, and of its length what is needed to read them back.</summary>
    public static void Data(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsLinux())
            ThrowIfFailed(LibC.Uninterrupted(file, LibC.SyncData), path, "sync");
        else if (OperatingSystem.IsMacOS())
            ThrowIfFailed(FullSync(file), path, "sync");
        else
            Flush(file, path);
    }

    /// <summary>Syncs the names in a directory.</summary>
    public static void Entries(SafeFileHandle directory, string path) =>
        ThrowIfFailed(OperatingSystem.IsMacOS() ? FullSync(directory) : LibC.Uninterrupted(directory, LibC.Sync), path, "sync directory");

    // A network disk has no full sync; its equivalent is fsync.
    static int FullSync(SafeFileHandle file)
    {
        var error = LibC.Uninterrupted(file, static handle => LibC.Control(handle, LibC.FullSyncCommand));
        return error == LibC.ErrorNotSupported ? LibC.Uninterrupted(file, LibC.Sync) : error;
    }

    static void Flush(SafeFileHandle file, string path)
    {
        try
        {
            RandomAccess.FlushToDisk(file);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.FromSync(exception, path, "sync");
        }
    }

    static void ThrowIfFailed(int error, string path, string operation)
    {
        if (error != 0) throw DiskErrors.FromSync(error, path, operation);
    }
}
