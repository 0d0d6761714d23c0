namespace Factstone;

/// <summary>One version of a projection, as far as it is folded in this process. What does not depend on the type of its state.</summary>
/// <remarks>
/// Always true: every fact of the source up to <see cref="Seen"/> is in the states; a state that has later ones says so.
/// Threads: any number fold and read; one at a time has the turn to fold, and one at a time writes a snapshot.
/// </remarks>
internal abstract class KeptVersion(ProjectionHost host, Projection definition)
{
    long _seen;
    int _isSnapshotStarted;
    volatile bool _isRetired;
    volatile bool _writesNoSnapshots;

    public ProjectionHost Host => host;

    /// <summary>Whether it was opened to be read only.</summary>
    public bool ReadsOnly { get; } = host.ReadsOnly;

    public Projection Definition => definition;

    public VersionCheckpoint Checkpoint { get; } = new(host, definition);

    /// <summary>Every fact of the source up to here is folded.</summary>
    public Position Seen
    {
        get => new(Volatile.Read(ref _seen));
        protected set => Volatile.Write(ref _seen, value.Value);
    }

    /// <summary>Why it does not fold any more; null if it does.</summary>
    public ProjectionFailedException? Failure { get; private set; }

    /// <summary>Called when everything is forgotten, because what is stored cannot be used.</summary>
    public Action? Forgotten { get; set; }

    /// <summary>Called when it has failed.</summary>
    public Action? HasFailed { get; set; }

    /// <summary>Whether the writer, in another process, has folded and then dropped facts that are not folded here, so that its checkpoint has to be read again.</summary>
    public bool IsOutdated { get; protected set; }

    protected ProjectionTurn Turn { get; } = new();

