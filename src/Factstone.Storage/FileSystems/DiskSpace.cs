#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>Reserves space on the disk before it is needed.</summary>
internal static class DiskSpace
{
    const int ChunkSize = 64 * 1024;

    /// <summary>Reserves space on the disk for the range, whose new bytes read as zeros. Existing bytes stay, and the file never gets shorter.</summary>
    /// <remarks>
    /// If the disk becomes full on the way, the file has grown by the space that was left (ext4 does that): zeros, but no
    /// space for any other file. The file is not cut back here, because another thread may have written after its old end
    /// meanwhile. So reserve in small steps.
    /// </remarks>
    public static void Reserve(SafeFileHandle file, string path, long offset, long length)
    {
        if (length == 0) return;
        if (OperatingSystem.IsLinux() && Environment.Is64BitProcess)
        {
            var error = Allocate(file, offset, length);
            if (error == 0) return;
            if (error != LibC.ErrorNotSupported) throw DiskErrors.From(error, path, "reserve");
        }

        try
        {
            WriteZeros(file, offset, length);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, path, "reserve");
        }
    }

    static int Allocate(SafeFileHandle file, long offset, long length)
    {
        while (LibC.Allocate(file, 0, offset, length) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != LibC.ErrorInterrupted) return error;
        }

        return 0;
    }

    /// <summary>Writes zeros where the file reads as zeros: after its end, and inside it where there may be a hole.</summary>
    /// <remarks>No other thread may write to the range meanwhile, or its bytes between the read and the write here are lost.</remarks>
    static void WriteZeros(SafeFileHandle file, long offset, long length)
    {
        var zeros = new byte[ChunkSize];
        var seen = new byte[ChunkSize];
        for (var end = offset + length; offset < end;)
        {
            var chunk = (int)Math.Min(ChunkSize, end - offset);
            var read = RandomAccess.Read(file, seen.AsSpan(0, chunk), offset);
            if (read > 0) chunk = read;
            if (!seen.AsSpan(0, read).ContainsAnyExcept((byte)0)) RandomAccess.Write(file, zeros.AsSpan(0, chunk), offset);
            offset += chunk;
        }
    }
}
