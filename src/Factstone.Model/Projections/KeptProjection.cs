using System.Text.Json;

namespace Factstone;

/// <summary>A projection that a ledger keeps: the newest version of its definition, and the one that answers until that has caught up.</summary>
/// <remarks>
/// Always true: at most one version answers. A version with a predecessor answers only when the step that makes it the current one is durable.
/// Threads: one runs the steps of its life; any number read and fold.
/// </remarks>
internal sealed class KeptProjection
{
    readonly ProjectionHost _host;
    readonly Lock _forgetting = new();
    volatile KeptVersion? _old;
    volatile TaskCompletionSource _answers = NewSignal();
    volatile TaskCompletionSource _becomesCurrent = NewSignal();
    volatile TaskCompletionSource _isForgotten = NewSignal();
    volatile bool _isCurrent;
    int _currentVersion;
    Position _builtTo;
    TaskCompletionSource? _builtFor;
    (long Timestamp, Position Seen) _started;

    public KeptProjection(ProjectionHost host, Projection definition, bool isInline)
    {
        (_host, Definition, IsInline) = (host, definition, isInline);
        Newest = definition.Keep(host);
        Newest.Forgotten = BuildAgain;
        Newest.HasFailed = () =>
        {
            Interlocked.MemoryBarrier(); // the failure is there before it is asked whether another one answers
            _becomesCurrent.TrySetResult(); // those who wait for it look again, and get the failure
            if (_old is null) _answers.TrySetResult(); // nobody else answers, and the answer is the failure
        };
    }

    public Projection Definition { get; }

    public bool IsInline { get; }

    /// <summary>Whether it was opened to be read only.</summary>
    public bool ReadsOnly => Newest.ReadsOnly;

    public KeptVersion Newest { get; }

    /// <summary>The version that answers until the newest has caught up; null if there is none.</summary>
    public KeptVersion? Old => _old;

    /// <summary>Whether appends wait for the newest version.</summary>
    public bool IsFoldedByAppends { get; private set; }

    /// <summary>Whether the step that makes the newest version the current one is durable.</summary>
    public bool IsCurrent => _isCurrent;

    /// <summary>The versions that an append folds before it is answered.</summary>
    public IEnumerable<KeptVersion> FoldedByAppends => !IsInline ? [] : (KeptVersion?[])[_old, IsFoldedByAppends ? Newest : null] is var both ? both.OfType<KeptVersion>() : [];

    /// <summary>The versions that fold facts before they are dropped: those that answer, and one that is being built, unless it is far behind.</summary>
    public IEnumerable<KeptVersion> CoveredBeforeDropping(Position position)
    {
        if (_old is { } old) yield return old;
        if (_isCurrent || IsFoldedByAppends || position.Value - Newest.Seen.Value <= _host.Limits.OpeningPositionsMax) yield return Newest;
    }

    /// <summary>Called when <see cref="FoldedByAppends"/> has changed.</summary>
    public Action? Changed { get; set; }

    /// <summary>Reads what is stored. Writes nothing.</summary>
    /// <exception cref="ProjectionRefusedException">What is stored does not fit the definition.</exception>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        var (current, _) = await VersionCell.ReadCurrentAsync(_host.Ledger, Definition.Name, cancellationToken).ConfigureAwait(false);
        if (current > Definition.Version)
            throw new ProjectionRefusedException(Definition.Name, Definition.Version, $"version {current} is current in this ledger. Use a definition with version {current} or higher, or drop the projection first. Nothing was written.");
        var old = current == 0 || current == Definition.Version ? null : FindReplaced(current)
            ?? throw new ProjectionRefusedException(Definition.Name, Definition.Version, $"version {current} is current in this ledger, and this version does not replace it. Set Replaces to the definition of version {current}, or drop the projection first. Nothing was written.");

        _currentVersion = current;
        await Newest.OpenAsync(cancellationToken).ConfigureAwait(false);
        if (old is not null)
        {
            var kept = old.Keep(_host);
            await kept.OpenAsync(cancellationToken).ConfigureAwait(false);
            kept.Forgotten = () =>
            {
                _old = null;
                Changed?.Invoke();
                Interlocked.MemoryBarrier();
                if (Newest.Failure is not null) _answers.TrySetResult(); // nobody else answers, and the answer is the failure
            };
            if (kept.Checkpoint.Stored is { State: ProjectionState.Current }) _old = kept; // otherwise it would have to be built itself
        }

