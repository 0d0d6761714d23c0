namespace Factstone.Storage;

/// <summary>A ledger in files: the common part of an open for writing and an open for reading only, which includes all reads.</summary>
/// <remarks>
/// Always true: <see cref="Head"/> is durable, and the index is complete up to it. Threads: any number of readers,
/// next to one thread that appends or reads what a writer has published.
/// </remarks>
internal abstract class FileStorage : IFactStorage
{
    readonly IDisposable _directory;
    readonly ILedgerOpening _opening;
    readonly DamageLog _damage;
    readonly ReaderGate _gate = new();
    int _isDisposed;

    /// <param name="files">The file system. Its paths below the ledger's directory are resolved from the open directory.</param>
    /// <param name="directory">Released last.</param>
    /// <param name="layout">The paths of the ledger's files.</param>
    /// <param name="options">The options that the ledger was opened with.</param>
    /// <param name="opening">What the open found.</param>
    /// <param name="found">Damage that the open found.</param>
    /// <param name="builder">The builder of runs; null if this storage writes none.</param>
    protected FileStorage(IFileSystem files, IDisposable directory, LedgerLayout layout, StorageOptions options, ILedgerOpening opening, IReadOnlyList<Damage> found, IndexBuilder? builder)
    {
        _directory = directory;
        _opening = opening;
        Index = opening.Index;
        _damage = new DamageLog(opening.Runs.Suspect);
        _damage.Add([.. found]);
        opening.Directory.Report = one => _damage.Add(one);
        Files = files;
        Layout = layout;
        Options = options;
        Id = opening.Manifest.LedgerId;
        Epoch = opening.Manifest.Epoch;
        CurrentHead = new CurrentHead(options.Scheduler);
        var log = new LogStretch(files, layout, options, opening.Directory, () => opening.NewestManifest);
        Rebuild = new RunRebuild(layout, options, Index, log, _damage, builder, opening.Runs, _gate);
        Facts = new IndexedReading(Index, opening.Lost, _damage, Rebuild, _gate, options);
        Truncations = new StreamTruncations(Index, Facts, ReadEntry);
        Queries = new QueryReading(Index, _damage, Facts, Truncations);
    }

    public LedgerId Id { get; }

    public long Epoch { get; }

    public string Location => Layout.Root;

    public bool IsReadOnly => Appending is null;

    public OpeningReport Opening { get; protected set; } = new();

    public StorageHead Head => CurrentHead.Value;

    public bool IsClosed => Volatile.Read(ref _isDisposed) != 0;

    public bool IsEndUnknown => Index.IsEndUnknown;

    public IReadOnlyList<Damage> Damage => _damage.All;

    public abstract IFactAppending? Appending { get; }

    public abstract bool MayHoldMore { get; }

    public abstract IReadOnlyList<WorkerFailure> WorkerFailures { get; }

    /// <summary>For tests, and for reads by query.</summary>
    public FactIndex Index { get; }

    /// <summary>The file system and the directory from which a backup copies the ledger.</summary>
    public (IFileSystem Files, string Root) FilesAndRoot => (Files, Layout.Root);

    /// <summary>The blobs of the ledger. The caller disposes of them before this.</summary>
    public FileBlobStore OpenBlobs() => FileBlobStore.OfLedger(Files, Layout, IsReadOnly, new BlobStorageOptions { Time = Options.Time });

    protected IFileSystem Files { get; }

    protected LedgerLayout Layout { get; }

    protected StorageOptions Options { get; }

    protected CurrentHead CurrentHead { get; }

    protected RunRebuild Rebuild { get; }

    protected IndexedReading Facts { get; }

    protected QueryReading Queries { get; }

    protected StreamTruncations Truncations { get; }

    /// <summary>Where the log ends in its current segment; 0 if that is not known.</summary>
    protected abstract long Tail { get; }

    /// <summary>Opens a ledger for writing. If there is none, it creates one.</summary>
    public static FileStorage Open(IFileSystem files, string root, StorageOptions options, CancellationToken cancellationToken) => LockedStorage.OpenLocked(files, root, options, cancellationToken);

