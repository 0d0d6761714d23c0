using System.Security.Cryptography;
using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>A file system with a callback at each operation, so that a test can delay it, block it or let it fail.</summary>
internal sealed class WatchedFiles(IFileSystem inner) : IFileSystem
{
    /// <summary>Called with the path before a check whether the file exists.</summary>
    public Action<string>? Looking { get; set; }

    /// <summary>Called with the path before a directory is listed.</summary>
    public Action<string>? Listing { get; set; }

    /// <summary>Called with the path before a file is opened or a page is mapped.</summary>
    public Action<string>? Opening { get; set; }

    /// <summary>Called with the path before a file is deleted.</summary>
    public Action<string>? Deleting { get; set; }

    /// <summary>Called with the number of bytes after a read.</summary>
    public Action<int>? Read { get; set; }

    /// <summary>Called with the path before a file is synced.</summary>
    public Action<string>? Syncing { get; set; }

    /// <summary>Called with the path before a read.</summary>
    public Action<string>? Reading { get; set; }

    /// <summary>Called with the path before a write.</summary>
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

/// <summary>The content of a ledger's files, so that a test can check that nothing changed.</summary>
internal static class FileContents
{
    /// <summary>Path, length and hash of every file except LOCK, which names the process that has the ledger open.</summary>
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
