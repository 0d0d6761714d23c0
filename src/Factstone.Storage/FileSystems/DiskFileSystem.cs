#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>Which syncs a <see cref="DiskFileSystem"/> does.</summary>
internal enum DiskSyncs
{
    /// <summary>All that are requested.</summary>
    All = 1,

    /// <summary>
    /// NONE: A POWER LOSS TAKES WHAT WAS ACKNOWLEDGED. It exists for one purpose: to show that the test that cuts the power
    /// of a real kernel fails without syncs, so that the test is effective. No option of a ledger leads here.
    /// </summary>
    None = 2,
}

/// <summary>Features of the system that a <see cref="DiskFileSystem"/> uses if they exist. Tests switch some off, to show what remains without them.</summary>
[Flags]
internal enum DiskFeatures
{
    /// <summary>Nothing that a system may lack.</summary>
    None = 0,

    /// <summary>Locks on directories.</summary>
    DirectoryLocks = 1,

    /// <summary>Paths that begin at an open directory, through /proc.</summary>
    OpenPaths = 2,

    /// <summary>All features.</summary>
    All = DirectoryLocks | OpenPaths,
}

/// <summary>The disk, on Linux, macOS and Windows.</summary>
/// <remarks>
/// A failed sync is reported once and never repeated: the kernel may have marked the pages clean, so that the next sync
/// would succeed without having written them. Only a sync that a signal interrupts is repeated.
/// Threads: any number.
/// </remarks>
internal class DiskFileSystem : IFileSystem
{
    readonly DiskSyncs _syncs;
    readonly DiskFeatures _features;
    readonly DiskRoot? _root;

    public DiskFileSystem(DiskSyncs syncs = DiskSyncs.All, DiskFeatures features = DiskFeatures.All)
        : this(syncs, features, root: null)
    {
        // On other systems the effect of a sync is unknown, so no promise could be kept.
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS() && !OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("A ledger on disk needs Linux, macOS or Windows.");
    }

    /// <param name="syncs">Which syncs are done.</param>
    /// <param name="features">Which features are used.</param>
    /// <param name="root">A directory that is held open, or null.</param>
    protected DiskFileSystem(DiskSyncs syncs, DiskFeatures features, DiskRoot? root) => (_syncs, _features, _root) = (syncs, features, root);

    public bool DirectoryExists(string path)
    {
        using var at = At(path);
        return EntryExists(at) && Directory.Exists(at.Reached);
    }

    public bool FileExists(string path)
    {
        using var at = At(path);
        return EntryExists(at) && File.Exists(at.Reached);
    }

    public int DescriptorsLeft() => Descriptors.Left();

