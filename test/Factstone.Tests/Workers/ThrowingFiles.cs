using Factstone.Storage;

namespace Factstone.Tests.Workers;

/// <summary>A file system that throws an exception outside its contract, at operations that a test chooses.</summary>
internal sealed class ThrowingFiles(IFileSystem inner) : IFileSystem
{
    int _operations;

    /// <summary>Which operations are counted, by kind and path.</summary>
    public Func<string, string, bool> Counts { get; set; } = static (_, _) => false;

    /// <summary>Which of the counted operations throw, by their number from 1.</summary>
    public Func<int, bool> Throws { get; set; } = static _ => false;

    public bool HasThrown { get; private set; }

    public bool DirectoryExists(string path) => Of("look", path).DirectoryExists(path);

    public bool FileExists(string path) => Of("look", path).FileExists(path);

    public void CreateDirectory(string path) => Of("create directory", path).CreateDirectory(path);

    public IReadOnlyList<string> List(string directory) => Of("list", directory).List(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => Of("list", directory).ListDirectories(directory);

    public IStorageFile Open(string path, FileOpening opening) =>
        new File(this, Of(opening == FileOpening.CreateNew ? "create" : "open", path).Open(path, opening));

    public void Rename(string from, string to) => Of("rename", from).Rename(from, to);

    public void Delete(string path) => Of("delete", path).Delete(path);

    public void SyncDirectory(string path) => Of("sync directory", path).SyncDirectory(path);

    public IHeldLock? TryLock(string path, string holder, out LockHolder heldBy) => inner.TryLock(path, holder, out heldBy);

    public bool IsLocked(string path) => inner.IsLocked(path);

    public ISharedPage OpenSharedPage(string path, bool writable) => inner.OpenSharedPage(path, writable);

    IFileSystem Of(string operation, string path)
    {
        Count(operation, path);
        return inner;
    }

    void Count(string operation, string path)
    {
        if (!Counts(operation, path) || !Throws(Interlocked.Increment(ref _operations))) return;
        HasThrown = true;
        throw new InvalidOperationException($"planted in {operation} of {path}");
    }

    sealed class File(ThrowingFiles files, IStorageFile file) : IStorageFile
    {
        public string Path => file.Path;

        public long Length => Of("length").Length;

        public int Read(Span<byte> buffer, long fileOffset) => Of("read").Read(buffer, fileOffset);

        public void Write(ReadOnlySpan<byte> bytes, long fileOffset) => Of("write").Write(bytes, fileOffset);

        public void Reserve(long fileOffset, long length) => Of("reserve").Reserve(fileOffset, length);

        public void SetLength(long length) => Of("set length").SetLength(length);

        public void Sync() => Of("sync").Sync();

        public void Dispose()
        {
            file.Dispose();
            files.Count("close", file.Path);
        }

        IStorageFile Of(string operation)
        {
            files.Count(operation, file.Path);
            return file;
        }
    }
}
