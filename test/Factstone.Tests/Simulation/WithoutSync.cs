using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>A file system that does not sync some files, and says that it did: the mistake of whoever forgets a sync.</summary>
internal sealed class WithoutSync(IFileSystem inner, Func<string, bool> isForgotten) : IFileSystem
{
    public bool DirectoryExists(string path) => inner.DirectoryExists(path);

    public bool FileExists(string path) => inner.FileExists(path);

    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    public IReadOnlyList<string> List(string directory) => inner.List(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => inner.ListDirectories(directory);

    public IStorageFile Open(string path, FileOpening opening) => isForgotten(path) ? new File(inner.Open(path, opening)) : inner.Open(path, opening);

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void Delete(string path) => inner.Delete(path);

    public void SyncDirectory(string path) => inner.SyncDirectory(path);

    public IHeldLock? TryLock(string path, string holder, out LockHolder heldBy) => inner.TryLock(path, holder, out heldBy);

    public bool IsLocked(string path) => inner.IsLocked(path);

    public ISharedPage OpenSharedPage(string path, bool writable) => inner.OpenSharedPage(path, writable);

    sealed class File(IStorageFile file) : IStorageFile
    {
        public string Path => file.Path;

        public long Length => file.Length;

        public int Read(Span<byte> buffer, long fileOffset) => file.Read(buffer, fileOffset);

        public void Write(ReadOnlySpan<byte> bytes, long fileOffset) => file.Write(bytes, fileOffset);

        public void Reserve(long fileOffset, long length) => file.Reserve(fileOffset, length);

        public void SetLength(long length) => file.SetLength(length);

        public void Sync() { }

        public void Dispose() => file.Dispose();
    }
}
