namespace Factstone.Storage;

/// <summary>Opens files when they are first read, and bounds how many are open and mapped at a time.</summary>
/// <remarks>
/// Always true: a file is not closed during a read, and no mapping is unmapped here. A mapping that is released to make
/// room is left to the collector, which unmaps it when no reader holds it any more. Threads: any number; the lock is
/// not held during I/O, except to close a file.
/// </remarks>
internal sealed class FilePool(IFileSystem files, int openMax, int mappedMax)
{
    /// <summary>With fewer, files would be closed and opened again all the time.</summary>
    public const int OpenMin = 4;

    readonly Lock _gate = new();
    readonly List<PooledFile> _open = [];
    readonly List<Segment> _mapped = [];
    readonly List<WeakReference<IMappedFile>> _leaving = [];
    int _openHand;
    int _mappedHand;

    public FilePool(IFileSystem files, StorageOptions options) : this(files, options.OpenFilesMax, options.MappedFilesMax) { }

    /// <summary>A file that is opened when it is first read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="movedTo">The path that the file may have been moved to, unchanged; null if it is never moved.</param>
    public PooledFile Add(string path, string? movedTo = null) => new(this, path) { MovedTo = movedTo };

    /// <summary>A file that is already open, and stays open until <see cref="PooledFile.Unpin"/>.</summary>
    public PooledFile Pin(IStorageFile file) => new(this, file);

    /// <summary>Opens a file for reading. If the process has no descriptor left, unused files are closed first.</summary>
    internal IStorageFile Open(string path)
    {
        lock (_gate) MakeRoomToOpen(openMax - 1);
        try
        {
            return files.Open(path, FileOpening.ReadOnly);
        }
        catch (LedgerIOException failure) when (failure.IsOutOfDescriptors)
        {
            lock (_gate)
            {
                var before = _open.Count;
                MakeRoomToOpen(0);
                if (_open.Count == before) throw;
            }

            return files.Open(path, FileOpening.ReadOnly);
        }
    }

    internal bool Exists(string path) => files.FileExists(path);

    internal void Opened(PooledFile file)
    {
        lock (_gate)
        {
            _open.Add(file);
            MakeRoomToOpen(openMax);
        }
    }

    internal void Closed(PooledFile file)
    {
        lock (_gate) _open.Remove(file);
    }

    /// <summary>Whether one more file may be mapped. Makes room if it can.</summary>
    internal bool TryMakeRoomToMap()
    {
        lock (_gate)
        {
            if (_mapped.Count < mappedMax) return true;
            _leaving.RemoveAll(static mapping => !mapping.TryGetTarget(out _));
            if (_leaving.Count >= mappedMax) return false;

            var segment = NextMapped();
            if (segment.ReleaseMapping() is { } mapping) _leaving.Add(new WeakReference<IMappedFile>(mapping));
            _mapped.Remove(segment);

            // Old objects are collected rarely, and each of these mappings holds address space until then.
            if (_leaving.Count >= mappedMax) GC.Collect(GC.MaxGeneration, GCCollectionMode.Optimized, blocking: false);
            return true;
        }
    }

    internal void Mapped(Segment segment)
    {
        lock (_gate) _mapped.Add(segment);
    }

    /// <summary>The next mapping that was not read since the clock hand last passed it.</summary>
    Segment NextMapped()
    {
        for (var remaining = 2 * _mapped.Count; ; remaining--)
        {
            _mappedHand = (_mappedHand + 1) % _mapped.Count;
            var segment = _mapped[_mappedHand];
            if (!segment.WasUsed() || remaining == 0) return segment;
        }
    }

    /// <summary>Closes unused files until at most this many are open; the least recently read ones first.</summary>
    void MakeRoomToOpen(int max)
    {
        for (var remaining = 2 * _open.Count; remaining > 0 && _open.Count > Math.Max(max, 0); remaining--)
        {
            _openHand = (_openHand + 1) % _open.Count;
            var file = _open[_openHand];
            if (!file.WasUsed() && file.TryClose()) _open.RemoveAt(_openHand);
        }
    }
}
