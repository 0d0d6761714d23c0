using System.Text;
using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>A <see cref="SimulatedDisk"/> as one process sees it, until it is killed or the power fails.</summary>
/// <param name="disk">The disk.</param>
/// <param name="owner">The process, if this is a directory that it holds open; null for the process itself.</param>
internal class SimulatedProcess(SimulatedDisk disk, SimulatedProcess? owner = null) : IFileSystem
{
    readonly List<SimulatedFile> _opened = owner?._opened ?? [];
    readonly List<IDisposable> _locks = owner?._locks ?? [];
    bool _isDead;

    /// <summary>The process itself, also if this is a directory that it holds open.</summary>
    public SimulatedProcess Process => owner ?? this;

    public bool IsDead => owner?.IsDead ?? _isDead;

    public SimulatedDisk Disk { get; } = disk;

    SimulatedNames Names => Disk.Names;

    public SpaceLeft? SpaceLeft(string directory) => Disk.CapacityBytes == long.MaxValue ? null : new SpaceLeft(Math.Max(0, Disk.CapacityBytes - Disk.UsedBytes), Disk.CapacityBytes);

    public bool DirectoryExists(string path)
    {
        var stands = false;
        Disk.Atomic(this, IoKind.Read, "open", path, () => stands = Names.DirectoryExists(At(path)));
        return stands;
    }

    public bool FileExists(string path)
    {
        var stands = false;
        Disk.Atomic(this, IoKind.Read, "open", path, () => stands = Names.Find(At(path)) is not null);
        return stands;
    }

    public void CreateDirectory(string path)
    {
        foreach (var directory in FileNames.WithParents(FileNames.Trimmed(path)).Where(IsReached))
        {
            if (Names.DirectoryExists(At(directory))) continue;
            Disk.Atomic(this, IoKind.Create, "create directory", path, () =>
            {
                if (Names.Find(At(directory)) is not null) throw new LedgerIOException(path, "create directory", DiskReasons.Exists);
                Names.CreateDirectory(At(directory));
                Names.Sync(FileNames.DirectoryOf(At(directory)));
            });
        }
    }

    public IReadOnlyList<string> List(string directory)
    {
        IReadOnlyList<string> names = [];
        Disk.Atomic(this, IoKind.Read, "list", directory, () =>
        {
            if (Names.List(At(directory)) is { } standing) names = [.. standing.Order(FileNames.ByUtf8Bytes)];
            else if (Names.Find(At(directory)) is not null) throw new LedgerIOException(directory, "list", DiskReasons.NotDirectory);
        });
        return names;
    }

    public IReadOnlyList<string> ListDirectories(string directory)
    {
        IReadOnlyList<string> names = [];
        Disk.Atomic(this, IoKind.Read, "list", directory, () => names = Names.ListDirectories(At(directory)));
        return names;
    }

    public IStorageFile Open(string path, FileOpening opening)
    {
        var creates = opening == FileOpening.CreateNew;
        var operation = creates ? "create" : "open";
        SimulatedFile? file = null;
        Disk.Atomic(this, creates ? IoKind.Create : IoKind.Read, operation, path, () =>
        {
            RefuseDirectory(path, operation);
            file = Names.Find(At(path));
            if (creates) file = file is null ? Create(path, operation) : throw new LedgerIOException(path, operation, DiskReasons.Exists);
            if (file is null) throw new LedgerIOException(path, operation, DiskReasons.NoSuchFile);
        });
        return new SimulatedFileHandle(this, Opened(file!), path, writable: opening != FileOpening.ReadOnly);
    }

    public void Rename(string from, string to) => Disk.Atomic(this, IoKind.Rename, "rename", from, () =>
    {
        RefuseDirectory(to, "rename");
        var file = Names.Find(At(from)) ?? throw new LedgerIOException(from, "rename", DiskReasons.NoSuchFile);
        RefuseWithoutDirectory(to, "rename");
        var replaced = Names.Find(At(to));
        if (replaced == file) return;
        Names.Rename(At(from), At(to), file);
        if (replaced is not null) Unlinked(replaced);
    });

    public void Delete(string path) => Disk.Atomic(this, IoKind.Delete, "delete", path, () =>
    {
        RefuseDirectory(path, "delete");
        if (Names.Find(At(path)) is not { } file) return;
        Names.Remove(At(path));
        Unlinked(file);
    });

    public void SyncDirectory(string path) => Disk.Atomic(this, IoKind.SyncDirectory, "sync directory", path, () =>
    {
        if (!Names.DirectoryExists(At(path)))
            throw new LedgerIOException(path, "sync directory", Names.Find(At(path)) is null ? DiskReasons.NoSuchFile : DiskReasons.NotDirectory);
        Names.Sync(At(path));
    });

    public IOpenDirectory OpenDirectory(string path)
    {
        SimulatedRoot? root = null;
        Disk.Atomic(this, IoKind.Read, "open", path, () =>
            root = Names.OpenDirectory(At(path)) ?? throw new LedgerIOException(path, "open", Names.Find(At(path)) is null ? DiskReasons.NoSuchFile : DiskReasons.NotDirectory));
        return new SimulatedDirectory(Disk, owner ?? this, FileNames.Trimmed(path), root!);
    }

