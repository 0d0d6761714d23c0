namespace Factstone;

/// <summary>One version of a projection with a type of state: folds facts into the states of groups, and answers reads.</summary>
internal sealed class KeptVersion<TState> : KeptVersion
{
    const string NotReadBack = "A state that was written cannot be read again.";

    readonly Projection<TState> _definition;
    readonly ProjectionSource _source;
    readonly GroupStates<TState> _states;
    readonly SnapshotWriter<TState> _writer;
    readonly FactBatch _batch = new();
    readonly List<string> _keys = [];
    readonly HashSet<string> _distinct = new(StringComparer.Ordinal);
    volatile ReadAhead? _ahead;
    volatile GroupStore<TState>? _store;

    /// <summary>Whether this process has written all its cells. One that cannot be read would be written the same way again, so that another build does not help.</summary>
    volatile bool _isOwnBuild;
    long _sinceSnapshot;

    public KeptVersion(ProjectionHost host, Projection<TState> definition) : base(host, definition)
    {
        _definition = definition;
        _source = new ProjectionSource(host.Ledger, definition.Source!, host.Limits);
        _states = new GroupStates<TState>(definition.GroupsInMemoryMax);
        _writer = new SnapshotWriter<TState>(host, definition, Checkpoint, _states);
    }

    /// <summary>The state of a group; null if what is stored of it cannot be used, so that the projection is built again.</summary>
    public async ValueTask<Projected<TState>?> TryReadAsync(string key, CancellationToken cancellationToken)
    {
        var (epoch, seen) = (_states.Epoch, Seen);
        if (!_states.TryRead(key, out var state, out var position, out var hasAll))
        {
            var store = _store; // a group that is left out of memory meanwhile is in it
            (state, position) = (_definition.Seed, Position.None);
            try
            {
                if (!hasAll && store is not null && await store.ReadAsync(key, cancellationToken).ConfigureAwait(false) is { } stored) (state, position) = (stored.State, stored.Position);
                else if (!hasAll && !await IsStillStoredAsync(cancellationToken).ConfigureAwait(false)) return null;
            }
            catch (UnreadableSnapshotException unreadable) when (_isOwnBuild)
            {
                throw Fail(position, NotReadBack, unreadable);
            }
            catch (UnreadableSnapshotException unreadable)
            {
                await ForgetAsync(epoch, unreadable.Message).ConfigureAwait(false);
            }
        }

        if (Failure is { } failure) throw failure;
        if (_states.Epoch != epoch || IsOutdated) return null;

        // A state that came later than Seen was read has every fact up to its own position.
        return new Projected<TState>(state, position > seen ? position : seen, StreamVersion.None)
        {
            Key = _definition.Grouping == ProjectionGrouping.None ? null : key,
            ProjectionVersion = _definition.Version,
        };
    }

    /// <summary>The keys of the groups, in their order.</summary>
    public async IAsyncEnumerable<string> ListKeysAsync(string prefix, string? after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var unstored = _states.UnstoredKeys(prefix, after); // before the store and its cells, so that a group that is written meanwhile is not left out
        var store = _store;
        var next = 0;
        if (store is not null)
        {
            await foreach (var cell in Host.Ledger.ListCellNamesAsync(ProjectionCells.Groups(store.Build), new CellListOptions { Prefix = prefix, After = after }, cancellationToken).ConfigureAwait(false))
            {
                while (next < unstored.Count && Utf8Order.Instance.Compare(unstored[next], cell.Name) < 0) yield return unstored[next++];
                if (next < unstored.Count && unstored[next] == cell.Name) next++;
                yield return cell.Name;
            }
        }

        while (next < unstored.Count) yield return unstored[next++];
    }

    public override bool IsFull => _states.IsFull;

    protected override int Epoch => _states.Epoch;

