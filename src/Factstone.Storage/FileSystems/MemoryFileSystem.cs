using System.Text;

namespace Factstone.Storage;

/// <summary>A disk in memory: for ledgers that need not outlive their process, and for tests that open a hundred thousand of them.</summary>
/// <remarks>
/// Files are sparse: a page takes memory once a byte other than zero is written to it. Disk space is counted as on a
/// disk, by pages written or reserved, and is bounded by <see cref="CapacityBytes"/>.
/// Threads: any number. One lock guards names, and one lock per file guards its content; reads take no lock.
/// There is no power loss, so syncs do nothing.
/// </remarks>
internal sealed class MemoryFileSystem : IFileSystem
{
    readonly Lock _names = new();
    readonly Dictionary<string, Dictionary<string, MemoryFile>> _directories = new() { [""] = [] };
    readonly Dictionary<string, HeldLock> _locks = [];
    long _capacityBytes;
    long _usedBytes;

    /// <param name="capacityBytes">The space of all files together, in pages of 4,096 bytes written or reserved.</param>
    public MemoryFileSystem(long capacityBytes = long.MaxValue) => _capacityBytes = capacityBytes;

    /// <summary>May be changed at any time. A value below <see cref="UsedBytes"/> refuses only operations that need more space.</summary>
    public long CapacityBytes
    {
        get => Volatile.Read(ref _capacityBytes);
        set => Volatile.Write(ref _capacityBytes, value);
    }

    /// <summary>The space taken by pages written or reserved.</summary>
    public long UsedBytes => Volatile.Read(ref _usedBytes);

    public SpaceLeft? SpaceLeft(string directory) => CapacityBytes == long.MaxValue ? null : new SpaceLeft(Math.Max(0, CapacityBytes - UsedBytes), CapacityBytes);

    public bool DirectoryExists(string path)
    {
        lock (_names) return _directories.ContainsKey(FileNames.Trimmed(path));
    }

    public bool FileExists(string path)
    {
        lock (_names) return Find(path) is not null;
    }

    public void CreateDirectory(string path)
    {
        lock (_names)
        {
            foreach (var directory in FileNames.WithParents(FileNames.Trimmed(path)))
            {
                if (Find(directory) is not null) throw new LedgerIOException(path, "create directory", DiskReasons.Exists);
                _directories.TryAdd(directory, []);
            }
        }
    }

    public IReadOnlyList<string> List(string directory)
    {
        lock (_names)
        {
            if (!_directories.TryGetValue(FileNames.Trimmed(directory), out var files))
                return Find(directory) is null ? [] : throw new LedgerIOException(directory, "list", DiskReasons.NotDirectory);
            return [.. files.Keys.Order(FileNames.ByUtf8Bytes)];
        }
    }

    public IReadOnlyList<string> ListDirectories(string directory)
    {
        lock (_names) return FileNames.DirectoriesIn(directory, _directories.Keys);
    }

    public IStorageFile Open(string path, FileOpening opening)
    {
        lock (_names)
        {
            RefuseDirectory(path, "open");
            var file = Find(path);
            if (opening == FileOpening.CreateNew)
                file = file is null ? Create(path, "create") : throw new LedgerIOException(path, "create", DiskReasons.Exists);
            if (file is null) throw new LedgerIOException(path, "open", DiskReasons.NoSuchFile);
            file.OpenCount++;
            return new MemoryFileHandle(this, file, path, writable: opening != FileOpening.ReadOnly);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_names)
        {
            RefuseDirectory(to, "rename");
            var file = Find(from) ?? throw new LedgerIOException(from, "rename", DiskReasons.NoSuchFile);
            var target = DirectoryFor(to, "rename");
            if (target.TryGetValue(FileNames.NameOf(to), out var replaced))
            {
                if (replaced == file) return;
                Unlinked(replaced);
            }

            target[FileNames.NameOf(to)] = file;
            _directories[FileNames.DirectoryOf(from)].Remove(FileNames.NameOf(from));
        }
    }

    public void Delete(string path)
    {
        lock (_names)
        {
            RefuseDirectory(path, "delete");
            if (Find(path) is not { } file) return;
            _directories[FileNames.DirectoryOf(path)].Remove(FileNames.NameOf(path));
            Unlinked(file);
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_names)
            if (!_directories.ContainsKey(FileNames.Trimmed(path)))
                throw new LedgerIOException(path, "sync directory", Find(path) is null ? DiskReasons.NoSuchFile : DiskReasons.NotDirectory);
    }