    /// <summary>Reads the checkpoint. What does not fit is not used, and a notice says so.</summary>
    /// <exception cref="ProjectionRefusedException">The version has another source or other groups, or a newer version of Factstone has written it.</exception>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        var unfit = await Checkpoint.OpenAsync(cancellationToken).ConfigureAwait(false);
        if (unfit is not null) Notify(new LedgerNotice.ProjectionRebuilt(definition.Name, definition.Version, unfit));
        Begin();
    }

    /// <summary>Folds up to a position, which the ledger has reached, or until the projection fails.</summary>
    public async ValueTask FoldToAsync(Position position, CancellationToken cancellationToken)
    {
        while (Seen < position && Failure is null && !_isRetired)
        {
            if (Turn.TryTake() is { } other)
            {
                await other.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            try
            {
                if (Seen < position && !await TryFoldAsync(cancellationToken).ConfigureAwait(false)) return;
            }
            finally
            {
                Turn.End();
            }
        }
    }

    /// <summary>Folds up to a position, and writes a snapshot that covers it, before a truncation drops facts up to there. Otherwise they would be missing after a crash.</summary>
    /// <exception cref="FactstoneException">The snapshot cannot be written now.</exception>
    public async ValueTask CoverAsync(Position position, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var epoch = Epoch;
                await FoldToAsync(position, cancellationToken).ConfigureAwait(false);
                if (Failure is not null || _isRetired || Checkpoint.Stored?.Cursor.Position >= position) return;
                await SnapshotAsync().ConfigureAwait(false);
                if (Epoch == epoch) return; // otherwise what is stored could not be used, and the facts are folded again
            }
        }
        catch (ProjectionFailedException)
        {
            // It does not fold any more, with these facts or without them.
        }
    }

    /// <summary>From now on facts are read on another thread while others are folded, if many are missing.</summary>
    /// <param name="until">The position of the last of them.</param>
    /// <param name="read">Called while nobody folds or forgets.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>What was read.</returns>
    public async ValueTask<T> ReadAheadAsync<T>(Position until, Func<T> read, CancellationToken cancellationToken)
    {
        await Turn.TakeAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (until.Value - Seen.Value >= host.Limits.ReadAheadMin && !host.Limits.IsManual) BeginReadingAhead(until, cancellationToken);
            return read();
        }
        finally
        {
            Turn.End();
        }
    }

    /// <summary>Facts are read by who folds them. It needs no turn, so that a close does not wait for one.</summary>
    public abstract void EndReadingAhead();

    /// <summary>Forgets everything, and folds from the first fact again.</summary>
    /// <param name="epoch">The epoch of the states that cannot be used; nothing happens if they were forgotten since.</param>
    /// <param name="why">Why, as a sentence.</param>
    public async ValueTask ForgetAsync(int epoch, string why)
    {
        await Turn.TakeAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await ForgetInTurnAsync(epoch, why).ConfigureAwait(false);
        }
        finally
        {
            Turn.End();
        }
    }

    /// <summary>Writes the states that have changed, then the checkpoint. If what is stored cannot be used, everything is forgotten, and nothing is written.</summary>
    /// <param name="promotion">Makes the version the current one, in the same step as the checkpoint; null to leave that as it is.</param>
    public async ValueTask SnapshotAsync(Promotion? promotion = null)
    {
        Invariant.Holds(!ReadsOnly);
        var epoch = Epoch;
        try
        {
            await WriteSnapshotAsync(promotion).ConfigureAwait(false);
        }
        catch (UnreadableSnapshotException unreadable)
        {
            await ForgetAsync(epoch, unreadable.Message).ConfigureAwait(false);
        }
    }

    /// <summary>Writes a snapshot beside the folding, unless one is being written.</summary>
    protected void StartSnapshot()
    {
        if (host.Limits.IsManual || ReadsOnly || _writesNoSnapshots || Interlocked.Exchange(ref _isSnapshotStarted, 1) == 1) return;
        _ = Task.Run(async () =>
        {
            try
            {
                await TrySnapshotAsync().ConfigureAwait(false);
            }
            finally
            {
                Volatile.Write(ref _isSnapshotStarted, 0);
            }
        });
    }

    /// <summary>Writes a snapshot, if that is possible now.</summary>
    /// <param name="isInTurn">Whether the caller has the turn to fold, and handles what cannot be used.</param>
    public async ValueTask TrySnapshotAsync(bool isInTurn = false)
    {
        if (_writesNoSnapshots || ReadsOnly) return;
        try
        {
            if (isInTurn) await WriteSnapshotAsync(promotion: null).ConfigureAwait(false);
            else await SnapshotAsync().ConfigureAwait(false);
        }
        catch (FactstoneException notNow)
        {
            if (notNow is not ProjectionFailedException) Notify(new LedgerNotice.SnapshotNotWritten(definition.Name, definition.Version, notNow));
        }
        catch (ObjectDisposedException)
        {
            // The ledger was closed. The facts since the last snapshot are folded by the next open.
        }
    }

    /// <summary>Writes no further snapshot, because another version takes its place. It still folds.</summary>
    public async ValueTask EndSnapshotsAsync()
    {
        _writesNoSnapshots = true;
        await WaitForSnapshotAsync().ConfigureAwait(false);
    }

    /// <summary>Writes snapshots again: no other version has taken its place.</summary>
    public void ContinueSnapshots() => _writesNoSnapshots = false;

    /// <summary>Folds no more.</summary>
    public void Retire() => _isRetired = _writesNoSnapshots = true;

    /// <summary>Whether another version takes the place of this one, so that a snapshot would bring back a checkpoint that is being deleted.</summary>
    protected bool WritesNoSnapshots => _writesNoSnapshots;

    /// <summary>Waits for the snapshot that is being written.</summary>
    protected abstract ValueTask WaitForSnapshotAsync();

    /// <summary>Whether as many groups are in memory as may be.</summary>
    public abstract bool IsFull { get; }

    /// <summary>Raised when everything is forgotten.</summary>
    protected abstract int Epoch { get; }

    /// <exception cref="UnreadableSnapshotException">What is stored cannot be used.</exception>
    protected abstract ValueTask WriteSnapshotAsync(Promotion? promotion);

    /// <summary>One turn of folding: as many facts as there are, or as many as others can wait for.</summary>
    /// <returns>Whether it has come further.</returns>
    protected abstract ValueTask<bool> TryFoldAsync(CancellationToken cancellationToken);

    protected abstract void BeginReadingAhead(Position until, CancellationToken cancellationToken);

    protected abstract ValueTask ForgetInTurnAsync(int epoch, string why);

    /// <summary>Takes over the checkpoint that was read.</summary>
    protected abstract void Begin();

    protected ProjectionFailedException Fail(Position position, string what, Exception thrown)
    {
        var failure = thrown as ProjectionFailedException ?? new ProjectionFailedException(definition, position, what, thrown);
        if (Failure is not null) return failure;
        Failure = failure;
        HasFailed?.Invoke();
        Notify(new LedgerNotice.ProjectionFailed(failure));
        return failure;
    }

    protected void Notify(LedgerNotice notice)
    {
        try
        {
            host.Notice?.Invoke(notice);
        }
        catch (Exception thrown) when (thrown is not MachineStoppedException)
        {
            // The callback's code runs within an append, a read or the background. An exception in it must not end any of these.
        }
    }
}