    /// <summary>Opens a ledger for reading only, with or without an active writer. It changes nothing.</summary>
    public static ReadOnlyStorage OpenReadOnly(IFileSystem files, string root, StorageOptions options, CancellationToken cancellationToken = default) => ReadOnlyStorage.OpenUnlocked(files, root, options, cancellationToken);

    public Position LastCommonWith(long epoch) => _opening.Manifest.LastCommonWith(epoch);

    public virtual void Refresh(CancellationToken cancellationToken)
    {
    }

    public ValueTask WaitForHeadAsync(Position beyond, CancellationToken cancellationToken) => CurrentHead.Watch.WaitAsync(
        () =>
        {
            if (Head.Position > beyond) return true;
            BeforeWait();
            return false;
        },
        cancellationToken);

    public Position PositionAt(long recordedBy, CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);
        return Facts.PositionAt(recordedBy, Head);
    }

    public StreamState StateAt(StreamName stream, Position until, CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);
        return Facts.StateAt(stream, until);
    }

    public Position LastTruncation => Truncations.LastReceipt;

    public Truncated? FindTruncated(StreamName stream, CancellationToken cancellationToken = default)
    {
        if (!Index.MayHaveTruncations) return null;
        using var caller = CallerToken.Set(cancellationToken);
        return Truncations.Find(stream);
    }

    public VersionExtent ExtentOf(StreamName stream, StreamVersion first, StreamVersion last, CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);
        return Facts.ExtentOf(stream, first, last);
    }

    public AppendSpan? FindAppend(string appendId, CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);
        return Facts.FindAppend(appendId, Head.Position);
    }

    public Fact? ReadAt(Position position, CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);
        return Facts.ReadAt(position);
    }

    public Fact? ReadLatest(StreamName stream, Position until, CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);
        return Facts.ReadLatest(stream, until);
    }

    public bool VisitLatest(StreamName stream, Position until, FactVisitor visitor, CancellationToken cancellationToken)
    {
        using var caller = CallerToken.Set(cancellationToken);
        return Facts.VisitLatest(stream, until, visitor);
    }

    public Fact? ReadLatestRecordedBy(StreamName stream, long recordedBy, CancellationToken cancellationToken = default)
    {
        Index.Prefetch(stream); // to find the position takes about as long as the prefetch
        return ReadLatest(stream, PositionAt(recordedBy, cancellationToken), cancellationToken);
    }

    public IEnumerable<Fact> Read(Position from, Position until, bool backward, CancellationToken cancellationToken = default) =>
        CallerToken.During(Facts.Read(from, until, backward), cancellationToken);

    public IEnumerable<Fact> ReadQuery(FactQuery query, Position after, Position until, bool backward, CancellationToken cancellationToken = default) =>
        CallerToken.During(Queries.Read(query, after, until, backward), cancellationToken);

    public long CountQuery(FactQuery query, Position after, Position until, CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);
        return Queries.Count(query, after, until);
    }

    public IEnumerable<Fact> ReadStream(StreamName stream, StreamVersion from, Position until, bool backward, CancellationToken cancellationToken = default) =>
        CallerToken.During(Facts.ReadStream(stream, from, until, backward), cancellationToken);

    public void Fold(Position from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken)
    {
        using var caller = CallerToken.Set(cancellationToken);
        Facts.Fold(from, until, backward, visitor, cancellationToken);
    }

    public void FoldQuery(FactQuery query, Position after, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken)
    {
        using var caller = CallerToken.Set(cancellationToken);
        Queries.Fold(query, after, until, backward, visitor, cancellationToken);
    }

    public void FoldStream(StreamName stream, StreamVersion from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken)
    {
        using var caller = CallerToken.Set(cancellationToken);
        Facts.FoldStream(stream, from, until, backward, visitor, cancellationToken);
    }

    public IEnumerable<Fact> ReadValues(string store, string prefix, string? after, Position until, long limit, CancellationToken cancellationToken) =>
        CallerToken.During(Facts.ReadValues(store, prefix, after, until, limit, cancellationToken), cancellationToken);

    public IReadOnlyList<StoreCount> Stores(CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);
        return Facts.Stores(Head.Position);
    }

    public IEnumerable<(StreamName Stream, StreamState State)> Streams(string store, string prefix, string? after, Position until, long expected, CancellationToken cancellationToken = default) =>
        CallerToken.During(Facts.Streams(store, prefix, after, until, expected), cancellationToken);

    public CellState StateOf(CellName cell, CancellationToken cancellationToken = default) => FindCell(cell, cancellationToken)?.State ?? default;

    public Cell? ReadCell(CellName cell, CancellationToken cancellationToken = default) =>
        FindCell(cell, cancellationToken) is { IsDeleted: false } entry ? ReadEntry(cell, entry) : null;

    public IEnumerable<string> CellBuckets(CancellationToken cancellationToken = default) => CallerToken.During(Facts.CellBuckets(), cancellationToken);

    public IEnumerable<string> CellNames(string bucket, string prefix, string? after, CancellationToken cancellationToken = default) =>
        CallerToken.During(Facts.CellNames(bucket, prefix, after), cancellationToken);

    public IReadOnlyList<StoredCell> ReadAppendCells(string appendId, CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);
        if (Facts.FrameOfCells(appendId) is not { } location) return [];
        var segment = _opening.Directory.Find(location.Base, location.Generation) ?? throw new LedgerDamagedException($"The cells of the append '{appendId}' cannot be read.", Damage);
        using var window = NewWindow();
        return new CellReader(Layout, _opening.Directory, _damage, window).ReadFrame(segment, location.FileOffset);
    }

    public StorageStatistics Statistics(CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);
        var manifest = _opening.NewestManifest;
        var tail = Tail;
        var (runs, runBytes) = Index.CountRuns();
        return new StorageStatistics(Head.Position.Value - _opening.Lost.Count, Index.Streams, Facts.CountStores(), Index.AppendIds + _opening.Lost.AppendIds, Facts.CountCells(), manifest.Segments.Count, manifest.SealedBytes + tail, runs, runBytes)
        {
            IsAppendingSlowed = runs > IndexPacing.RunsMax,
            IndexRebuild = Index.RebuildProgress(),
            IsIndexShortOfSpace = _opening.Runs.Space.IsShort,
        };
    }

    /// <summary>The runs of the index, in order, consecutive from position 1.</summary>
    public IReadOnlyList<Run> Runs() => [.. Index.Parts.ToArray().OfType<Run>()];

    /// <summary>Ends waits and reads, completes the log, and closes all files. The order matters: a worker writes to the files that are closed after it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        EndWaits();
        CurrentHead.Watch.Close();
        try
        {
            CloseLog();
        }
        finally
        {
            EndWork();
            if (_gate.Close()) _opening.Directory.KeepMapped();
            Index.CloseRuns();
            CloseFiles();
            _directory.Dispose();
        }
    }

    /// <summary>Adds damage that was found after the open.</summary>
    protected void AddDamage(IReadOnlyList<Damage> found) => _damage.Add([.. found]);

    /// <summary>Called before a wait for the head begins.</summary>
    protected virtual void BeforeWait()
    {
    }

    /// <summary>Ends the waits of this storage for other processes.</summary>
    protected virtual void EndWaits()
    {
    }

    /// <summary>Writes the closing frame of the session to the log.</summary>
    protected virtual void CloseLog()
    {
    }

    /// <summary>Stops the workers.</summary>
    protected virtual void EndWork()
    {
    }

    protected virtual void CloseFiles() => _opening.CloseFiles();

    CellEntry? FindCell(CellName cell, CancellationToken cancellationToken)
    {
        using var caller = CallerToken.Set(cancellationToken);
        return Facts.FindKnownCell(cell);
    }

    Cell ReadEntry(CellName cell, CellEntry entry)
    {
        using var reading = _gate.Enter(); // the file is not closed before the value is copied
        using var tools = ReadingTools.Take(_damage, values: null);
        return new CellReader(Layout, _opening.Directory, _damage, tools.Window).Read(cell, entry);
    }

    static FileWindow NewWindow() => new(2 * 1_024, 256 * 1_024);
}
