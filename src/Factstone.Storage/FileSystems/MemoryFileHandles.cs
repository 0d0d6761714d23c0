namespace Factstone.Storage;

/// <summary>A handle to a file in memory; it outlives the name of the file.</summary>
internal sealed class MemoryFileHandle(MemoryFileSystem files, MemoryFile file, string path, bool writable) : IStorageFile
{
    bool _closed;

    public string Path { get; } = path;

    public long Length => Open().Bytes.Length;

    public bool IsDeleted => !Open().HasName;

    public int Read(Span<byte> buffer, long fileOffset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        return Open().Bytes.Read(buffer, fileOffset);
    }

    public void Write(ReadOnlySpan<byte> bytes, long fileOffset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        Writable("write").Write(Path, bytes, fileOffset);
    }

    public void Reserve(long fileOffset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Writable("reserve").Reserve(Path, fileOffset, length);
    }

    public void SetLength(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Writable("set length").SetLength(Path, length);
    }

    public void Sync() => Open();

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, true)) return;
        files.Closed(file);
    }

    MemoryFile Open()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return file;
    }

    MemoryFile Writable(string operation)
    {
        var open = Open();
        return writable ? open : throw new LedgerIOException(Path, operation, DiskReasons.BadDescriptor);
    }
}

/// <summary>The first page of a file in memory, the same for everyone that opened it.</summary>
internal sealed class MemorySharedPage(MemoryFileSystem files, MemoryFile file, string path, bool writable) : ISharedPage
{
    bool _closed;

    public void Read(Span<byte> buffer, int offset)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        SharedPageRange.Check(offset, buffer.Length);
        file.Bytes.Read(buffer, offset);
    }

    public void Write(ReadOnlySpan<byte> bytes, int offset)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        SharedPageRange.Check(offset, bytes.Length);
        if (!writable) throw new LedgerIOException(path, "write", DiskReasons.BadDescriptor);
        file.Write(path, bytes, offset);
    }

    public void Sync() => ObjectDisposedException.ThrowIf(_closed, this);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, true)) return;
        files.Closed(file);
    }
}

/// <summary>The bounds of a shared page, which the caller must respect.</summary>
internal static class SharedPageRange
{
    public static void Check(int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, ISharedPage.Size - offset);
    }
}
