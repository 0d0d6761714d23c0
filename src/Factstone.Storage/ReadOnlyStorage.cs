namespace Factstone.Storage;

/// <summary>A ledger that was opened for reading only, with or without an active writer.</summary>
/// <remarks>Threads: any number of readers. A lock admits one at a time to read what the writer has published.</remarks>
internal sealed class ReadOnlyStorage : FileStorage
{
    /// <summary>A reader that waits for another one checks for cancellation this often.</summary>
    static readonly TimeSpan RefreshingPause = TimeSpan.FromMilliseconds(5);

    readonly Lock _refreshing = new();
    readonly ReadOnlyOpening _opening;
    readonly List<Damage> _foundDamage;
    readonly HeadPoll _poll;

    ReadOnlyStorage(IOpenDirectory files, LedgerLayout layout, StorageOptions options, ReadOnlyOpening opening, List<Damage> damage)
        : base(files, files, layout, options, opening, damage, builder: null)
    {
        _opening = opening;
        _foundDamage = damage;
        _poll = new HeadPoll(options.Time, CurrentHead.Watch, () => Refresh(CancellationToken.None));
        CurrentHead.Set(PublishedHead());
    }

    public override IFactAppending? Appending => null;

    public override bool MayHoldMore => false;

    public override IReadOnlyList<WorkerFailure> WorkerFailures => WorkerFailureFile.Read(Files, Layout);

    /// <summary>Whether a writer had the ledger open at the same time.</summary>
    public bool IsBesideWriter { get; private init; }

    protected override long Tail => _opening.Published?.FileOffset ?? 0;

    public static ReadOnlyStorage OpenUnlocked(IFileSystem files, string root, StorageOptions options, CancellationToken cancellationToken)
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
        return TryOpen(files, layout, options, isAlone, started, cancellationToken) ?? TryOpen(files, layout, options, isAlone: false, started, cancellationToken)!;
    }

    public override void Refresh(CancellationToken cancellationToken)
    {
        while (!_refreshing.TryEnter(RefreshingPause)) cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (IsClosed || !_opening.Refresh(cancellationToken)) return;
            CurrentHead.Set(PublishedHead());
            AddDamage(_foundDamage);

            // Runs are adopted after the head is set. The next refresh returns at once if HEAD has not moved, so a failure before
            // the head is set would keep this reader at an old head until the next append.
            _opening.TryAdoptRuns();
        }
        catch (OperationCanceledException) when (IsClosed && !cancellationToken.IsCancellationRequested)
        {
            // A read that continues is refused, because the ledger is closed.
        }
        finally
        {
            _refreshing.Exit();
        }
    }

    /// <summary>Compares the given runs with the log.</summary>
    public (int Compared, IReadOnlyList<Damage> Damage, IReadOnlyList<Damage> DamagedBlocks) VerifyRuns(IReadOnlyList<Run> runs, Action<Position> progress) =>
        RunVerification.Run(Files, Layout, Options with { OpeningProgress = null, BranchTaken = null }, _opening.Manifest, _opening.Directory, runs, _opening.PublishedEnd, progress);

    /// <summary>Files of the index that are not used, in a ledger without an active writer.</summary>
    public IReadOnlyList<Damage> UnusedRuns() =>
        IsBesideWriter || Files.FileExists(Layout.Backup) ? [] : [.. _opening.Runs.Rejected.Select(static path => new Damage(path, 0, Position.None, Position.None, "This index file is incomplete, damaged, or belongs to another log."))];

    /// <summary>Files of the index that are not used, in a backup. When the backup was made, all of them were undamaged and matched its log.</summary>
    public IReadOnlyList<Damage> UnusedRunsOfBackup()
    {
        if (!Files.FileExists(Layout.Backup)) return [];
        var used = Runs().Select(run => FileNames.NameOf(run.Path)).ToHashSet(StringComparer.Ordinal);
        return [.. Files.List(Layout.Index).Where(name => RunDirectory.IsRun(name) && !used.Contains(name)).Select(name =>
            new Damage($"{Layout.Index}/{name}", 0, Position.None, Position.None, "The file is damaged, or follows a damaged one. An open of the backup reads the log instead."))];
    }

    protected override void BeforeWait() => _poll.Start();

    protected override void EndWaits()
    {
        _opening.StopWaiting();
        _poll.Dispose();
    }

    protected override void CloseFiles()
    {
        lock (_refreshing)
        {
            _opening.Dispose();
            _opening.CloseFiles();
        }
    }

    /// <summary>Null when a writer has started although none was expected: what was found may be the work of that writer, and not what an earlier one left.</summary>
    static ReadOnlyStorage? TryOpen(IFileSystem files, LedgerLayout layout, StorageOptions options, bool isAlone, long started, CancellationToken cancellationToken)
    {
        var damage = new List<Damage>();
        var backup = BackupFile.Read(files, layout);
        var directory = files.OpenDirectory(layout.Root);
        var opening = new ReadOnlyOpening(directory, layout, options, new FactIndex(options), damage, backup);
        try
        {
            opening.Run(isAlone, cancellationToken);
            if (!isAlone || !directory.IsLocked(layout.Lock))
                return new ReadOnlyStorage(directory, layout, options, opening, damage) { IsBesideWriter = !isAlone && !opening.IsBackup, Opening = opening.Report with { Duration = options.Time.GetElapsedTime(started) } };
        }
        catch (FactstoneException) when (isAlone && directory.IsLocked(layout.Lock))
        {
            // The ledger is opened again, next to the writer.
        }
        catch
        {
            opening.CloseFiles();
            directory.Dispose();
            throw;
        }

        opening.Dispose();
        opening.Index.CloseRuns();
        opening.CloseFiles();
        directory.Dispose();
        return null;
    }

    StorageHead PublishedHead() => _opening.Published is { } slot
        ? new StorageHead(Options.Defect == Defect.ReadBeyondHead ? new Position(Index.Next.Value - 1) : slot.Position, slot.RecordedAt)
        : new StorageHead(new Position(Index.Next.Value - 1), Index.LastTime);
}
