namespace Factstone.Storage;

/// <summary>A directory that a backup or a restore fills. Until that is finished it has a mark, with which it cannot be opened.</summary>
/// <remarks>
/// Always true: the mark is durable before anything else is created there, and it is removed last, when all else is durable.
/// So an interruption leaves an empty directory, a marked one, or a finished one. The directory's lock is held meanwhile.
/// </remarks>
internal sealed class TargetDirectory : IDisposable
{
    readonly LockedDirectory _directory;
    readonly LedgerLayout _layout;
    readonly IFileSystem _files;

    TargetDirectory(LockedDirectory directory, LedgerLayout layout) => (_directory, _layout, _files) = (directory, layout, directory.Files);

    /// <summary>The file system, whose paths below the directory begin at that directory.</summary>
    public IFileSystem Files => _files;

    /// <summary>Marks a new or empty directory. If it has the mark of the same operation, it is emptied first, to start over.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="layout">The directory.</param>
    /// <param name="options">How long to wait for its lock.</param>
    /// <param name="work"><see cref="UnfinishedMark.Backup"/> or <see cref="UnfinishedMark.Restore"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DirectoryNotEmptyException">The directory contains something else.</exception>
    /// <exception cref="LedgerUnfinishedException">The directory has the mark of another operation.</exception>
    /// <exception cref="LedgerLockedException">Another process works in the directory.</exception>
    public static TargetDirectory Begin(IFileSystem files, LedgerLayout layout, StorageOptions options, string work, CancellationToken cancellationToken)
    {
        if (files.FileExists(layout.Root)) throw new LedgerIOException(layout.Root, $"{work} into a directory", "it is a file");

        // Checked before the lock is taken, which creates a file; and again after it, because another process may have worked here meanwhile.
        RefuseOther(files, layout, work);
        files.CreateDirectory(layout.Root);
        var target = new TargetDirectory(LockedDirectory.Open(files, layout, options, cancellationToken), layout);
        try
        {
            RefuseOther(target.Files, layout, work);
            target.Mark(work);
            return target;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    /// <summary>Removes the mark, when everything in the directory is durable.</summary>
    /// <remarks>A failure here leaves a directory that is marked, or whole without the mark.</remarks>
    /// <exception cref="LedgerLockedException">The lock was taken away: what another process has done here since is unknown.</exception>
    public void Finish()
    {
        if (_directory.WhyLost() is { } why) throw new LedgerLockedException(_layout.Root, $"another process: {why}", TimeSpan.Zero);
        _files.Delete(_layout.Unfinished);
        _files.SyncDirectory(_layout.Root);
    }

    /// <summary>Removes what was written, as far as possible; only empty directories and <c>LOCK</c> remain. What cannot be removed stays marked.</summary>
    public void Remove()
    {
        try
        {
            Clear();
            Finish();
        }
        catch (FactstoneException)
        {
            // The mark is removed last, so the remains cannot be opened, and the next attempt starts over.
        }
    }

    public void Dispose() => _directory.Dispose();

    void Mark(string work)
    {
        try
        {
            if (_files.FileExists(_layout.Unfinished))
            {
                Clear();

                // The earlier attempt may have stopped before the mark was whole, or durable.
                _files.Delete(_layout.Unfinished);
            }

            UnfinishedMark.Write(_files, _layout, work);
            _files.CreateDirectory(_layout.Segments);
            _files.CreateDirectory(_layout.Index);
        }
        catch
        {
            Remove();
            throw;
        }
    }

    void Clear()
    {
        foreach (var path in Own(_layout)) _files.Delete(path);
        var shards = _files.ListDirectories(_layout.Blobs).Where(BlobLayout.IsShard).Select(name => $"{_layout.Blobs}/{name}");
        foreach (var directory in shards.Concat([_layout.Segments, _layout.Index]))
        {
            if (!_files.DirectoryExists(directory)) continue;
            foreach (var name in _files.List(directory)) _files.Delete($"{directory}/{name}");
            _files.SyncDirectory(directory);
        }

        _files.SyncDirectory(_layout.Root);
    }

    static void RefuseOther(IFileSystem files, LedgerLayout layout, string work)
    {
        var isMarked = files.FileExists(layout.Unfinished);
        if (isMarked && UnfinishedMark.Read(files, layout) is { } other && other != work) throw new LedgerUnfinishedException(layout.Root, other);

        // A lock file proves nothing: a process that was refused here may have created it. Nor do empty directories of ours.
        var allowed = new HashSet<string>(StringComparer.Ordinal) { FileNames.NameOf(layout.Lock), FileNames.NameOf(layout.Unfinished) };
        if (isMarked) allowed.UnionWith(Own(layout).Select(FileNames.NameOf));
        if (files.List(layout.Root).FirstOrDefault(name => !allowed.Contains(name)) is { } file) throw new DirectoryNotEmptyException(layout.Root, work, file);
        foreach (var name in files.ListDirectories(layout.Root))
        {
            var path = $"{layout.Root}/{name}";
            var isOwn = path == layout.Blobs ? IsOwnBlobs(files, path, isMarked) : (path == layout.Segments || path == layout.Index) && HoldsFilesOnly(files, path, isMarked);
            if (!isOwn) throw new DirectoryNotEmptyException(layout.Root, work, name);
        }
    }

    /// <summary>The directories of blobs are kept when the blobs in them are removed.</summary>
    static bool IsOwnBlobs(IFileSystem files, string path, bool isMarked) =>
        files.List(path).Count == 0 && files.ListDirectories(path).All(name => BlobLayout.IsShard(name) && HoldsFilesOnly(files, $"{path}/{name}", isMarked));

    static bool HoldsFilesOnly(IFileSystem files, string path, bool isMarked) => files.ListDirectories(path).Count == 0 && (isMarked || files.List(path).Count == 0);

    static string[] Own(LedgerLayout layout) => [layout.Backup, layout.NewBackup, layout.Manifest, layout.NewManifest, layout.Head];
}