    public IHeldLock? TryLock(string path, string holder, out LockHolder heldBy)
    {
        lock (_names)
        {
            RefuseDirectory(path, "lock");
            var directory = FileNames.DirectoryOf(path);
            if (_locks.ContainsKey(directory))
            {
                heldBy = new LockHolder(Find(path) is { } held ? Encoding.UTF8.GetString(ContentOf(held.Bytes)) : "", IsThisProcess: true);
                return null;
            }

            var file = Find(path) ?? Create(path, "lock");
            try
            {
                file.SetLength(path, 0);
                file.Write(path, Encoding.UTF8.GetBytes(holder), 0);
            }
            catch (LedgerFullException)
            {
                // The lock is held nevertheless; only the name of the holder is missing.
            }

            heldBy = LockHolder.Unknown;
            return _locks[directory] = new HeldLock(this, directory);
        }
    }

    public bool IsLocked(string path)
    {
        lock (_names)
        {
            RefuseDirectory(path, "lock");
            return _locks.ContainsKey(FileNames.DirectoryOf(path));
        }
    }

    public ISharedPage OpenSharedPage(string path, bool writable)
    {
        lock (_names)
        {
            RefuseDirectory(path, "map");
            var file = Find(path);
            if (writable)
            {
                file ??= Create(path, "map");
                file.Reserve(path, 0, ISharedPage.Size);
            }

            if (file is null) throw new LedgerIOException(path, "map", DiskReasons.NoSuchFile);
            if (file.Bytes.Length < ISharedPage.Size) throw new LedgerIOException(path, "map", "The file is shorter than the page");
            file.OpenCount++;
            return new MemorySharedPage(this, file, path, writable);
        }
    }

    /// <summary>Another disk with the same files, none of which is open. Pages are shared until either side writes to them, so a clone costs microseconds.</summary>
    public MemoryFileSystem Clone()
    {
        var clone = new MemoryFileSystem(CapacityBytes);
        lock (_names)
        {
            foreach (var (directory, files) in _directories)
            {
                var copies = new Dictionary<string, MemoryFile>(files.Count);
                foreach (var (name, file) in files)
                {
                    var copy = file.CloneFor(clone);
                    clone._usedBytes += copy.SpaceBytes;
                    copies.Add(name, copy);
                }

                clone._directories[directory] = copies;
            }
        }

        return clone;
    }

    /// <summary>The file with this name.</summary>
    internal MemoryFile Named(string path)
    {
        lock (_names) return Find(path) ?? throw new LedgerIOException(path, "open", DiskReasons.NoSuchFile);
    }

    internal void TakeSpace(string path, string operation, long bytes)
    {
        for (var used = UsedBytes; ;)
        {
            if (bytes > CapacityBytes - used) throw new LedgerFullException(path, operation);
            var seen = Interlocked.CompareExchange(ref _usedBytes, used + bytes, used);
            if (seen == used) return;
            used = seen;
        }
    }

    internal void ReleaseSpace(long bytes) => Interlocked.Add(ref _usedBytes, -bytes);

    internal void Closed(MemoryFile file)
    {
        lock (_names)
        {
            file.OpenCount--;
            ReleaseIfDeleted(file);
        }
    }

    /// <summary>The content up to the last byte other than zero.</summary>
    internal static byte[] ContentOf(SparseBytes bytes)
    {
        var content = new byte[bytes.LastNonZero() + 1];
        bytes.Read(content, 0);
        return content;
    }

    MemoryFile? Find(string path) =>
        _directories.TryGetValue(FileNames.DirectoryOf(path), out var files) ? files.GetValueOrDefault(FileNames.NameOf(path)) : null;

    MemoryFile Create(string path, string operation)
    {
        var file = new MemoryFile(this);
        DirectoryFor(path, operation).Add(FileNames.NameOf(path), file);
        return file;
    }

    Dictionary<string, MemoryFile> DirectoryFor(string path, string operation)
    {
        var directory = FileNames.DirectoryOf(path);
        if (_directories.TryGetValue(directory, out var files)) return files;
        throw new LedgerIOException(path, operation, Find(directory) is null ? DiskReasons.NoSuchFile : DiskReasons.NotDirectory);
    }

    void RefuseDirectory(string path, string operation)
    {
        if (_directories.ContainsKey(FileNames.Trimmed(path))) throw new LedgerIOException(path, operation, DiskReasons.IsDirectory);
    }

    void Unlinked(MemoryFile file)
    {
        file.HasName = false;
        ReleaseIfDeleted(file);
    }

    /// <summary>A file without a name takes space as long as it is open.</summary>
    void ReleaseIfDeleted(MemoryFile file)
    {
        if (!file.HasName && file.OpenCount == 0) ReleaseSpace(file.SpaceBytes);
    }

    sealed class HeldLock(MemoryFileSystem files, string directory) : IHeldLock
    {
        // The directory itself is locked, and it cannot be moved.
        public string? WhyLost() => null;

        public void Dispose()
        {
            lock (files._names)
                if (files._locks.GetValueOrDefault(directory) == this)
                    files._locks.Remove(directory);
        }
    }
}
