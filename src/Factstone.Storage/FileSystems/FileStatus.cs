using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>Which file or directory this is, whatever name leads to it.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode);

/// <summary>What the system says of a file or directory: which one it is, and how many names lead to it.</summary>
internal readonly record struct FileStatus(FileIdentity Identity, long Links)
{
    const int LinuxBytes = 256, LinuxLinksAt = 16, LinuxInodeAt = 32, LinuxDeviceAt = 136;
    const int MacBytes = 144, MacLinksAt = 6, MacInodeAt = 8;

    /// <summary>The status of what is open; null where the system cannot say.</summary>
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

    /// <summary>The status of what a path leads to; null, with the error, where it leads to nothing, or where the system cannot say (error 0).</summary>
    public static FileStatus? Of(string path, out int error)
    {
        error = 0;
        Span<byte> bytes = stackalloc byte[LinuxBytes];
        try
        {
            if (OperatingSystem.IsLinux() && LibC.Status(LibC.CurrentDirectory, path, LibC.AskTheServer, LibC.StatusOfInode, bytes) == 0) return FromLinux(bytes);
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
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[LinuxLinksAt..]));

    // struct stat with inodes of 64 bits.
    static FileStatus FromMac(ReadOnlySpan<byte> bytes) => new(
        new FileIdentity(BinaryPrimitives.ReadUInt32LittleEndian(bytes[..MacBytes]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[MacInodeAt..])),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[MacLinksAt..]));
}
