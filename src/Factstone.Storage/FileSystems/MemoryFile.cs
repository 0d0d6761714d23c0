namespace Factstone.Storage;

/// <summary>A file in memory, with any number of names and handles.</summary>
/// <remarks>Threads: <see cref="Writing"/> guards every change; readers take no lock. Names and handles are guarded by the file system.</remarks>
internal sealed class MemoryFile(MemoryFileSystem files)
{
    PageRanges _space = new();

    public SparseBytes Bytes { get; private init; } = new();

    public Lock Writing { get; } = new();

    /// <summary>Handles and mappings that keep the file alive without a name.</summary>
    public int OpenCount { get; set; }

    public bool HasName { get; set; } = true;

    public long SpaceBytes => _space.Count * SparseBytes.PageSize;

    public void Write(string path, ReadOnlySpan<byte> bytes, long offset)
    {
        lock (Writing)
        {
            TakeSpace(path, "write", offset, bytes.Length);
            Bytes.Write(bytes, offset);
        }
    }

    public void Reserve(string path, long offset, long length)
    {
        lock (Writing)
        {
            TakeSpace(path, "reserve", offset, length);
            if (length > 0 && offset + length > Bytes.Length) Bytes.SetLength(offset + length);
        }
    }

    public void SetLength(string path, long length)
    {
        RefuseBeyondMax(path, "set length", length);
        lock (Writing)
        {
            files.ReleaseSpace(_space.CutTo(length) * SparseBytes.PageSize);
            Bytes.SetLength(length);
        }
    }

    public MemoryFile CloneFor(MemoryFileSystem other)
    {
        lock (Writing)
            return new MemoryFile(other) { Bytes = Bytes.Clone(), _space = _space.Clone() };
    }

    /// <summary>All or nothing: a write that does not fit leaves the file unchanged.</summary>
    void TakeSpace(string path, string operation, long offset, long length)
    {
        if (length == 0) return;
        RefuseBeyondMax(path, operation, offset + length);
        var pages = PageRanges.Covering(offset, length);
        var missing = _space.Missing(pages);
        if (missing == 0) return;
        files.TakeSpace(path, operation, missing * SparseBytes.PageSize);
        _space.Add(pages);
    }

    static void RefuseBeyondMax(string path, string operation, long length)
    {
        if (length is < 0 or > SparseBytes.LengthMax) throw new LedgerIOException(path, operation, DiskReasons.TooLarge);
    }
}
