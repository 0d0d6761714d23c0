using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>The identity of a file or directory, independent of its names.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode);

/// <summary>What the system reports of a file or directory: its identity, the number of its names, its type and mode, and its size in bytes (0 if it was not requested).</summary>
internal readonly record struct FileStatus(FileIdentity Identity, long Links, int Mode, long Size)
{
    const int LinuxBytes = 256, LinuxLinksAt = 16, LinuxModeAt = 28, LinuxInodeAt = 32, LinuxSizeAt = 40, LinuxDeviceAt = 136;
    const int MacBytes = 144, MacModeAt = 4, MacLinksAt = 6, MacInodeAt = 8;

    // S_IFMT and S_IFIFO.
    const int TypeMask = 0xF000, Pipe = 0x1000;

    /// <summary>Whether it is a pipe: an open of a pipe waits for a process at its other end, and no signal ends that wait.</summary>
    public bool IsPipe => (Mode & TypeMask) == Pipe;

    /// <summary>The status of an open file; null if the system cannot report it.</summary>
    public static FileStatus? Of(SafeFileHandle handle)
    {
        Span<byte> bytes = stackalloc byte[LinuxBytes];
        try
        {
            if (OperatingSystem.IsLinux())
                return LibC.Status(handle, "\0"u8, LibC.OfDescriptor, LibC.StatusOfInode, bytes) == 0 ? FromLinux(bytes) : null;
            if (OperatingSystem.IsMacOS())
                return (IsMacOnIntel ? LibC.StatusOnIntelMac(handle, bytes) : LibC.StatusOnMac(handle, bytes)) == 0 ? FromMac(bytes) : null;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library without statx.
        }

        return null;
    }

    /// <summary>The status of the file at a path. Null, with the error, if there is none; null with error 0 if the system cannot report it.</summary>
    public static FileStatus? Of(string path, out int error)
    {
        error = 0;
        Span<byte> bytes = stackalloc byte[LinuxBytes];
        try
        {
            if (OperatingSystem.IsLinux() && LibC.Status(LibC.CurrentDirectory, path, LibC.ForceSync, LibC.StatusOfInode, bytes) == 0) return FromLinux(bytes);
            if (OperatingSystem.IsMacOS() && (IsMacOnIntel ? LibC.StatusOnIntelMac(path, bytes) : LibC.StatusOnMac(path, bytes)) == 0) return FromMac(bytes);
            if (!OperatingSystem.IsWindows()) error = Marshal.GetLastPInvokeError();
        }
        catch (EntryPointNotFoundException)
        {
            // A C library without statx.
        }

        return null;
    }

    static bool IsMacOnIntel => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    // struct statx is the same on all processors.
    static FileStatus FromLinux(ReadOnlySpan<byte> bytes) => new(
        new FileIdentity(BinaryPrimitives.ReadUInt64LittleEndian(bytes[LinuxDeviceAt..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[LinuxInodeAt..])),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[LinuxLinksAt..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[LinuxModeAt..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[LinuxSizeAt..]));

    // struct stat with inodes of 64 bits.
    static FileStatus FromMac(ReadOnlySpan<byte> bytes) => new(
        new FileIdentity(BinaryPrimitives.ReadUInt32LittleEndian(bytes[..MacBytes]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[MacInodeAt..])),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[MacLinksAt..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[MacModeAt..]),
        Size: 0);
}
