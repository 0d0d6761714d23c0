namespace Factstone.Storage;

/// <summary>A file system whose paths below one directory begin at that directory, which is held open. They lead to the same files when the directory is moved, and never into another one that has its name now.</summary>
internal interface IOpenDirectory : IFileSystem, IDisposable
{
    /// <summary>Whether the path that was used to open it still leads to it.</summary>
    bool IsInPlace { get; }
}

/// <summary>A directory on a file system whose directories are never moved.</summary>
internal sealed class FixedDirectory(IFileSystem files) : IOpenDirectory
{
    public bool IsInPlace => true;

    public bool DirectoryExists(string path) => files.DirectoryExists(path);

    public bool FileExists(string path) => files.FileExists(path);

    public void CreateDirectory(string path) => files.CreateDirectory(path);

    public IReadOnlyList<string> List(string directory) => files.List(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => files.ListDirectories(directory);

    public IStorageFile Open(string path, FileOpening opening) => files.Open(path, opening);

    public void Rename(string from, string to) => files.Rename(from, to);

    public void Delete(string path) => files.Delete(path);

    public void SyncDirectory(string path) => files.SyncDirectory(path);

    public IHeldLock? TryLock(string path, string holder, out LockHolder heldBy) => files.TryLock(path, holder, out heldBy);

    public bool IsLocked(string path) => files.IsLocked(path);

    public SpaceLeft? SpaceLeft(string directory) => files.SpaceLeft(directory);

    public ISharedPage OpenSharedPage(string path, bool writable) => files.OpenSharedPage(path, writable);

    public void Dispose() { }
}
