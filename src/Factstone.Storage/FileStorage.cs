namespace Factstone.Storage;

/// <summary>A ledger in files: opened, read and appended to.</summary>
/// <remarks>
/// Always true: <see cref="Head"/> is durable, and the index says all there is to say up to it. Threads: one at a time
/// appends; any number read. A read-only opener reads under a lock when it takes in what is new.
/// </remarks>
internal sealed class FileStorage : IFactStorage
{
    /// <summary>Whoever waits for another reader looks this often whether to go on waiting.</summary>
    static readonly TimeSpan RefreshingPause = TimeSpan.FromMilliseconds(5);

    readonly Lock _refreshing = new();
    readonly IFileSystem _files;
    readonly LedgerLayout _layout;
    readonly StorageOptions _options;
    readonly IDisposable _directory;
    readonly WriterGuard? _guard;
    readonly LedgerOpening? _opening;
    readonly ReadOnlyOpening? _reading;
    readonly List<Damage> _foundByReading = [];
    readonly DamageLog _damage;
    readonly ReaderGate _gate = new();
    readonly SegmentDirectory _segments;
    readonly LostFacts _lost;
    readonly FactIndex _index;
    readonly IndexedReading _facts;
    readonly QueryReading _queries;
    readonly Preallocation? _space;
    readonly IWorker? _zeroing;
    readonly IWorker? _indexing;
    readonly LogWriter? _writer;
    readonly HeadWatch _watch;
    readonly HeadPoll? _poll;
    StrongBox _head = new(default);
    bool _isContinued;
    volatile bool _hidesFacts;
    int _isDisposed;

    FileStorage(LockedDirectory directory, LedgerLayout layout, StorageOptions options, LedgerOpening opening)
    {
        var files = directory.Files;
        _files = files;
        _layout = layout;
        _options = options;
        _watch = new HeadWatch(options.Scheduler);
        _directory = directory;
        _opening = opening;
        _index = opening.Index;
        _damage = new DamageLog(opening.Runs.Suspect);
        _segments = opening.Directory;
        _lost = opening.Lost;
        _damage.Add([.. opening.Damage]);
        _segments.Report = one => _damage.Add(one);
        Id = opening.Manifest.LedgerId;
        Epoch = opening.Manifest.Epoch;
        SetHead(new StorageHead(new Position(_index.Next.Value - 1), opening.LastTime));
        _hidesFacts = opening.HidesFacts;
        var rebuild = new RunRebuild(files, layout, options, _index, opening.Directory, () => opening.Chain?.Manifest ?? opening.Manifest, _damage, opening.Builder, opening.Runs);
        _facts = new IndexedReading(_index, _lost, _damage, rebuild, _gate, options);
        _queries = new QueryReading(_index, _lost, _damage, _facts);
        if (opening.Chain is not { } chain) return;

        opening.Builder.Rebuild = rebuild.Rebuild;
        var merging = new IdleMerging(_index, opening.Builder, options);
        bool BuildOrMerge() => opening.Builder.Step() || merging.Step();
        _indexing = options.Scheduler.Start("factstone index", () => opening.Failures.Step(WorkerFailure.Index, BuildOrMerge));
        merging.StepLater = _indexing.WakeLater;
        _indexing.Wake(); // it may have looked before it could ask
        _space = new Preallocation(files, layout, options);
        _zeroing = options.Scheduler.Start("factstone zeroing", () => opening.Failures.Step(WorkerFailure.Preallocation, _space.Step));
        _guard = new WriterGuard(directory, opening.Head, Id, Epoch);
        _writer = new LogWriter(_index, _lost, _facts, _queries, chain, _space, _zeroing, _guard, options, Publish, WriteRun);
    }

    FileStorage(IOpenDirectory files, LedgerLayout layout, StorageOptions options, ReadOnlyOpening reading, List<Damage> damage)
    {
        _files = files;
        _directory = files;
        _layout = layout;
        _options = options;
        _watch = new HeadWatch(options.Scheduler);
        _poll = new HeadPoll(options.Time, _watch, () => Refresh(CancellationToken.None));
        _reading = reading;
        _index = reading.Index;
        _damage = new DamageLog(reading.Runs.Suspect);
        _lost = reading.Lost;
        _segments = reading.Directory;
        _foundByReading = damage;
        _damage.Add([.. damage]);
        _segments.Report = one => _damage.Add(one);
        var rebuild = new RunRebuild(files, layout, options, _index, reading.Directory, () => reading.Manifest, _damage, builder: null, reading.Runs);
        _facts = new IndexedReading(_index, _lost, _damage, rebuild, _gate, options);
        _queries = new QueryReading(_index, _lost, _damage, _facts);
        Id = reading.Manifest.LedgerId;
        Epoch = reading.Manifest.Epoch;
        SetHead(PublishedHead());
    }

