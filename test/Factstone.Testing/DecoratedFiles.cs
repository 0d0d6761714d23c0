using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>A file system that passes every call on, for tests that change some of them.</summary>
internal abstract class DecoratedFiles(IFileSystem inner) : IFileSystem
{
    protected IFileSystem Inner { get; } = inner;

    public virtual bool DirectoryExists(string path) => Inner.DirectoryExists(path);

    public virtual bool FileExists(string path) => Inner.FileExists(path);

    public virtual void CreateDirectory(string path) => Inner.CreateDirectory(path);

    public virtual IReadOnlyList<string> List(string directory) => Inner.List(directory);

    public virtual IReadOnlyList<string> ListDirectories(string directory) => Inner.ListDirectories(directory);

    public virtual IStorageFile Open(string path, FileOpening opening) => Inner.Open(path, opening);

    public virtual void Rename(string from, string to) => Inner.Rename(from, to);

    public virtual void Delete(string path) => Inner.Delete(path);

    public virtual void SyncDirectory(string path) => Inner.SyncDirectory(path);

    public virtual IHeldLock? TryLock(string path, string holder, out LockHolder heldBy) => Inner.TryLock(path, holder, out heldBy);

    public virtual bool IsLocked(string path) => Inner.IsLocked(path);

    public virtual SpaceLeft? SpaceLeft(string directory) => Inner.SpaceLeft(directory);

    public virtual ISharedPage OpenSharedPage(string path, bool writable) => Inner.OpenSharedPage(path, writable);
}

/// <summary>A file that passes every call on, for tests that change some of them.</summary>
internal abstract class DecoratedFile(IStorageFile inner) : IStorageFile
{
    public string Path => Inner.Path;

    public virtual long Length => Inner.Length;

    public virtual bool IsDeleted => Inner.IsDeleted;

    protected IStorageFile Inner { get; } = inner;

    public virtual int Read(Span<byte> buffer, long fileOffset) => Inner.Read(buffer, fileOffset);

    public virtual void Write(ReadOnlySpan<byte> bytes, long fileOffset) => Inner.Write(bytes, fileOffset);

    public virtual void Reserve(long fileOffset, long length) => Inner.Reserve(fileOffset, length);

    public virtual void SetLength(long length) => Inner.SetLength(length);

    public virtual IMappedFile? Map(long length) => Inner.Map(length);

    public virtual void StartWriteBack(long fileOffset, long length) => Inner.StartWriteBack(fileOffset, length);

    public virtual void WaitForWriteBack(long fileOffset, long length) => Inner.WaitForWriteBack(fileOffset, length);

    public virtual void Sync() => Inner.Sync();

    public virtual void Dispose()
    {
        Inner.Dispose();
        GC.SuppressFinalize(this);
    }
}
