using Factstone.Storage;

namespace Factstone.Tests.Indexing;

/// <summary>Measures how much of the memory that its user allocates belongs to the simulated disk.</summary>
internal sealed class CountingFile(IStorageFile file) : IStorageFile
{
    public long Allocated { get; private set; }

    public string Path => file.Path;

    public long Length => file.Length;

    public int Read(Span<byte> buffer, long fileOffset) => file.Read(buffer, fileOffset);

    public void Write(ReadOnlySpan<byte> bytes, long fileOffset)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        file.Write(bytes, fileOffset);
        Allocated += GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public void Reserve(long fileOffset, long length) => file.Reserve(fileOffset, length);

    public void SetLength(long length) => file.SetLength(length);

    public void Sync() => file.Sync();

    public void Dispose() => file.Dispose();
}
