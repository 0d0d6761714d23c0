#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>The lock of the one writer: <c>flock</c> on the directory and on the lock file in it; on Windows the lock file, opened so that no other process can write to it.</summary>
/// <remarks>
/// flock belongs to the open file. So it also excludes a second holder in this process, and ends with the process however
/// that ends. Child processes do not inherit it: close on exec.
/// The directory is locked first, and stays locked when the file is deleted. Some file systems cannot lock a directory
/// (NFS). Then a second holder can lock a file that replaces a deleted one, which <see cref="WhyLost"/> detects.
/// </remarks>
internal sealed class DiskLock : IHeldLock
{
    const int WindowsSharingViolation = unchecked((int)0x80070020);

    readonly SafeFileHandle? _directory;
    readonly SafeFileHandle _file;
    readonly FileIdentity? _identity;
    readonly Func<(FileIdentity? Identity, int Error)> _find;
    readonly object _key;
    int _isDisposed;

    DiskLock(SafeFileHandle? directory, SafeFileHandle file, object key, Func<(FileIdentity? Identity, int Error)> find)
    {
        (_directory, _file, _key, _find) = (directory, file, key, find);
        _identity = FileStatus.Of(file)?.Identity;
        LocksOfThisProcess.Add(key);
    }

    /// <param name="at">The lock file.</param>
    /// <param name="locksDirectories">Whether directories are locked; false only in tests.</param>
    /// <param name="find">Finds the file at the path of the lock file; called as long as the lock is held.</param>
    /// <param name="heldBy">If null is returned: the holder of the lock.</param>
    public static DiskLock? TryTake(in DiskPath at, bool locksDirectories, Func<(FileIdentity? Identity, int Error)> find, out LockHolder heldBy)
    {
        heldBy = LockHolder.Unknown;
        SafeFileHandle? directory = null;
        SafeFileHandle? file = null;
        try
        {
            directory = OperatingSystem.IsWindows() ? null : OpenDirectory(at);
            var key = directory is null ? at.Path : FileStatus.Of(directory)?.Identity ?? (object)at.Path;
            if (LocksOfThisProcess.Contains(key))
            {
                heldBy = new LockHolder(HolderIn(at.Reached), IsThisProcess: true);
                return null;
            }

            if (directory is not null && !TryLockDirectory(ref directory, locksDirectories))
            {
                heldBy = new LockHolder(HolderOf(directory, at), IsThisProcess: false);
                return null;
            }

            file = OperatingSystem.IsWindows() ? TryLockOnWindows(at) : TryLockFile(at);
            if (file is null)
            {
                heldBy = new LockHolder(HolderIn(at.Reached), IsThisProcess: false);
                return null;
            }

            var taken = new DiskLock(directory, file, key, find);
            (directory, file) = (null, null);
            if (taken.WhyLost() is null) return taken;

            // Deleted between the open and the lock. Another process may have created a new file and may hold that one.
            taken.Dispose();
            return null;
        }
        finally
        {
            directory?.Dispose();
            file?.Dispose();
        }
    }

    /// <summary>Whether the lock is held.</summary>
    public static bool IsHeld(in DiskPath at)
    {
        if (OperatingSystem.IsWindows()) return IsHeldOnWindows(at);
        using var directory = LibC.Open(DirectoryOf(at), LibC.ReadOnly | LibC.DirectoryOnly | LibC.CloseOnExec);
        if (!directory.IsInvalid && Flock(directory, LibC.LockShared) == LibC.ErrorWouldBlock) return true;
        using var file = LibC.Open(at.Reached, LibC.ReadOnly | LibC.CloseOnExec);
        if (file.IsInvalid)
        {
            var refused = Marshal.GetLastPInvokeError();
            return refused is LibC.ErrorNoEntry or LibC.ErrorNotDirectory ? false : throw DiskErrors.From(refused, at.Path, "lock");
        }

        // A shared lock, which two processes that check at the same time can both have.
        var error = Flock(file, LibC.LockShared);
        return error == LibC.ErrorWouldBlock || (error == 0 ? false : throw DiskErrors.From(error, at.Path, "lock"));
    }

    /// <summary>Writes the holder into the lock file, for processes that find it locked. On a full disk the lock is held nevertheless; only the name of the holder is missing.</summary>
    public void Write(string holder, string path)
    {
        try
        {
            RandomAccess.SetLength(_file, 0);
            RandomAccess.Write(_file, Encoding.UTF8.GetBytes(holder), 0);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            var refusal = DiskErrors.From(exception, path, "lock");
            if (refusal is not LedgerFullException) throw refusal;
        }
    }

    public string? WhyLost()
    {
        if (_directory is not null || _identity is null) return null;
        var found = _find();
        if (found.Identity == _identity) return null;
        return found.Identity is not null ? "the lock file was replaced, so another process may be writing"
            : found.Error == LibC.ErrorNoEntry ? "the lock file was removed, so another process may be writing"
            : found.Error == 0 ? null
            : $"the lock file cannot be examined ({Marshal.GetPInvokeErrorMessage(found.Error)}), so another process may be writing";
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        LocksOfThisProcess.Remove(_key);
        _file.Dispose();
        _directory?.Dispose();
    }