    protected override async ValueTask WriteSnapshotAsync(Promotion? promotion)
    {
        try
        {
            Interlocked.Exchange(ref _sinceSnapshot, 0);
            await _writer.WriteAsync(() => Seen, store => _store = store, () => Failure?.Message, () => WritesNoSnapshots, promotion).ConfigureAwait(false);
        }
        catch (UnreadableSnapshotException unreadable) when (_isOwnBuild)
        {
            throw Fail(Seen, NotReadBack, unreadable);
        }
        catch (UnencodableStateException unencodable)
        {
            throw Fail(unencodable.Position, unencodable.Message, unencodable.InnerException!);
        }
    }

    protected override async ValueTask WaitForSnapshotAsync()
    {
        await _writer.PauseAsync().ConfigureAwait(false);
        _writer.Resume();
    }

    protected override void Begin()
    {
        _isOwnBuild = Checkpoint.Stored is null;
        _states.Clear(hasAll: _isOwnBuild);
        _store = Checkpoint.Stored is { } stored ? _writer.Open(stored.Build) : null;
        Seen = Checkpoint.Stored?.Cursor.Position ?? Position.None;
    }

    protected override void BeginReadingAhead(Position until, CancellationToken cancellationToken)
    {
        EndReadingAhead();
        _ahead = new ReadAhead(_source, Seen, until, cancellationToken);
    }

    public override void EndReadingAhead()
    {
        if (_ahead is not { } ahead) return;
        ahead.End();
        Interlocked.CompareExchange(ref _ahead, null, ahead);
    }

    protected override async ValueTask ForgetInTurnAsync(int epoch, string why)
    {
        if (_states.Epoch != epoch) return;
        await _writer.PauseAsync().ConfigureAwait(false);
        try
        {
            Forgotten?.Invoke(); // before the states are empty, so that no reader takes these for an answer
            Checkpoint.Forget();
            Begin();
        }
        finally
        {
            _writer.Resume();
        }

        Notify(new LedgerNotice.ProjectionRebuilt(_definition.Name, _definition.Version, why));
    }

