using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>What the base library lacks: fdatasync, directory syncs, space reservation, locks on an open file.</summary>
/// <remarks>
/// Each function leaves its error in <see cref="Marshal.GetLastPInvokeError"/>. None is called with variable arguments,
/// which some machines pass differently. So open is used only where it creates nothing and takes no mode.
/// </remarks>
internal static partial class LibC
{
    public const int LockShared = 1;
    public const int LockExclusive = 2;
    public const int LockNonBlocking = 4;

    /// <summary>F_FULLFSYNC: on macOS, fsync alone leaves the bytes in the cache of the drive.</summary>
    public const int FullSyncCommand = 51;

    public const int ReadOnly = 0;
    public const int ReadWrite = 2;

    public const int ErrorNoEntry = 2;
    public const int ErrorInterrupted = 4;
    public const int ErrorNoAccess = 13;
    public const int ErrorNotDirectory = 20;
    public const int ErrorTooManyFiles = 24;
    public const int ErrorNoSpace = 28;

    const string Library = "libc";

    public static int CloseOnExec { get; } = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>O_DIRECTORY differs between the processors that Linux runs on.</summary>
    public static int DirectoryOnly { get; } = OperatingSystem.IsMacOS() ? 0x100000
        : RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Armv6 or Architecture.Ppc64le ? 0x4000
        : 0x10000;

    public static int ErrorQuota { get; } = OperatingSystem.IsMacOS() ? 69 : 122;

    public static int ErrorNotSupported { get; } = OperatingSystem.IsMacOS() ? 45 : 95;

    public static int ErrorWouldBlock { get; } = OperatingSystem.IsMacOS() ? 35 : 11;

    /// <summary>Repeats a call while a signal interrupts it. Nothing else is ever repeated.</summary>
    /// <returns>0, or the error.</returns>
    public static int Uninterrupted(SafeFileHandle handle, Func<SafeFileHandle, int> call)
    {
        while (call(handle) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != ErrorInterrupted) return error;
        }

        return 0;
    }

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Access(string path, int mode);

    [LibraryImport(Library, EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport(Library, EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int SyncData(SafeFileHandle file);

    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(SafeFileHandle file);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(SafeFileHandle file, int command);

    [LibraryImport(Library, EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeFileHandle file, int operation);

    [LibraryImport(Library, EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    /// <summary>SYNC_FILE_RANGE_WAIT_BEFORE: waits for what is being written.</summary>
    public const uint WriteBackWait = 1;

    /// <summary>SYNC_FILE_RANGE_WRITE: begins to write what is dirty.</summary>
    public const uint WriteBackStart = 2;

    [LibraryImport(Library, EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int WriteBack(SafeFileHandle file, long offset, long length, uint flags);

    /// <summary>O_PATH on Linux: a directory that is only the beginning of paths, and need not be readable.</summary>
    public static int PathOnly { get; } = OperatingSystem.IsLinux() ? 0x200000 : 0;

    /// <summary>AT_FDCWD and AT_EMPTY_PATH; AT_STATX_FORCE_SYNC, which queries the server of a network disk and has no effect elsewhere; STATX_TYPE, STATX_NLINK, STATX_INO and STATX_SIZE.</summary>
    public const int CurrentDirectory = -100;
    public const int OfDescriptor = 0x1000;
    public const int ForceSync = 0x2000;
    public const uint StatusOfInode = 0x305;

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true)]
    public static partial int Status(SafeFileHandle file, ReadOnlySpan<byte> path, int flags, uint mask, Span<byte> status);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Status(int directory, string path, int flags, uint mask, Span<byte> status);

    [LibraryImport(Library, EntryPoint = "fstat", SetLastError = true)]
    public static partial int StatusOnMac(SafeFileHandle file, Span<byte> status);

    [LibraryImport(Library, EntryPoint = "stat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatusOnMac(string path, Span<byte> status);

    [LibraryImport(Library, EntryPoint = "fstat$INODE64", SetLastError = true)]
    public static partial int StatusOnIntelMac(SafeFileHandle file, Span<byte> status);

    [LibraryImport(Library, EntryPoint = "stat$INODE64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatusOnIntelMac(string path, Span<byte> status);

    public const int StandardError = 2;

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint length);

    /// <summary>PROT_READ and MAP_SHARED are 1 on Linux and macOS.</summary>
    public const int MapForReading = 1;
    public const int MapShared = 1;

    /// <summary>PROT_WRITE.</summary>
    public const int MapForWriting = 2;

    /// <summary>MS_SYNC on macOS; Linux has another value, and needs no such call.</summary>
    public const int SyncNow = 0x10;

    /// <summary>MAP_FAILED.</summary>
    public const nint MapFailed = -1;

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint length);

    [LibraryImport(Library, EntryPoint = "msync", SetLastError = true)]
    public static partial int SyncMapped(nint address, nuint length, int flags);

    /// <summary>RLIMIT_NOFILE.</summary>
    public static int LimitOfFiles { get; } = OperatingSystem.IsMacOS() ? 8 : 7;

    [LibraryImport(Library, EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int GetLimit(int resource, out Limit limit);

    /// <summary>struct rlimit.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Limit
    {
        public ulong Current;
        public ulong Most;
    }
}
