namespace Factstone;

/// <summary>Writes the states that have changed as cells, in several appends, and the checkpoint in the last one.</summary>
/// <remarks>
/// It runs beside the folding. A crash between two appends leaves groups whose states are later than the checkpoint; each says the position of
/// its last fact, and the fold that continues from the checkpoint passes over facts up to there.
/// Threads: one snapshot at a time; others wait.
/// </remarks>
internal sealed class SnapshotWriter<TState>(ProjectionHost host, Projection<TState> definition, VersionCheckpoint checkpoint, GroupStates<TState> states)
{
    readonly ProjectionTurn _turn = new();
    GroupStore<TState>? _store;

    /// <summary>The states of a build that exists.</summary>
    public GroupStore<TState> Open(long build) => _store = new GroupStore<TState>(host, definition.Json!, build);

    /// <summary>Waits for the snapshot that is being written, and lets none begin.</summary>
    public ValueTask PauseAsync() => _turn.TakeAsync(CancellationToken.None);

    public void Resume() => _turn.End();

    /// <summary>Writes a snapshot; nothing, if nothing has changed.</summary>
    /// <param name="seen">Up to where facts are folded.</param>
    /// <param name="opened">Called before the first state of a build is written.</param>
    /// <param name="failure">Why the projection has failed, if it has.</param>
    /// <param name="isEnded">Whether no snapshot is to be written any more.</param>
    /// <param name="promotion">Makes the version the current one.</param>
    /// <exception cref="UnencodableStateException">The JSON of a state cannot be made.</exception>
    public async ValueTask WriteAsync(Func<Position> seen, Action<GroupStore<TState>> opened, Func<string?> failure, Func<bool> isEnded, Promotion? promotion)
    {
        await _turn.TakeAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (isEnded()) return;
            var position = seen(); // before the groups are taken: what is folded up to here is in them
            if (position < promotion?.AtLeast) return;
            if (promotion is null && states.DirtyCount == 0 && checkpoint.Stored is { } stored && stored.Cursor.Position == position && stored.Failure == failure()) return;
            if (checkpoint.Stored is null || _store?.Build != checkpoint.Stored.Build) opened(Open(await checkpoint.BeginAsync().ConfigureAwait(false)));
            await WriteGroupsAsync(_store!).ConfigureAwait(false);
            await checkpoint.WriteAsync(position, promotion, failure()).ConfigureAwait(false);
        }
        finally
        {
            _turn.End();
        }
    }

    async ValueTask WriteGroupsAsync(GroupStore<TState> store)
    {
        var dirty = states.TakeDirty();
        var (encoded, written, stored, bytes) = (0, 0, 0, 0);
        var cells = new List<NewCell>();
        var writing = Task.CompletedTask;
        try
        {
            while (encoded < dirty.Count)
            {
                var group = Encode(store, dirty[encoded++]);
                if (store.IsAlone(group))
                {
                    await AppendAsync(encoded - 1).ConfigureAwait(false);
                    await FinishAsync().ConfigureAwait(false);
                    var hasParts = await store.WriteAloneAsync(group).ConfigureAwait(false);
                    states.SetParts(dirty[encoded - 1], hasParts);
                    states.BecomeStored([dirty[encoded - 1]]);
                    stored = written = encoded;
                    continue;
                }

                cells.Add(store.ToCell(group));
                bytes += group.State.Length;
                if (cells.Count >= host.Limits.CellsPerAppend || bytes >= host.Limits.BytesPerAppend) await AppendAsync(encoded).ConfigureAwait(false);
            }

            await AppendAsync(encoded).ConfigureAwait(false);
            await FinishAsync().ConfigureAwait(false);
        }
        catch
        {
            await Task.WhenAny(writing).ConfigureAwait(false);
            states.PutBack(dirty, encoded);
            throw;
        }

        // The next states are encoded while this append becomes durable.
        async ValueTask AppendAsync(int until)
        {
            await FinishAsync().ConfigureAwait(false);
            if (cells.Count > 0) writing = host.AppendAsync(cells).AsTask();
            (written, cells, bytes) = (until, [], 0); // the append may still read its list
        }

        async ValueTask FinishAsync()
        {
            await writing.ConfigureAwait(false);
            states.BecomeStored(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(dirty)[stored..written]);
            stored = written;
        }
    }

    EncodedGroup Encode(GroupStore<TState> store, Group<TState> group)
    {
        var (state, position, hasParts) = states.Take(group);
        try
        {
            return store.Encode(group.Key, state, position, hasParts);
        }
        catch (Exception thrown) when (thrown is not MachineStoppedException)
        {
            throw new UnencodableStateException($"The state of group '{NameCheck.Shown(group.Key.AsSpan())}' cannot be written as JSON.", position, thrown);
        }
    }
}

/// <summary>A state cannot be written as JSON.</summary>
internal sealed class UnencodableStateException(string message, Position position, Exception inner) : Exception(message, inner)
{
    /// <summary>The last fact in the state.</summary>
    public Position Position => position;
}