    static string DirectoryOf(in DiskPath at)
    {
        var directory = FileNames.DirectoryOf(at.Reached);
        return directory.Length > 0 ? directory : at.Reached.StartsWith('/') ? "/" : ".";
    }

    /// <summary>Null if the directory may be searched but not read: then it cannot be locked.</summary>
    static SafeFileHandle? OpenDirectory(in DiskPath at)
    {
        var directory = LibC.Open(DirectoryOf(at), LibC.ReadOnly | LibC.DirectoryOnly | LibC.CloseOnExec);
        if (!directory.IsInvalid) return directory;
        var error = Marshal.GetLastPInvokeError();
        directory.Dispose();
        return error == LibC.ErrorNoAccess ? null : throw DiskErrors.From(error, at.Path, "lock");
    }

    /// <summary>False if another holder has it; sets null if the file system cannot lock directories.</summary>
    static bool TryLockDirectory(ref SafeFileHandle? directory, bool locksDirectories)
    {
        var error = locksDirectories ? Flock(directory!, LibC.LockExclusive) : LibC.ErrorNotSupported;
        if (error == LibC.ErrorWouldBlock) return false;
        if (error == 0) return true;
        directory!.Dispose();
        directory = null;
        return true;
    }

    static SafeFileHandle? TryLockFile(in DiskPath at)
    {
        var handle = LibC.Open(at.Reached, LibC.ReadWrite | LibC.CloseOnExec);
        if (handle.IsInvalid && Marshal.GetLastPInvokeError() == LibC.ErrorNoEntry)
        {
            handle.Dispose();
            Create(at);
            handle = LibC.Open(at.Reached, LibC.ReadWrite | LibC.CloseOnExec);
        }

        if (handle.IsInvalid)
        {
            var refused = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw DiskErrors.From(refused, at.Path, "lock");
        }

        var error = Flock(handle, LibC.LockExclusive);
        if (error == 0) return handle;
        handle.Dispose();
        return error == LibC.ErrorWouldBlock ? null : throw DiskErrors.From(error, at.Path, "lock");
    }

    static int Flock(SafeFileHandle handle, int operation) =>
        LibC.Uninterrupted(handle, file => LibC.Flock(file, operation | LibC.LockNonBlocking));

    static void Create(in DiskPath at)
    {
        try
        {
            File.OpenHandle(at.Reached, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            // Another process may have created it in between. The first to lock it gets it.
            if (exception is not IOException || !File.Exists(at.Reached)) throw DiskErrors.From(exception, at, "lock");
        }
    }

    // A file that is open for writing, with sharing for readers only, has exactly one such opener.
    static SafeFileHandle? TryLockOnWindows(in DiskPath at)
    {
        try
        {
            return File.OpenHandle(at.Reached, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            return exception.HResult == WindowsSharingViolation ? null : throw DiskErrors.From(exception, at, "lock");
        }
    }

    static bool IsHeldOnWindows(in DiskPath at)
    {
        try
        {
            File.OpenHandle(at.Reached, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return false;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            return exception.HResult == WindowsSharingViolation ? true : throw DiskErrors.From(exception, at, "lock");
        }
    }

    /// <summary>The holder of the directory: the content of the lock file, if its writer still holds that file too; otherwise the process that the system names.</summary>
    static string HolderOf(SafeFileHandle? directory, in DiskPath at)
    {
        using (var file = LibC.Open(at.Reached, LibC.ReadOnly | LibC.CloseOnExec))
            if (!file.IsInvalid && Flock(file, LibC.LockShared) == LibC.ErrorWouldBlock) return HolderIn(at.Reached);

        return directory is not null && FileStatus.Of(directory)?.Identity is { } identity && ProcessThatLocks(identity) is { } process
            ? string.Create(CultureInfo.InvariantCulture, $"process {process}, whose lock file was removed")
            : "another process, whose lock file was removed";
    }

    /// <summary>Linux lists all locks, by process and inode: "1: FLOCK  ADVISORY  WRITE 4711 fe:00:131077 0 EOF".</summary>
    static int? ProcessThatLocks(FileIdentity identity)
    {
        try
        {
            var ending = string.Create(CultureInfo.InvariantCulture, $":{identity.Inode}");
            foreach (var line in OperatingSystem.IsLinux() ? File.ReadLines("/proc/locks") : [])
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields is [_, "FLOCK", _, "WRITE", var process, var file, ..] && file.EndsWith(ending, StringComparison.Ordinal)
                    && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0) return id;
            }
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            // A system that does not report locks.
        }

        return null;
    }

    /// <summary>What the holder has written so far; empty if it has just taken the lock, or released it meanwhile.</summary>
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
}
