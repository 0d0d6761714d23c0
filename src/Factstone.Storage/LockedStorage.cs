namespace Factstone.Storage;

/// <summary>A ledger that was opened for writing: it holds the lock of the ledger, and keeps what the open found.</summary>
internal abstract class LockedStorage : FileStorage, IFactAppending
{
    protected LockedStorage(LockedDirectory directory, LedgerLayout layout, StorageOptions options, LedgerOpening opening)
        : base(directory.Files, directory, layout, options, opening, opening.Damage, opening.Builder)
    {
        LedgerOpening = opening;
        CurrentHead.Set(new StorageHead(new Position(Index.Next.Value - 1), opening.LastTime));
    }

    public override IFactAppending Appending => this;

    public override IReadOnlyList<WorkerFailure> WorkerFailures => LedgerOpening.Failures.All;

    protected LedgerOpening LedgerOpening { get; }

    public static LockedStorage OpenLocked(IFileSystem files, string root, StorageOptions options, CancellationToken cancellationToken)
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
        LockedStorage? storage = null;
        try
        {
            LedgerDirectory.RefuseForWriting(directory.Files, layout); // the lock may have been held by a restore
            directory.Files.CreateDirectory(layout.Segments);
            opening.Run();
            storage = opening.Chain is { } chain ? new WriterStorage(directory, layout, options, opening, chain) : new DamagedStorage(directory, layout, options, opening);
            storage.Start();
            BlobSeat.TryRemoveLeftovers(directory.Files, new BlobLayout(layout.Blobs), options.Time);
            storage.Opening = opening.Report with { Duration = options.Time.GetElapsedTime(started), ClockLag = ClockLag(storage.Head.RecordedAt, options) };
            return storage;
        }
        catch
        {
            // The workers stop before the lock is released: a worker that continued would zero what the next writer has written.
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

    public AppendSnapshot? Prepare(PreparedAppend append, out AppendSpan committed, CancellationToken cancellationToken = default)
    {
        using var caller = CallerToken.Set(cancellationToken);

        // The append is already durable, so the answer needs no writer.
        var until = Index.PreparedUntil;
        if (TryFind(append, out committed)) return null;
        var snapshot = Truncations.Prepare(append, Facts.Prepare(append));
        if (append.QueryNames > 0) snapshot = Queries.Prepare(append, snapshot, Head.Position);

        // The writer does not repeat the lookups that the snapshot covers, including that of the id. But a run that was made
        // since the lookup of the id may contain the id.
        return snapshot.Until != until && TryFind(append, out committed) ? null : snapshot;
    }

    public abstract IAppendSession Begin();

    /// <summary>Continues the log, if the open has completed the work of the last writer.</summary>
    protected abstract void Start();

    protected abstract void StopWorkers();

    protected override void EndWork()
    {
        StopWorkers();
        LedgerOpening.Builder.Dispose();
    }

    bool TryFind(PreparedAppend append, out AppendSpan committed)
    {
        var found = append.AppendId is { } id ? Facts.FindAppend(id, Head.Position) : null;
        committed = found.GetValueOrDefault();
        return found is not null;
    }

    /// <summary>The time by which the clock is behind the last recorded time; zero when it is not behind. A notice is given when it is far behind.</summary>
    static TimeSpan ClockLag(long lastTime, StorageOptions options)
    {
        var now = options.Time.GetUtcNow();
        var lag = TimeSpan.FromMicroseconds(Math.Max(0, lastTime - Microseconds.From(now)));
        if (lag > LedgerNotice.ClockBehind.DistanceMin) options.Notify(new LedgerNotice.ClockBehind(lag, Microseconds.ToTime(lastTime), now));
        return lag;
    }
}
