#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>An open file on the disk.</summary>
internal sealed class DiskFile(string path, SafeFileHandle handle, DiskSyncs syncs) : IStorageFile
{
    bool _hadName;

    public string Path { get; } = path;

    public long Length
    {
        get
        {
            try
            {
                return RandomAccess.GetLength(handle);
            }
            catch (Exception exception) when (DiskErrors.IsRefusal(exception))
            {
                throw DiskErrors.From(exception, Path, "length");
            }
        }
    }

    public bool IsDeleted
    {
        get
        {
            // A file system that does not count names gives no information.
            if (FileStatus.Of(handle) is not { } status) return false;
            _hadName |= status.Links > 0;
            return _hadName && status.Links == 0;
        }
    }

    public int Read(Span<byte> buffer, long fileOffset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        try
        {
            var total = 0;
            while (total < buffer.Length)
            {
                // A short count is not the end of the file: a signal or a network disk may cause it. Only 0 is the end.
                var count = RandomAccess.Read(handle, buffer[total..], fileOffset + total);
                if (count == 0) break;
                total += count;
            }

            return total;
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, Path, "read");
        }
    }

    public void Write(ReadOnlySpan<byte> bytes, long fileOffset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        try
        {
            RandomAccess.Write(handle, bytes, fileOffset); // continues after a short count until everything is written or an error occurs
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, Path, "write");
        }
    }

    public void Reserve(long fileOffset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        DiskSpace.Reserve(handle, Path, fileOffset, length);
    }

    public void SetLength(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        try
        {
            RandomAccess.SetLength(handle, length);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, Path, "set length");
        }
    }

    public IMappedFile? Map(long length)
    {
        if (length <= 0 || OperatingSystem.IsWindows()) return null;
        var address = LibC.Map(0, (nuint)length, LibC.MapForReading, LibC.MapShared, handle, 0);
        return address == LibC.MapFailed ? null : new DiskMapping(address, length);
    }

    public void StartWriteBack(long fileOffset, long length) => WriteBack(fileOffset, length, LibC.WriteBackStart);

    public void WaitForWriteBack(long fileOffset, long length) => WriteBack(fileOffset, length, LibC.WriteBackWait);

    public void Sync()
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        if (syncs == DiskSyncs.All) DiskSync.Data(handle, Path);
    }

    public void Dispose() => handle.Dispose();

    /// <summary>Errors are not reported. A caller that must know of one syncs the file instead, or checks checksums.</summary>
    void WriteBack(long fileOffset, long length, uint flags)
    {
        if (OperatingSystem.IsLinux()) LibC.WriteBack(handle, fileOffset, length, flags);
    }
}
