#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>Which syncs a <see cref="DiskFileSystem"/> makes.</summary>
internal enum DiskSyncs
{
    /// <summary>Every one that is asked for.</summary>
    All = 1,

    /// <summary>
    /// NONE: A POWER LOSS TAKES WHAT WAS ACKNOWLEDGED. Exists for one purpose: to show that the test that cuts the power
    /// of a real kernel fails without syncs, and so that it tests something. No option of a ledger leads here.
    /// </summary>
    None = 2,
}

/// <summary>The disk, on Linux, macOS and Windows.</summary>
/// <remarks>
/// A sync that fails is reported once and never tried again: the kernel may have marked the pages clean, so that the
/// next sync would succeed without having written them. Only an interruption by a signal is.
/// Threads: any number.
/// </remarks>
internal sealed class DiskFileSystem : IFileSystem
{
    const int WindowsSharingViolation = unchecked((int)0x80070020);

    readonly DiskSyncs _syncs;

    public DiskFileSystem(DiskSyncs syncs = DiskSyncs.All)
    {
        // Elsewhere we do not know what a sync is worth, so we would promise what nobody has checked.
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS() && !OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("A ledger on disk needs Linux, macOS or Windows.");
        _syncs = syncs;
    }

    public bool DirectoryExists(string path) => Stands(path) && Directory.Exists(path);

    public bool FileExists(string path) => Stands(path) && File.Exists(path);

    public void CreateDirectory(string path)
    {
        foreach (var directory in FileNames.WithParents(FileNames.Trimmed(Path.GetFullPath(path).Replace('\\', '/'))))
        {
            if (DirectoryExists(directory)) continue;
            Try(path, "create directory", () => Directory.CreateDirectory(directory));
            var parent = FileNames.DirectoryOf(directory);
            this.SyncNewName(parent.Length == 0 ? "/" : parent);
        }
    }

    public IReadOnlyList<string> List(string directory) => List(directory, Directory.EnumerateFiles);

    public IReadOnlyList<string> ListDirectories(string directory) => List(directory, Directory.EnumerateDirectories);

