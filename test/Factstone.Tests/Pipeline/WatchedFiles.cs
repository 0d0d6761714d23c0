using System.Security.Cryptography;
using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>A file system with a say before each look for a file and each open, deletion, sync, read and write of one: to slow it down, hold it up or let it fail.</summary>
internal sealed class WatchedFiles(IFileSystem inner) : IFileSystem
{
    /// <summary>Called before a look whether a file stands, with its path.</summary>
    public Action<string>? Looking { get; set; }

    /// <summary>Called before a directory is listed, with its path.</summary>
    public Action<string>? Listing { get; set; }

    /// <summary>Called before a file is opened, or a page mapped, with its path.</summary>
    public Action<string>? Opening { get; set; }

    /// <summary>Called before a file is deleted, with its path.</summary>
    public Action<string>? Deleting { get; set; }

    /// <summary>Called after a read from a file, with how many bytes it gave.</summary>
    public Action<int>? Read { get; set; }

    /// <summary>Called before the sync of a file, with its path.</summary>
    public Action<string>? Syncing { get; set; }

    /// <summary>Called before a read from a file, with its path.</summary>
    public Action<string>? Reading { get; set; }

    /// <summary>Called before a write to a file, with its path.</summary>
    public Action<string>? Writing { get; set; }

    public bool DirectoryExists(string path) => inner.DirectoryExists(path);

    public bool FileExists(string path)
    {
        Looking?.Invoke(path);
        return inner.FileExists(path);
    }

    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    public IReadOnlyList<string> List(string directory)
    {
        Listing?.Invoke(directory);
        return inner.List(directory);
    }

    public IReadOnlyList<string> ListDirectories(string directory) => inner.ListDirectories(directory);

    public IStorageFile Open(string path, FileOpening opening)
    {
        Opening?.Invoke(path);
        return new WatchedFile(this, inner.Open(path, opening));
    }

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void Delete(string path)
    {
        Deleting?.Invoke(path);
        inner.Delete(path);
    }

    public void SyncDirectory(string path) => inner.SyncDirectory(path);

    public IHeldLock? TryLock(string path, string holder, out LockHolder heldBy) => inner.TryLock(path, holder, out heldBy);

    public bool IsLocked(string path) => inner.IsLocked(path);

    public ISharedPage OpenSharedPage(string path, bool writable)
    {
        Opening?.Invoke(path);
        return inner.OpenSharedPage(path, writable);
    }

    sealed class WatchedFile(WatchedFiles files, IStorageFile file) : IStorageFile
    {
        public string Path => file.Path;

        public long Length => file.Length;

        public int Read(Span<byte> buffer, long fileOffset)
        {
            files.Reading?.Invoke(file.Path);
            var read = file.Read(buffer, fileOffset);
            files.Read?.Invoke(read);
            return read;
        }

        public void Write(ReadOnlySpan<byte> bytes, long fileOffset)
        {
            files.Writing?.Invoke(file.Path);
            file.Write(bytes, fileOffset);
        }

        public void Reserve(long fileOffset, long length) => file.Reserve(fileOffset, length);

        public void SetLength(long length) => file.SetLength(length);

        public void Sync()
        {
            files.Syncing?.Invoke(file.Path);
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}

/// <summary>What is in the files of a ledger, so that a test can say that nothing changed.</summary>
internal static class FileContents
{
    /// <summary>Path, length and hash of every file but LOCK, which says who has the ledger open.</summary>
    public static IReadOnlyList<string> Of(IFileSystem files, string root)
    {
        var found = new List<string>();
        foreach (var directory in (string[])[root, $"{root}/segments", $"{root}/quarantine"])
        {
            foreach (var name in files.List(directory).Where(name => name != "LOCK"))
            {
                using var file = files.Open($"{directory}/{name}", FileOpening.ReadOnly);
                var bytes = new byte[file.Length];
                Assert.Equal(bytes.Length, file.Read(bytes, 0));
                found.Add($"{directory}/{name} {bytes.Length} {Convert.ToHexString(SHA256.HashData(bytes))}");
            }
        }

        return found;
    }
}