    public SpaceLeft? SpaceLeft(string directory)
    {
        using var at = At(directory);
        try
        {
            var drive = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(Path.GetFullPath(at.Reached))! : at.Reached);
            return new SpaceLeft(drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception) || exception is ArgumentException)
        {
            return null;
        }
    }

    public void CreateDirectory(string path)
    {
        // The directories above an open directory may have been replaced.
        var isBelow = _root?.Holds(path) == true;
        var full = isBelow ? path : Path.GetFullPath(path).Replace('\\', '/');
        foreach (var directory in FileNames.WithParents(FileNames.Trimmed(full)).Where(one => !isBelow || _root!.Holds(one)))
        {
            if (DirectoryExists(directory)) continue;
            using (var at = AtToChange(directory, "create directory"))
            {
                try
                {
                    Directory.CreateDirectory(at.Reached);
                }
                catch (Exception exception) when (DiskErrors.IsRefusal(exception))
                {
                    throw Refusal(exception, new DiskPath(path, at.Reached, null), "create directory");
                }
            }

            var parent = FileNames.DirectoryOf(directory);
            this.SyncNewName(parent.Length == 0 ? "/" : parent);
        }
    }

    public IReadOnlyList<string> List(string directory) => List(directory, Directory.EnumerateFiles);

    public IReadOnlyList<string> ListDirectories(string directory) => List(directory, Directory.EnumerateDirectories);

    IReadOnlyList<string> List(string directory, Func<string, IEnumerable<string>> entries)
    {
        using var at = At(directory);
        try
        {
            return [.. entries(at.Reached).Select(path => Path.GetFileName(path)).Order(FileNames.ByUtf8Bytes)];
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            if (exception is DirectoryNotFoundException && !File.Exists(at.Reached)) return [];
            throw Refusal(exception, at, "list");
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
        using var source = AtToChange(from, "rename");
        using var target = AtToChange(to, "rename");
        if (OperatingSystem.IsWindows())
        {
            try
            {
                File.Move(source.Reached, target.Reached, overwrite: true);
            }
            catch (Exception exception) when (DiskErrors.IsRefusal(exception))
            {
                throw Refusal(exception, source, "rename");
            }
        }

        // Not File.Move: between two disks it would copy and delete, which is not atomic; rename(2) refuses instead.
        else if (LibC.Rename(source.Reached, target.Reached) < 0)
            throw Refusal(Marshal.GetLastPInvokeError(), from, "rename");
    }

    public void Delete(string path)
    {
        using var at = AtToChange(path, "delete");
        try
        {
            File.Delete(at.Reached);
        }
        catch (DirectoryNotFoundException)
        {
            // Without the directory there is no file, which is the requested result.
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw Refusal(exception, at, "delete");
        }
    }

    public void SyncDirectory(string path)
    {
        // NTFS logs names itself, and Windows cannot open a directory for a flush.
        if (OperatingSystem.IsWindows() || _syncs == DiskSyncs.None) return;

        using var at = At(path);
        using var directory = LibC.Open(at.Reached, LibC.ReadOnly | LibC.DirectoryOnly | LibC.CloseOnExec);
        if (directory.IsInvalid) throw Refusal(Marshal.GetLastPInvokeError(), path, "sync directory");
        DiskSync.Entries(directory, path);
    }

    public IOpenDirectory OpenDirectory(string path) => new DiskDirectory(_syncs, _features, path);

    public IHeldLock? TryLock(string path, string holder, out LockHolder heldBy)
    {
        using var at = AtToChange(path, "lock");
        if (DiskLock.TryTake(at, _features.HasFlag(DiskFeatures.DirectoryLocks), () => Find(path), out heldBy) is not { } taken) return null;
        try
        {
            taken.Write(holder, path);
            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    public bool IsLocked(string path)
    {
        using var at = At(path);
        return DiskLock.IsHeld(at);
    }

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

    /// <summary>Whether an entry of this name exists. File.Exists would take an unreadable directory for an absent file, and so a ledger for a new one.</summary>
    static bool EntryExists(in DiskPath at)
    {
        if (OperatingSystem.IsWindows() || LibC.Access(at.Reached.Length == 0 ? "." : at.Reached, 0) == 0) return true;
        var error = Marshal.GetLastPInvokeError();
        return error is LibC.ErrorNoEntry or LibC.ErrorNotDirectory ? false : throw DiskErrors.From(error, at.Path, "open");
    }

    DiskPath At(string path) => _root is null ? new DiskPath(path, path, null) : _root.At(path);

    DiskPath AtToChange(string path, string operation)
    {
        _root?.ThrowIfReplaced(path, operation);
        return At(path);
    }

    (FileIdentity? Identity, int Error) Find(string path)
    {
        using var at = At(path);
        return (FileStatus.Of(at.Reached, out var error)?.Identity, error);
    }

    // The widest sharing, so that no handle blocks another. On Unix the base library still takes a shared advisory lock
    // on the file; nothing takes an exclusive one except on the lock file, which DiskLock opens.
    SafeFileHandle OpenHandle(string path, FileMode mode, FileAccess access, string operation)
    {
        using var at = mode == FileMode.Open ? At(path) : AtToChange(path, operation);
        if (mode != FileMode.CreateNew && FileStatus.Of(at.Reached, out _) is { IsPipe: true }) throw new LedgerIOException(path, operation, DiskReasons.IsPipe);
        try
        {
            return File.OpenHandle(at.Reached, mode, access, FileShare.ReadWrite | FileShare.Delete, FileOptions.None);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw Refusal(exception, at, operation);
        }
    }

    FactstoneException Refusal(Exception exception, in DiskPath at, string operation) =>
        IsGone(exception is FileNotFoundException or DirectoryNotFoundException, at.Path) ? Gone(at.Path, operation) : DiskErrors.From(exception, at, operation);

    FactstoneException Refusal(int error, string path, string operation) =>
        IsGone(error == LibC.ErrorNoEntry, path) ? Gone(path, operation) : DiskErrors.From(error, path, operation);

    bool IsGone(bool isNoSuchFile, string path) => isNoSuchFile && _root is not null && _root.Holds(path) && _root.IsDeleted;

    static LedgerIOException Gone(string path, string operation) => new(path, operation, DiskReasons.DirectoryDeleted);
}

/// <summary>A directory of the disk that is held open.</summary>
internal sealed class DiskDirectory : DiskFileSystem, IOpenDirectory
{
    readonly DiskRoot _opened;

    public DiskDirectory(DiskSyncs syncs, DiskFeatures features, string path)
        : this(syncs, features, DiskRoot.Open(path, features.HasFlag(DiskFeatures.OpenPaths))) { }

    DiskDirectory(DiskSyncs syncs, DiskFeatures features, DiskRoot opened)
        : base(syncs, features, opened) => _opened = opened;

    public bool IsInPlace => _opened.IsInPlace;

    public void Dispose() => _opened.Dispose();
}