    static IReadOnlyList<string> List(string directory, Func<string, IEnumerable<string>> entries)
    {
        try
        {
            return [.. entries(directory).Select(path => Path.GetFileName(path)).Order(FileNames.ByUtf8Bytes)];
        }
        catch (DirectoryNotFoundException) when (!File.Exists(directory))
        {
            return [];
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, directory, "list");
        }
    }

    public IStorageFile Open(string path, FileOpening opening)
    {
        var writable = opening != FileOpening.ReadOnly;
        var handle = opening == FileOpening.CreateNew
            ? OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, "create")
            : OpenHandle(path, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read, "open");
        return new DiskFile(path, handle, _syncs);
    }

    public void Rename(string from, string to)
    {
        if (OperatingSystem.IsWindows())
            Try(from, "rename", () => File.Move(from, to, overwrite: true));

        // Not File.Move: between two disks it would copy and delete, which is not atomic, where rename(2) refuses.
        else if (LibC.Rename(from, to) < 0)
            throw DiskErrors.From(Marshal.GetLastPInvokeError(), from, "rename");
    }

    public void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // No directory, so no file: what was asked for.
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, path, "delete");
        }
    }

    public void SyncDirectory(string path)
    {
        // NTFS logs names by itself, and Windows opens no directory for a flush.
        if (OperatingSystem.IsWindows() || _syncs == DiskSyncs.None) return;

        using var directory = LibC.Open(path, LibC.ReadOnly | LibC.DirectoryOnly | LibC.CloseOnExec);
        if (directory.IsInvalid) throw DiskErrors.From(Marshal.GetLastPInvokeError(), path, "sync directory");
        DiskSync.Entries(directory, path);
    }

    public IDisposable? TryLock(string path, string holder, out string heldBy)
    {
        var handle = OperatingSystem.IsWindows() ? TryLockOnWindows(path) : TryFlock(path);
        if (handle is null)
        {
            heldBy = HolderIn(path);
            return null;
        }

        heldBy = "";
        try
        {
            RandomAccess.SetLength(handle, 0);
            RandomAccess.Write(handle, Encoding.UTF8.GetBytes(holder), 0);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            // On a full disk the lock is held all the same; only whom to ask is not said.
            if (DiskErrors.From(exception, path, "lock") is LedgerFullException) return handle;
            handle.Dispose();
            throw DiskErrors.From(exception, path, "lock");
        }

        return handle;
    }

    public bool IsLocked(string path) => OperatingSystem.IsWindows() ? IsLockedOnWindows(path) : IsFlocked(path);

    public ISharedPage OpenSharedPage(string path, bool writable)
    {
        var handle = writable
            ? OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, "map")
            : OpenHandle(path, FileMode.Open, FileAccess.Read, "map");
        try
        {
            return new DiskSharedPage(path, handle, writable, _syncs);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Whether anything of this name stands. File.Exists would take a directory we may not read for an absent file, and a ledger for a new one.</summary>
    static bool Stands(string path)
    {
        if (OperatingSystem.IsWindows() || LibC.Access(path.Length == 0 ? "." : path, 0) == 0) return true;
        var error = Marshal.GetLastPInvokeError();
        return error is LibC.ErrorNoEntry or LibC.ErrorNotDirectory ? false : throw DiskErrors.From(error, path, "open");
    }

    // The widest sharing, so that a handle does not stand in the way of another. On Unix the base library still takes a
    // shared advisory lock on the file; nobody here asks for an exclusive one except on the lock file, which TryFlock opens.
    static SafeFileHandle OpenHandle(string path, FileMode mode, FileAccess access, string operation)
    {
        try
        {
            return File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete, FileOptions.None);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, path, operation);
        }
    }

    // flock belongs to the open file, so it excludes a second holder in this process too, and ends with the process
    // however that ends. Children do not inherit it: close on exec.
    static SafeFileHandle? TryFlock(string path)
    {
        var handle = LibC.Open(path, LibC.ReadWrite | LibC.CloseOnExec);
        if (handle.IsInvalid && Marshal.GetLastPInvokeError() == LibC.ErrorNoEntry)
        {
            handle.Dispose();
            CreateLockFile(path);
            handle = LibC.Open(path, LibC.ReadWrite | LibC.CloseOnExec);
        }

        if (handle.IsInvalid) throw DiskErrors.From(Marshal.GetLastPInvokeError(), path, "lock");

        var error = LibC.Uninterrupted(handle, static file => LibC.Flock(file, LibC.LockExclusive | LibC.LockNonBlocking));
        if (error == 0) return handle;
        handle.Dispose();
        return error == LibC.ErrorWouldBlock ? null : throw DiskErrors.From(error, path, "lock");
    }

    static void CreateLockFile(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Somebody else has created it in between; who locks it first has it.
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, path, "lock");
        }
    }

    // Who opens it for writing while others may only read it is the only one who does.
    static SafeFileHandle? TryLockOnWindows(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (IOException exception) when (exception.HResult == WindowsSharingViolation)
        {
            return null;
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, path, "lock");
        }
    }

    // A shared lock, which two who ask at the same time can both have.
    static bool IsFlocked(string path)
    {
        using var handle = LibC.Open(path, LibC.ReadOnly | LibC.CloseOnExec);
        if (handle.IsInvalid)
        {
            var refused = Marshal.GetLastPInvokeError();
            return refused is LibC.ErrorNoEntry or LibC.ErrorNotDirectory ? false : throw DiskErrors.From(refused, path, "lock");
        }

        var error = LibC.Uninterrupted(handle, static file => LibC.Flock(file, LibC.LockShared | LibC.LockNonBlocking));
        return error == LibC.ErrorWouldBlock || (error == 0 ? false : throw DiskErrors.From(error, path, "lock"));
    }

    static bool IsLockedOnWindows(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return false;
        }
        catch (IOException exception) when (exception.HResult == WindowsSharingViolation)
        {
            return true;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, path, "lock");
        }
    }

    /// <summary>What the holder has written so far; empty when it has only just taken the lock, or let go of it meanwhile.</summary>
    static string HolderIn(string path)
    {
        try
        {
            using var handle = OperatingSystem.IsWindows()
                ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
                : LibC.Open(path, LibC.ReadOnly | LibC.CloseOnExec);
            if (handle.IsInvalid) return "";
            var text = new byte[4096];
            return Encoding.UTF8.GetString(text, 0, RandomAccess.Read(handle, text, 0));
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            return "";
        }
    }

    static void Try(string path, string operation, Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, path, operation);
        }
    }
}