    public IHeldLock? TryLock(string path, string holder, out LockHolder heldBy)
    {
        SimulatedLock? taken = null;
        var found = LockHolder.Unknown;
        Disk.Atomic(this, Names.Find(At(path)) is null ? IoKind.Create : IoKind.Read, "lock", path, () =>
        {
            RefuseDirectory(path, "lock");
            RefuseWithoutDirectory(path, "lock");
            if (HolderOf(path) is { } held)
            {
                found = new LockHolder(Names.Find(At(path)) is { } standing ? TextIn(standing) : "", held.Process == (owner ?? this));
                return;
            }

            // As on the real disk, a lock without space for its text is a lock.
            var file = Names.Find(At(path)) ?? Create(path, "lock");
            var bytes = Encoding.UTF8.GetBytes(holder);
            Resize(file, 0);
            file.Write(bytes.AsSpan(0, (int)Disk.TakeSpace(file, 0, bytes.Length)), 0);
            taken = new SimulatedLock(owner ?? this, file, Disk.LocksDirectories ? Names.LockOf(At(path)) : null, () => Names.Find(At(path)));
            _locks.Add(taken); // here, because a process that is killed right now releases it, too
        });
        heldBy = found;
        return taken;
    }

    public bool IsLocked(string path)
    {
        var isLocked = false;
        Disk.Atomic(this, IoKind.Read, "look at lock", path, () =>
        {
            RefuseDirectory(path, "lock");
            isLocked = HolderOf(path) is not null;
        });
        return isLocked;
    }

    public ISharedPage OpenSharedPage(string path, bool writable)
    {
        SimulatedFile? file = null;
        Disk.Atomic(this, writable && Names.Find(At(path)) is null ? IoKind.Create : IoKind.Read, "map", path, () =>
        {
            RefuseDirectory(path, "map");
            file = Names.Find(At(path));
            if (writable)
            {
                file ??= Create(path, "map");
                if (Disk.TakeSpace(file, 0, ISharedPage.Size) < ISharedPage.Size) throw Disk.Full(path, "map");
                file.GrowTo(ISharedPage.Size);
            }

            if (file is null) throw new LedgerIOException(path, "map", DiskReasons.NoSuchFile);
            if (file.Seen.Length < ISharedPage.Size) throw new LedgerIOException(path, "map", "The file is shorter than the page");
        });
        return new SimulatedSharedPage(this, Opened(file!), path, writable);
    }

    public void ThrowIfDead()
    {
        if (IsDead) throw new PowerLostException("This process is dead");
    }

    public void Die() => _isDead = true;

    /// <summary>What the system does for a process that ends.</summary>
    public void LetGo()
    {
        foreach (var file in _opened) LetGo(file);
        foreach (var held in _locks) held.Dispose();
        _opened.Clear();
    }

    public void Closed(SimulatedFile file)
    {
        if (IsDead) return;
        _opened.Remove(file);
        LetGo(file);
    }

    public void Resize(SimulatedFile file, long length)
    {
        Disk.ReleaseSpace(file.Space.CutTo(length));
        file.Resize(length);
    }

    /// <summary>The path on the disk.</summary>
    protected virtual string At(string path) => path;

    /// <summary>Whether a directory above a path matters: the directories above one that is held open may have been replaced.</summary>
    protected virtual bool IsReached(string directory) => true;

    SimulatedLock? HolderOf(string path) => Names.LockOf(At(path))?.LockedBy ?? Names.Find(At(path))?.LockedBy;

    static string TextIn(SimulatedFile file)
    {
        var text = new byte[file.Seen.Length];
        file.Seen.Read(text, 0);
        return Encoding.UTF8.GetString(text);
    }

    void LetGo(SimulatedFile file)
    {
        file.OpenCount--;
        Disk.ReleaseIfDeleted(file);
    }

    SimulatedFile Opened(SimulatedFile file)
    {
        file.OpenCount++;
        _opened.Add(file);
        return file;
    }

    SimulatedFile Create(string path, string operation)
    {
        RefuseWithoutDirectory(path, operation);
        return Disk.CreateFile(path, At(path), operation);
    }

    void Unlinked(SimulatedFile file)
    {
        file.HasName = false;
        Disk.ReleaseIfDeleted(file);
    }

    void RefuseDirectory(string path, string operation)
    {
        if (Names.DirectoryExists(At(path))) throw new LedgerIOException(path, operation, DiskReasons.IsDirectory);
    }

    void RefuseWithoutDirectory(string path, string operation)
    {
        var directory = FileNames.DirectoryOf(path);
        if (Names.DirectoryExists(At(directory))) return;
        throw new LedgerIOException(path, operation, Names.Find(At(directory)) is null ? DiskReasons.NoSuchFile : DiskReasons.NotDirectory);
    }
}