        _isCurrent = current == Definition.Version && Newest.Checkpoint.Stored is { State: ProjectionState.Current };
    }

    /// <summary>Whether the writer in another process, or a late recovery, has changed what a reader has opened, or has written so much of it that it is better read again.</summary>
    public async ValueTask<bool> HasChangedAsync(CancellationToken cancellationToken)
    {
        if ((await VersionCell.ReadCurrentAsync(_host.Ledger, Definition.Name, cancellationToken).ConfigureAwait(false)).Version != _currentVersion) return true;
        return await HasChangedAsync(Newest, cancellationToken).ConfigureAwait(false) || (_old is { } old && await HasChangedAsync(old, cancellationToken).ConfigureAwait(false));
    }

    async ValueTask<bool> HasChangedAsync(KeptVersion version, CancellationToken cancellationToken)
    {
        if (version.IsOutdated) return true;
        var opened = version.Checkpoint.AsOpened;
        try
        {
            var now = await VersionCell.ReadAsync(_host.Ledger, Definition.Name, version.Definition.Version, cancellationToken).ConfigureAwait(false);
            return now?.Build != opened?.Build || now?.State != opened?.State || (version.IsFull && now?.Cursor.Position > opened?.Cursor.Position);
        }
        catch (JsonException)
        {
            return opened is not null;
        }
    }

    /// <summary>An async projection answers from the start: it may be behind.</summary>
    public void AnswerIfItMayBeBehind()
    {
        if (!IsInline && _isCurrent) _answers.TrySetResult();
    }

    /// <summary>Folds what is missing, if the open waits for it: an inline projection that answers, or that is not far behind.</summary>
    public async ValueTask CatchUpAtOpenAsync(CancellationToken cancellationToken)
    {
        var answers = _answers;
        AnswerIfItMayBeBehind();
        if (!IsInline) return;
        Changed?.Invoke();
        var head = await _host.Ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false);
        if (_old is not null) await _old.FoldToAsync(head, cancellationToken).ConfigureAwait(false);
        if (!_isCurrent && head.Value - Newest.Seen.Value > _host.Limits.OpeningPositionsMax) return;
        (_builtTo, _builtFor) = (await JoinAppendsAsync(cancellationToken).ConfigureAwait(false), answers);
        if (_old is null) answers.TrySetResult();
    }

    /// <summary>Writes the last snapshots. A first version that answers is made the current one, if the background has not come to it.</summary>
    public async ValueTask CloseAsync()
    {
        if (_old is { } old)
        {
            await old.TrySnapshotAsync().ConfigureAwait(false);
        }
        else if (!_isCurrent && _answers.Task.IsCompleted)
        {
            try
            {
                await PromoteAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception notNow) when (notNow is FactstoneException or ObjectDisposedException)
            {
                // The next open makes it the current one.
            }
        }

        await Newest.TrySnapshotAsync().ConfigureAwait(false);
    }

    /// <summary>Runs until the projections are closed.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_old is { } old && !IsInline) _ = FollowAsync(old, cancellationToken);
        while (true)
        {
            var forgotten = _isForgotten.Task;
            await RetryAsync(BuildAsync, cancellationToken).ConfigureAwait(false);
            await RetryAsync(PromoteAsync, cancellationToken).ConfigureAwait(false);
            await RetryAsync(CleanUpAsync, cancellationToken).ConfigureAwait(false);
            if (!IsInline) await FollowAsync(Newest, cancellationToken, forgotten).ConfigureAwait(false);
            await forgotten.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Folds until the newest version has caught up with the head, or has failed.</summary>
    /// <returns>Whether it is done.</returns>
    public async ValueTask<bool> BuildAsync(CancellationToken cancellationToken)
    {
        // If everything is forgotten meanwhile, this signal counts no more. It is taken in the turn, so that what is folded up to now is of this build.
        var head = await _host.Ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false);
        (var answers, _started) = await Newest.ReadAheadAsync(head, () => (_answers, (TimeProvider.System.GetTimestamp(), Newest.Seen)), cancellationToken).ConfigureAwait(false);
        Position reached;
        try
        {
            // A thread of its own: those of the pool are for callers.
            reached = _host.Limits.IsManual
                ? await FoldToHeadAsync(cancellationToken).ConfigureAwait(false)
                : await Task.Factory.StartNew(() => FoldToHeadAsync(cancellationToken).AsTask().GetAwaiter().GetResult(), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            Newest.EndReadingAhead();
        }

        if (IsInline) reached = await JoinAppendsAsync(cancellationToken).ConfigureAwait(false);
        (_builtTo, _builtFor) = (reached, answers);
        if (_old is null) answers.TrySetResult();
        return true;
    }

    /// <returns>Every fact up to here was folded, unless it has failed, or was forgotten meanwhile.</returns>
    async ValueTask<Position> FoldToHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var head = await _host.Ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false);
            if (Newest.Failure is not null || Newest.Seen >= head) return head;
            await Newest.FoldToAsync(Newest.Seen.Next(), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the newest version the current one, in one durable step, and retires the one before.</summary>
    /// <returns>Whether it is done.</returns>
    public async ValueTask<bool> PromoteAsync(CancellationToken cancellationToken)
    {
        if (_isCurrent || Newest.Failure is not null || ReadsOnly) return true;
        var (old, answers, becomesCurrent) = (_old, _answers, _becomesCurrent);
        if (_builtFor != answers) return true; // it was forgotten, and is built again
        var isCurrent = false;
        if (old is not null) await old.EndSnapshotsAsync().ConfigureAwait(false);
        try
        {
            var (_, currentCell) = await VersionCell.ReadCurrentAsync(_host.Ledger, Definition.Name, cancellationToken).ConfigureAwait(false);
            await Newest.SnapshotAsync(new Promotion(currentCell, await OtherVersionsAsync(old, cancellationToken).ConfigureAwait(false), _builtTo)).ConfigureAwait(false);
            lock (_forgetting) _isCurrent = isCurrent = answers == _answers && Newest.Checkpoint.Stored is { State: ProjectionState.Current };
        }
        finally
        {
            if (!isCurrent) old?.ContinueSnapshots();
        }

        if (!isCurrent) return true; // it is built again
        _old = null;
        Changed?.Invoke();
        old?.Retire();
        answers.TrySetResult();
        becomesCurrent.TrySetResult();
        return true;
    }

    /// <summary>Deletes the cells of versions that are dropped, and of earlier builds, in steps.</summary>
    /// <returns>Whether it is done.</returns>
    public async ValueTask<bool> CleanUpAsync(CancellationToken cancellationToken)
    {
        if (ReadsOnly) return true;
        foreach (var (version, cell) in await OtherVersionsAsync(old: null, cancellationToken).ConfigureAwait(false))
            if (cell.State == ProjectionState.Dropping) await ProjectionDeletion.DeleteVersionAsync(_host, Definition.Name, version, cell, cancellationToken).ConfigureAwait(false);
        if (Newest.Checkpoint.OldBuilds.Count == 0 || Newest.Checkpoint.Stored is null) return true;
        var deleted = Newest.Checkpoint.OldBuilds;
        foreach (var build in deleted) await ProjectionDeletion.DeleteBuildAsync(_host, build, cancellationToken).ConfigureAwait(false);
        Newest.Checkpoint.OldBuildsAreDeleted(deleted);
        return true;
    }

    /// <summary>Folds facts as they come.</summary>
    async Task FollowAsync(KeptVersion version, CancellationToken cancellationToken, Task? until = null)
    {
        while (version.Failure is null && (version == Newest || version == _old) && until?.IsCompleted != true)
        {
            var moved = _host.WaitForHeadAsync(version.Seen.Next(), cancellationToken).AsTask();
            if (until is not null && await Task.WhenAny(moved, until).ConfigureAwait(false) == until) return;
            try
            {
                if (!await moved.ConfigureAwait(false)) return;
            }
            catch (FactstoneException)
            {
                // A new fact cannot be read, perhaps one that is not of the source. The fold finds out.
                await Task.Delay(ProjectionHost.RetryAfter, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                await version.FoldToAsync(version.Seen.Next(), cancellationToken).ConfigureAwait(false);
            }
            catch (FactstoneException notNow) when (ProjectionHost.MayPass(notNow))
            {
                await Task.Delay(ProjectionHost.RetryAfter, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The version that answers for a definition; waits as long as none can.</summary>
    /// <exception cref="ProjectionRefusedException">Another definition of the version is kept, or the version was replaced.</exception>
    public async ValueTask<KeptVersion> AnsweringAsync(Projection asked, Func<KeptVersion, bool> canAnswer, CancellationToken cancellationToken)
    {
        var old = _old;
        if (asked.Version != Definition.Version)
        {
            if (old is not null && asked.Equals(old.Definition)) return old;
            throw new ProjectionRefusedException(asked.Name, asked.Version, $"this ledger keeps version {Definition.Version}.");
        }

        if (!asked.Equals(Definition)) throw new ProjectionRefusedException(asked.Name, asked.Version, "this ledger keeps another definition of the same version. Read with the definition that the ledger was opened with.");
        if (old is not null && canAnswer(old) && (!_answers.Task.IsCompleted || ReadsOnly)) return old;
        if (ReadsOnly) return Newest; // it folds when it is read
        await _host.WaitAsync(_answers.Task, cancellationToken).ConfigureAwait(false);
        return Newest;
    }

    /// <summary>The signal of the present build that it answers. Another one means that everything was forgotten.</summary>
    public object Build => _answers;

    /// <summary>Whether what a version has said is an answer.</summary>
    /// <param name="version">The version.</param>
    /// <param name="build">The build as it was before the version was asked.</param>
    public bool IsAnswering(KeptVersion version, object build) => build == Build && IsAnswering(version);

    /// <summary>Whether what a version says is an answer.</summary>
    public bool IsAnswering(KeptVersion version) => ReadsOnly ? !version.IsOutdated && (version == _old || version == Newest) : version == _old || (version == Newest && _answers.Task.IsCompleted);

    /// <summary>How far the newest version is; null once it is the current one.</summary>
    public async ValueTask<ProjectionProgress?> ProgressAsync(CancellationToken cancellationToken)
    {
        if (Newest.Failure is { } failure) throw failure;
        if (_isCurrent && (ReadsOnly || _answers.Task.IsCompleted)) return null;
        var (head, seen) = (await _host.Ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false), Newest.Seen);
        var (timestamp, from) = _started;
        TimeSpan? remaining = timestamp == 0 || seen <= from ? null : TimeProvider.System.GetElapsedTime(timestamp) * ((double)(head.Value - seen.Value) / (seen.Value - from.Value));
        return new ProjectionProgress(Definition.Version, seen, head, remaining);
    }

    /// <summary>Ends when the newest version is the current one and answers, has failed, or is built again.</summary>
    public Task BecomesCurrent => _isCurrent ? _answers.Task : _becomesCurrent.Task;

    /// <inheritdoc cref="ProjectionHost.WaitForHeadAsync"/>
    public ValueTask<bool> WaitForHeadAsync(Position position, CancellationToken cancellationToken) => _host.WaitForHeadAsync(position, cancellationToken);

    /// <summary>From here on an append waits for the newest version; and it is at the head.</summary>
    /// <returns>The head.</returns>
    async ValueTask<Position> JoinAppendsAsync(CancellationToken cancellationToken)
    {
        IsFoldedByAppends = true;
        Changed?.Invoke();
        var head = await _host.Ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false);
        await Newest.FoldToAsync(head, cancellationToken).ConfigureAwait(false);
        return head;
    }

    void BuildAgain()
    {
        var answers = _answers;
        lock (_forgetting) (IsFoldedByAppends, _isCurrent, _answers) = (false, false, NewSignal());
        answers.TrySetResult(); // who waits for the build that has ended looks again
        var becomesCurrent = _becomesCurrent;
        _becomesCurrent = NewSignal();
        becomesCurrent.TrySetResult();
        Changed?.Invoke();
        var forgotten = _isForgotten;
        _isForgotten = NewSignal();
        forgotten.TrySetResult();
    }

    Projection? FindReplaced(int version)
    {
        for (var one = Definition.Replaces; one is not null; one = one.Replaces)
            if (one.Version == version) return one;
        return null;
    }

    async ValueTask<List<(int Version, VersionCell Cell)>> OtherVersionsAsync(KeptVersion? old, CancellationToken cancellationToken)
    {
        var others = new List<(int, VersionCell)>();
        foreach (var (_, version) in await ProjectionCells.ListVersionsAsync(_host.Ledger, Definition.Name, cancellationToken).ConfigureAwait(false))
        {
            if (version == Definition.Version) continue;
            try
            {
                var cell = version == old?.Definition.Version ? old.Checkpoint.Stored : await VersionCell.ReadAsync(_host.Ledger, Definition.Name, version, cancellationToken).ConfigureAwait(false);
                if (cell is not null) others.Add((version, cell));
            }
            catch (JsonException)
            {
                // It does not say which cells belong to it.
                await _host.AppendAsync([NewCell.Delete(ProjectionCells.Bucket, ProjectionCells.Version(Definition.Name, version)).AsOwn()]).ConfigureAwait(false);
            }
        }

        return others;
    }

    static async ValueTask RetryAsync(Func<CancellationToken, ValueTask<bool>> step, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await step(cancellationToken).ConfigureAwait(false)) return;
            }
            catch (FactstoneException notNow) when (notNow is not ProjectionFailedException)
            {
                // Such as a full disk. Nothing is lost; a reopen goes on here as well.
            }
            catch (ProjectionFailedException)
            {
                return;
            }

            await Task.Delay(ProjectionHost.RetryAfter, cancellationToken).ConfigureAwait(false);
        }
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