    public LedgerId Id { get; }

    public long Epoch { get; }

    public Position LastCommonWith(long epoch) => (_opening?.Manifest ?? _reading!.Manifest).LastCommonWith(epoch);

    /// <summary>Where its files are, for who copies them.</summary>
    public (IFileSystem Files, string Root) FilesAndRoot => (_files, _layout.Root);

    public string Location => _layout.Root;

    public bool IsReadOnly => _reading is not null;

    /// <summary>For a read-only opener: whether a writer had the ledger open meanwhile.</summary>
    public bool IsBesideWriter { get; private init; }

    /// <summary>For tests, and for who reads by query.</summary>
    public FactIndex Index => _index;

    public OpeningReport Opening { get; private set; } = new();

    public StorageHead Head => Volatile.Read(ref _head).Value;

    public bool IsClosed => Volatile.Read(ref _isDisposed) != 0;

    public bool IsEndUnknown => _index.IsEndUnknown;

    public bool MayHoldMore => _hidesFacts || _writer?.HasUnknown == true;

    public IReadOnlyList<Damage> Damage => _damage.All;

    public IReadOnlyList<WorkerFailure> WorkerFailures => _opening?.Failures.All ?? WorkerFailureFile.Read(_files, _layout);

    /// <summary>Opens a ledger for writing; makes one where there is none.</summary>
    public static FileStorage Open(IFileSystem files, string root, StorageOptions options, CancellationToken cancellationToken)
    {
        var started = options.Time.GetTimestamp();
        var layout = new LedgerLayout(root);
        options = Descriptors.Fit(files, root, options, isWriter: true);
        if (files.FileExists(root)) throw new LedgerIOException(root, "opening a ledger", "it is a file, and a ledger is a directory");
        LedgerDirectory.RefuseForWriting(files, layout);
        files.CreateDirectory(root);
        var directory = LockedDirectory.Open(files, layout, options, cancellationToken);
        WorkerFailureFile.TryRemove(directory.Files, layout);
        var opening = new LedgerOpening(directory.Files, layout, options);
        FileStorage? storage = null;
        try
        {
            LedgerDirectory.RefuseForWriting(directory.Files, layout); // who held the lock may have been a restore
            directory.Files.CreateDirectory(layout.Segments);
            opening.Run();
            storage = new FileStorage(directory, layout, options, opening);
            if (opening.Chain is not null && opening.Pending is null)
            {
                storage.ContinueLog();
                storage.PublishOpening();
            }

            storage.Opening = opening.Report with { Duration = options.Time.GetElapsedTime(started), ClockLag = ClockLag(storage.Head.RecordedAt, options) };
            return storage;
        }
        catch
        {
            // Before the lock is free: a worker that went on would zero what the next writer has written.
            storage?.StopWorkers();
            opening.CloseFiles();
            directory.Dispose();
            throw;
        }
        finally
        {
            opening.Dispose();
        }
    }

    /// <summary>How far the clock is behind the last recorded time; zero when it is not. One that is far behind is told.</summary>
    static TimeSpan ClockLag(long lastTime, StorageOptions options)
    {
        var now = options.Time.GetUtcNow();
        var lag = TimeSpan.FromMicroseconds(Math.Max(0, lastTime - Microseconds.From(now)));
        if (lag > LedgerNotice.ClockBehind.DistanceMin) options.Tell(new LedgerNotice.ClockBehind(lag, Microseconds.ToTime(lastTime), now));
        return lag;
    }

    /// <summary>Opens a ledger beside its writer, or without one; changes nothing.</summary>
    public static FileStorage OpenReadOnly(IFileSystem files, string root, StorageOptions options, CancellationToken cancellationToken = default)
    {
        var started = options.Time.GetTimestamp();
        var layout = new LedgerLayout(root);
        options = Descriptors.Fit(files, root, options, isWriter: false);
        if (files.FileExists(root)) throw new LedgerNotFoundException(root, "it is a file, and a ledger is a directory.");
        LedgerDirectory.RefuseUnfinished(files, layout);
        if (!LedgerDirectory.HoldsLedger(files, layout))
            throw new LedgerNotFoundException(root, "the directory does not contain one. The first append creates one: factstone append orders/42 placed '{\"total\":50}'");

        options.BranchTaken?.Invoke(RecoveryBranch.ReadOnlyOpen);
        var isAlone = !files.IsLocked(layout.Lock);
        return OpenReadOnly(files, layout, options, isAlone, started, cancellationToken) ?? OpenReadOnly(files, layout, options, isAlone: false, started, cancellationToken)!;
    }