    protected override async ValueTask<bool> TryFoldAsync(CancellationToken cancellationToken)
    {
        var (before, epoch) = (Seen, _states.Epoch);
        try
        {
            var until = await Host.Ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false);
            for (var batches = 0; Seen < until && batches < Host.Limits.BatchesPerTurn; batches++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await FoldBatchAsync(until, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (UnreadableSnapshotException unreadable) when (_isOwnBuild)
        {
            Fail(Seen.Next(), NotReadBack, unreadable);
        }
        catch (UnreadableSnapshotException unreadable)
        {
            await ForgetInTurnAsync(epoch, unreadable.Message).ConfigureAwait(false);
            return true;
        }
        catch (HistoryDroppedException dropped)
        {
            IsOutdated = ReadsOnly && await Checkpoint.IsOutdatedAsync(cancellationToken).ConfigureAwait(false);
            if (IsOutdated) return false;
            Fail(Seen.Next(), "", new ProjectionFailedException(_definition, Seen.Next(), dropped));
        }
        catch (FactstoneException failure) when (!ProjectionHost.MayPass(failure))
        {
            Fail(Seen.Next(), "The facts cannot be read.", failure);
        }

        return Seen > before;
    }

    async ValueTask FoldBatchAsync(Position until, CancellationToken cancellationToken)
    {
        var batch = await ReadBatchAsync(until, cancellationToken).ConfigureAwait(false);
        foreach (var fact in batch.Facts)
        {
            GetKeys(fact);
            foreach (var key in _keys)
            {
                var group = _states.Find(key) ?? await LoadAsync(key, fact, cancellationToken).ConfigureAwait(false);

                // After a crash, the state of a group can be later than the checkpoint.
                if (fact.Position > group.Position) _states.Set(group, Step(group.State, fact), fact.Position);
            }

            Seen = fact.Position;
        }

        Seen = batch.Read;
        _ahead?.Folded(batch);
        var folded = Interlocked.Add(ref _sinceSnapshot, batch.Facts.Count);
        batch.Facts.Clear();
        var isBehind = until.Value - Seen.Value > _definition.SnapshotEvery;
        if (folded >= (isBehind ? Math.Max(_definition.SnapshotEvery, Host.Limits.FactsPerSnapshotBehind) : _definition.SnapshotEvery)) StartSnapshot();
    }

    async ValueTask<FactBatch> ReadBatchAsync(Position until, CancellationToken cancellationToken)
    {
        if (_ahead is { } ahead)
        {
            if (ahead.TryTake(Seen) is { } next) return next;
            EndReadingAhead();
        }

        _batch.Facts.Clear();
        _batch.Read = await _source.ReadAsync(Seen, until, _batch.Facts, cancellationToken).ConfigureAwait(false);
        return _batch;
    }

    /// <summary>A group that is not in memory: from its cell, or new.</summary>
    async ValueTask<Group<TState>> LoadAsync(string key, Fact fact, CancellationToken cancellationToken)
    {
        if (NameCheck.Text("The key of its group", key, 0, FactLimits.KeyBytesMax) is { } wrong) throw Fail(fact.Position, $"The group of the fact {fact} cannot be kept.", new ArgumentException(wrong));
        if (_states.IsFull) await MakeRoomAsync().ConfigureAwait(false);
        else if (_states.WantsWriting) StartSnapshot();

        Group<TState>? group = null;
        if (!_states.HasAll && await _store!.ReadAsync(key, cancellationToken).ConfigureAwait(false) is { } stored)
            group = new Group<TState>(key, stored.State, stored.Position) { IsStored = true, HasParts = stored.HasParts };
        else if (!_states.HasAll && !await IsStillStoredAsync(cancellationToken).ConfigureAwait(false))
            throw new UnreadableSnapshotException("Its cells were deleted meanwhile.");
        _states.Add(group ??= new Group<TState>(key, _definition.Seed, Position.None));
        return group;
    }

    /// <summary>Leaves groups out of memory, after they are written.</summary>
    async ValueTask MakeRoomAsync()
    {
        await TrySnapshotAsync(isInTurn: true).ConfigureAwait(false);
        _states.LeaveOutOlder();
    }

    /// <summary>Whether a group without a cell has none because it is new: where it is only read, the cells may have been deleted since.</summary>
    async ValueTask<bool> IsStillStoredAsync(CancellationToken cancellationToken)
    {
        if (!ReadsOnly) return true;
        try
        {
            return await VersionCell.ReadAsync(Host.Ledger, _definition.Name, _definition.Version, cancellationToken).ConfigureAwait(false) is { State: not ProjectionState.Dropping } now && now.Build == _store?.Build;
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }

    TState Step(TState state, Fact fact)
    {
        try
        {
            return _definition.Step(state, fact) is { } next ? next : throw new InvalidOperationException("It returned null, which is no state.");
        }
        catch (Exception thrown) when (thrown is not MachineStoppedException)
        {
            throw Fail(fact.Position, $"Its step failed for the fact {fact}.", thrown);
        }
    }

    void GetKeys(Fact fact)
    {
        _keys.Clear();
        try
        {
            if (_definition.GroupBy is { } one)
            {
                if (one(fact) is { } key) _keys.Add(key);
            }
            else if (_definition.GroupByMany is { } many)
            {
                _distinct.Clear();
                foreach (var key in many(fact))
                    if (_distinct.Add(key ?? throw new InvalidOperationException("It returned a key that is null. Leave it out for no group."))) _keys.Add(key);
            }
            else
            {
                _keys.Add("");
            }
        }
        catch (Exception thrown) when (thrown is not MachineStoppedException)
        {
            throw Fail(fact.Position, $"The groups of the fact {fact} cannot be found.", thrown);
        }
    }
}
