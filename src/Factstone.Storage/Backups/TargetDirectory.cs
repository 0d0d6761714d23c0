namespace Factstone.Storage;

/// <summary>A directory that a backup or a restore fills. Until that is finished it has a mark, with which it opens neither for reading nor for writing.</summary>
/// <remarks>
/// Always true: the mark is durable before anything else is made there, and it is removed last, when all else is durable.
/// So whatever stops the work leaves an empty directory, a marked one, or a finished one. The directory's lock is held meanwhile.
/// </remarks>
internal sealed class TargetDirectory : IDisposable
{
    readonly LockedDirectory _directory;
    readonly LedgerLayout _layout;
    readonly IFileSystem _files;

    TargetDirectory(LockedDirectory directory, LedgerLayout layout) => (_directory, _layout, _files) = (directory, layout, directory.Files);

    /// <summary>The file system, whose paths below the directory begin at that directory.</summary>
    public IFileSystem Files => _files;

    /// <summary>Marks a new or empty directory. One with the mark of the same work is emptied first: the work starts over.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="layout">Which directory.</param>
    /// <param name="options">How long to wait for its lock.</param>
    /// <param name="work"><see cref="UnfinishedMark.Backup"/> or <see cref="UnfinishedMark.Restore"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DirectoryNotEmptyException">Something else is in it.</exception>
    /// <exception cref="LedgerUnfinishedException">It has the mark of another work.</exception>
    /// <exception cref="LedgerLockedException">Somebody is at work there.</exception>
    public static TargetDirectory Begin(IFileSystem files, LedgerLayout layout, StorageOptions options, string work, CancellationToken cancellationToken)
    {
        if (files.FileExists(layout.Root)) throw new LedgerIOException(layout.Root, $"{work} into a directory", "it is a file");

        // Before the lock is taken, which makes a file; and again with it, for somebody may have been at work meanwhile.
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

    /// <summary>Everything in it is durable: takes the mark away.</summary>
    /// <remarks>A failure here leaves a directory that is marked, or whole without the mark.</remarks>
    /// <exception cref="LedgerLockedException">Somebody has taken the lock away: nobody knows what another one has done there since.</exception>
    public void Finish()
    {
        if (_directory.WhyLost() is { } why) throw new LedgerLockedException(_layout.Root, $"another process: {why}", TimeSpan.Zero);
        _files.Delete(_layout.Unfinished);
        _files.SyncDirectory(_layout.Root);
    }

    /// <summary>Takes back what was written, as far as it can; only empty directories and <c>LOCK</c> are left. What it cannot remove stays marked.</summary>
    public void Remove()
    {
        try
        {
            Clear();
            Finish();
        }
        catch (FactstoneException)
        {
            // The mark is the last to go, so nothing opens what is left, and the next attempt starts over.
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

                // It may have been stopped before the mark was whole, or durable.
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
        foreach (var directory in new[] { _layout.Segments, _layout.Index })
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

        // A lock file says nothing: whoever was refused here may have made it. Nor do directories of ours that are empty.
        var allowed = new HashSet<string>(StringComparer.Ordinal) { FileNames.NameOf(layout.Lock), FileNames.NameOf(layout.Unfinished) };
        if (isMarked) allowed.UnionWith(Own(layout).Select(FileNames.NameOf));
        if (files.List(layout.Root).FirstOrDefault(name => !allowed.Contains(name)) is { } file) throw new DirectoryNotEmptyException(layout.Root, work, file);
        foreach (var name in files.ListDirectories(layout.Root))
        {
            var path = $"{layout.Root}/{name}";
            var isOwn = (path == layout.Segments || path == layout.Index) && files.ListDirectories(path).Count == 0;
            if (!isOwn || (!isMarked && files.List(path).Count > 0)) throw new DirectoryNotEmptyException(layout.Root, work, name);
        }
    }

    static string[] Own(LedgerLayout layout) => [layout.Backup, layout.NewBackup, layout.Manifest, layout.NewManifest, layout.Head];
}