    /// <summary>Null where a writer has come while nobody was expected to write: what looked like the remains of a writer may have been its work.</summary>
    static FileStorage? OpenReadOnly(IFileSystem files, LedgerLayout layout, StorageOptions options, bool isAlone, long started, CancellationToken cancellationToken)
    {
        var damage = new List<Damage>();
        var backup = BackupFile.Read(files, layout);
        var directory = files.OpenDirectory(layout.Root);
        var reading = new ReadOnlyOpening(directory, layout, options, new FactIndex(options), damage, backup);
        try
        {
            reading.Run(isAlone, cancellationToken);
            if (!isAlone || !directory.IsLocked(layout.Lock))
                return new FileStorage(directory, layout, options, reading, damage) { IsBesideWriter = !isAlone && !reading.IsBackup, Opening = reading.Report with { Duration = options.Time.GetElapsedTime(started) } };
        }
        catch (FactstoneException) when (isAlone && directory.IsLocked(layout.Lock))
        {
            // It is opened once more, beside the writer.
        }
        catch
        {
            reading.CloseFiles();
            directory.Dispose();
            throw;
        }

        reading.Dispose();
        reading.Index.CloseRuns();
        reading.CloseFiles();
        directory.Dispose();
        return null;
    }

    public void Refresh(CancellationToken cancellationToken)
    {
        if (_reading is not { } reading) return;
        while (!_refreshing.TryEnter(RefreshingPause)) cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (IsClosed || !reading.Refresh(cancellationToken)) return;
            SetHead(PublishedHead());
            _damage.Add([.. _foundByReading]);

            // Only now: the next refresh returns at once where HEAD has not moved since, so a failure before the head is
            // set would leave this reader behind until the next append.
            reading.TryAdoptRuns();
        }
        catch (OperationCanceledException) when (IsClosed && !cancellationToken.IsCancellationRequested)
        {
            // Whoever goes on to read is refused, because the ledger is closed.
        }
        finally
        {
            _refreshing.Exit();
        }
    }

    public ValueTask WaitForHeadAsync(Position beyond, CancellationToken cancellationToken) => _watch.WaitAsync(
        () =>
        {
            if (Head.Position > beyond) return true;
            _poll?.Start();
            return false;
        },
        cancellationToken);

    public StreamState StateAt(StreamName stream, Position until) => _facts.StateAt(stream, until);

    public void Prefetch(StreamName stream) => _index.Prefetch(stream);

    public AppendSpan? FindAppend(string appendId) => _facts.FindAppend(appendId, Head.Position);

    public long PreparedUntil => _index.PreparedUntil;

    public AppendSnapshot Prepare(PreparedAppend append)
    {
        var snapshot = _facts.Prepare(append);
        return append.QueryNames == 0 ? snapshot : _queries.Prepare(append, snapshot, Head.Position);
    }

    public Position PositionAt(long recordedBy) => _facts.PositionAt(recordedBy, Head);

    public IEnumerable<Fact> Read(Position from, Position until, bool backward) => _facts.Read(from, until, backward);

    public IEnumerable<Fact> ReadQuery(FactQuery query, Position after, Position until, bool backward) => _queries.Read(query, after, until, backward);

    public long CountQuery(FactQuery query, Position after, Position until) => _queries.Count(query, after, until);

    public IEnumerable<Fact> ReadStream(StreamName stream, StreamVersion from, Position until, bool backward) => _facts.ReadStream(stream, from, until, backward);

    public Fact? ReadAt(Position position) => _facts.ReadAt(position);

    public Fact? ReadLatest(StreamName stream, Position until) => _facts.ReadLatest(stream, until);

    public IEnumerable<Fact> ReadValues(string store, string prefix, string? after, Position until, long limit, CancellationToken cancellationToken) =>
        _facts.ReadValues(store, prefix, after, until, limit, cancellationToken);

    public void Fold(Position from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken) => _facts.Fold(from, until, backward, visitor, cancellationToken);

    public void FoldQuery(FactQuery query, Position after, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken) => _queries.Fold(query, after, until, backward, visitor, cancellationToken);

    public void FoldStream(StreamName stream, StreamVersion from, Position until, bool backward, FactVisitor visitor, CancellationToken cancellationToken) => _facts.FoldStream(stream, from, until, backward, visitor, cancellationToken);

    public IReadOnlyList<StoreCount> Stores() => _facts.Stores(Head.Position);

    public IEnumerable<(StreamName Stream, StreamState State)> Streams(string store, string prefix, string? after, Position until, long expected) =>
        _facts.Streams(store, prefix, after, until, expected);

    public CellState StateOf(CellName cell) => _facts.FindKnownCell(cell)?.State ?? default;

    public Cell? ReadCell(CellName cell)
    {
        if (_facts.FindKnownCell(cell) is not { IsDeleted: false } entry) return null;
        using var window = NewWindow();
        return new CellReader(_layout, _segments, _damage, window).Read(cell, entry);
    }

    public IEnumerable<string> CellNames(string bucket, string prefix, string? after) => _facts.CellNames(bucket, prefix, after);

    public IReadOnlyList<StoredCell> ReadAppendCells(string appendId)
    {
        if (_facts.FrameOfCells(appendId) is not { } location) return [];
        var segment = _segments.Find(location.Base, location.Generation) ?? throw new LedgerDamagedException($"The cells of the append '{appendId}' cannot be read.", Damage);
        using var window = NewWindow();
        return new CellReader(_layout, _segments, _damage, window).ReadFrame(segment, location.FileOffset);
    }

    public IAppendSession BeginAppend()
    {
        if (_writer is null || Damage.Count > 0) throw new LedgerDamagedException("Nothing was appended: the ledger is damaged.", Damage);
        if (!_isContinued)
        {
            _opening!.Resume();
            ContinueLog();
            Opening = _opening.Report with { Duration = Opening.Duration, ClockLag = Opening.ClockLag };
            PublishOpening();
        }

        if (_opening!.HasUnlistedSegments) _opening.RemoveUnlistedSegments();
        KeepMemorySmall();
        _writer.Begin();
        return _writer;
    }

    /// <summary>Completes what is full in memory, for the run builder. Where that cannot keep up, the writer helps; where it cannot write, or has stopped, the writer stops at twice the bound.</summary>
    void KeepMemorySmall()
    {
        var builder = _opening!.Builder;
        if (_index.IsFull && _index.HasUnwritten)
        {
            while (_index.HasUnwritten && builder.Step()) { }
            if (_index.HasUnwritten && builder is { Stopped: null, Failure: { } failure }) throw failure;
        }

        if (builder.Stopped is { } stopped && _index.IsTwiceFull) throw LedgerIndexException.OfAppend(_layout.Root, stopped);
        if (!_index.IsFull) return;
        _index.Freeze(_writer!.Location);
        _index.ForgetOldMemory();
        _indexing!.Wake();
    }

    public StorageStatistics Statistics()
    {
        var manifest = _opening?.Chain?.Manifest ?? _opening?.Manifest ?? _reading!.Manifest;
        var tail = _writer is { } writer && _isContinued ? writer.Tail : _reading?.Published?.FileOffset ?? 0;
        var (runs, runBytes) = _index.CountRuns();
        return new StorageStatistics(Head.Position.Value - _lost.Count, _index.Streams, _facts.CountStores(), _index.AppendIds + _lost.AppendIds, _facts.CountCells(), manifest.Segments.Count, manifest.SealedBytes + tail, runs, runBytes);
    }

    /// <summary>The runs that stand, which follow one another from position 1 on.</summary>
    public IReadOnlyList<Run> Runs() => [.. _index.Parts.ToArray().OfType<Run>()];

    /// <summary>For a read-only opener: compares runs that were found with the log.</summary>
    public (int Compared, IReadOnlyList<Damage> Damage, IReadOnlyList<Damage> DamagedBlocks) VerifyRuns(IReadOnlyList<Run> runs, Action<Position> progress) =>
        RunVerification.Run(_files, _layout, _options with { OpeningProgress = null, BranchTaken = null }, _reading!.Manifest, _segments, runs, _reading.PublishedEnd, progress);

    /// <summary>For a read-only opener without a writer beside it: files of the index that are of no use.</summary>
    public IReadOnlyList<Damage> UnusedRuns() =>
        _reading is null || IsBesideWriter || _files.FileExists(_layout.Backup) ? [] : [.. _reading.Runs.Rejected.Select(static path => new Damage(path, 0, Position.None, Position.None, "This index file is incomplete, damaged, or belongs to another log."))];

    /// <summary>For a read-only opener of a backup: files of its index that are not used. All of them were whole and of its log when it was made.</summary>
    public IReadOnlyList<Damage> UnusedRunsOfBackup()
    {
        if (!_files.FileExists(_layout.Backup)) return [];
        var used = Runs().Select(run => FileNames.NameOf(run.Path)).ToHashSet(StringComparer.Ordinal);
        return [.. _files.List(_layout.Index).Where(name => !used.Contains(name)).Select(name =>
            new Damage($"{_layout.Index}/{name}", 0, Position.None, Position.None, "The file is damaged, or follows a damaged one. An open of the backup reads the log instead."))];
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        _reading?.StopWaiting();
        _poll?.Dispose();
        _watch.Close();
        try
        {
            if (_writer is not null) CloseLog(_writer);
        }
        finally
        {
            StopWorkers();
            _opening?.Builder.Dispose();
            if (_gate.Close()) _segments.KeepMapped();
            _index.CloseRuns();
            _opening?.CloseFiles();
            lock (_refreshing)
            {
                _reading?.Dispose();
                _reading?.CloseFiles();
            }

            _directory.Dispose();
        }
    }

    void StopWorkers()
    {
        _indexing?.Stop();
        _zeroing?.Stop();
        _space?.Dispose();
    }

    void CloseLog(LogWriter writer)
    {
        var isUnchanged = !writer.HasWritten && _opening!.Report.WasClosedCleanly;
        if (!_isContinued || writer.HasFailed || Damage.Count > 0 || _guard!.WhyLost() is not null) return;
        try
        {
            if (!isUnchanged) writer.Close();
            WriteLastRun(writer);
            if (isUnchanged) return;
            _opening!.Head.PublishDurably(Slot(Head, writer.Tail, isClean: true));
            _options.BranchTaken?.Invoke(RecoveryBranch.ClosedCleanly);
        }
        catch (FactstoneException)
        {
            // Nothing that was acknowledged depends on a clean close: the next open finds no mark, and recovers.
        }
    }

    /// <summary>So that the next open has nothing to read. Where it cannot be written, that open reads the last facts from the log.</summary>
    void WriteLastRun(LogWriter writer)
    {
        if (!_index.Active.HasAny) return;
        _indexing!.Stop();
        WriteRun(writer.Location);
    }

    void WriteRun(LogLocation end)
    {
        _index.Freeze(end);
        try
        {
            _opening!.Builder.BuildAll();
        }
        catch (FactstoneException)
        {
            _options.BranchTaken?.Invoke(RecoveryBranch.RunNotWritten);
        }
    }

    void ContinueLog()
    {
        _writer!.Continue(_opening!.Tail, _opening.LastTime, _opening.PreallocatedEnd);
        _isContinued = true;
    }

    /// <summary>Says where the log goes on, after anything but a clean open, which leaves nothing to say.</summary>
    void PublishOpening()
    {
        var head = new StorageHead(new Position(_index.Next.Value - 1), _opening!.LastTime);
        SetHead(head);
        _hidesFacts = false;
        if (!_opening.Report.WasClosedCleanly || _opening.Report.HeadWasRebuilt)
            _opening.Head.PublishDurably(Slot(head, _opening.Tail, isClean: _opening.Report.WasClosedCleanly));
        _opening.TryRemoveLeftovers();
    }

    void Publish(StorageHead head, long fileOffset)
    {
        _opening!.Head.Publish(Slot(head, fileOffset, isClean: false));
        SetHead(head);
    }

    HeadSlot Slot(StorageHead head, long fileOffset, bool isClean)
    {
        var chain = _opening!.Chain!;
        var segment = chain.Current.Header;
        return new HeadSlot
        {
            Sequence = 0,
            LedgerId = Id,
            Epoch = Epoch,
            ManifestGeneration = chain.Manifest.Generation,
            Position = head.Position,
            RecordedAt = head.RecordedAt,
            SegmentBase = segment.BasePosition,
            SegmentGeneration = segment.Generation,
            FileOffset = fileOffset,
            IsClean = isClean,
        };
    }

    StorageHead PublishedHead() => _reading!.Published is { } slot
        ? new StorageHead(_options.Defect == Defect.ReadBeyondHead ? new Position(_index.Next.Value - 1) : slot.Position, slot.RecordedAt)
        : new StorageHead(new Position(_index.Next.Value - 1), _index.LastTime);

    static FileWindow NewWindow() => new(2 * 1_024, 256 * 1_024);

    void SetHead(StorageHead head)
    {
        Volatile.Write(ref _head, new StrongBox(head));
        _watch.Moved();
    }

    /// <summary>Lets a reader see position and time of the head together.</summary>
    sealed class StrongBox(StorageHead value)
    {
        public StorageHead Value { get; } = value;
    }
}
