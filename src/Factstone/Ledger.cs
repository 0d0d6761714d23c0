using System.Runtime.CompilerServices;
using Factstone.Storage;

namespace Factstone;

/// <summary>An append-only ledger of immutable facts. One process at a time writes; any number read beside it.</summary>
/// <remarks>
/// All members may be called from any thread at any time. Reads see durable facts only, each at a point fixed when it
/// begins. Names, keys and tags are ordered by unsigned UTF-8 bytes.
/// </remarks>
public sealed class Ledger : IAsyncDisposable, IDisposable
{
    readonly IFactStorage _storage;
    readonly AppendPipeline? _pipeline;
    readonly TimeProvider _time;
    int _isDisposed;

    Ledger(IFactStorage storage, LedgerOptions options)
    {
        _storage = storage;
        _time = options.TimeProvider;
        if (!storage.IsReadOnly) _pipeline = new AppendPipeline(storage, new RecordingClock(options.TimeProvider, storage.Head.RecordedAt), options);
    }

    /// <summary>Which ledger this is.</summary>
    public LedgerId Id => _storage.Id;

    /// <summary>Raised by whatever may have lost facts: a restore, a repair, a failover. From 1.</summary>
    public long Epoch => _storage.Epoch;

    /// <summary>The directory; empty for a ledger in memory.</summary>
    public string Location => _storage.Location;

    /// <summary>Whether it was opened for reading only.</summary>
    public bool IsReadOnly => _storage.IsReadOnly;

    /// <summary>What the open found and did.</summary>
    public OpeningReport Opening => _storage.Opening;

    /// <summary>Damage found so far, by the open or by reads since. While there is any, appends are refused.</summary>
    public IReadOnlyList<Damage> Damage => _storage.Damage;

    /// <summary>How far the clock is behind the last RecordedAt; zero when it is not. Times go on by microseconds until the clock has caught up.</summary>
    public TimeSpan ClockLag => _pipeline?.Clock.Lag ?? TimeSpan.Zero;

    /// <summary>Opens a ledger for reading and writing; makes one where there is none.</summary>
    /// <param name="directory">Its directory; it and its parents are made when missing.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait for another writer.</param>
    /// <exception cref="LedgerLockedException">Another writer has it open, and kept it for all of <see cref="LedgerOptions.LockWait"/>.</exception>
    /// <exception cref="LedgerFormatException">A newer version wrote it.</exception>
    /// <exception cref="LedgerDamagedException">It cannot even be read. A ledger that can is opened, and says so in <see cref="Damage"/>.</exception>
    /// <exception cref="LedgerIOException">The system refused something: not a directory, no permission.</exception>
    public static async ValueTask<Ledger> OpenAsync(string directory, LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new LedgerOptions();
        var storageOptions = options.ToStorageOptions();
        var (files, root) = Place(directory, options.FileSystem);
        var storage = await Task.Run(() => FileStorage.Open(files, root, storageOptions, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new Ledger(storage, options);
    }

    /// <summary>Makes a ledger that lives in memory and goes with it: the same engine, without a disk.</summary>
    public static ValueTask<Ledger> OpenInMemoryAsync(LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        options = (options ?? new LedgerOptions()) with { FileSystem = new MemoryFileSystem(), ZeroAheadBytesMax = 0 };
        return ValueTask.FromResult(new Ledger(FileStorage.Open(options.FileSystem, "memory", options.ToStorageOptions(), cancellationToken), options));
    }

    /// <summary>Opens a ledger for reading, beside its writer or without one. Changes nothing, and sees exactly what the writer has published.</summary>
    /// <exception cref="LedgerNotFoundException">There is none.</exception>
    public static async ValueTask<Ledger> OpenReadOnlyAsync(string directory, LedgerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new LedgerOptions();
        var storageOptions = options.ToStorageOptions();
        var (files, root) = Place(directory, options.FileSystem);
        var storage = await Task.Run(() => FileStorage.OpenReadOnly(files, root, storageOptions), cancellationToken).ConfigureAwait(false);
        return new Ledger(storage, options);
    }

    /// <summary>Reads every byte of a ledger and checks it, beside a running writer or without one. Changes nothing.</summary>
    public static ValueTask<VerifyReport> VerifyAsync(string directory, Action<VerifyProgress>? progress = null, CancellationToken cancellationToken = default) =>
        VerifyAsync(directory, new VerifyOptions(), progress, cancellationToken);

    /// <summary>The same, and what the options ask for beside it.</summary>
    public static async ValueTask<VerifyReport> VerifyAsync(string directory, VerifyOptions options, Action<VerifyProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(options);
        return await Task.Run(() => LedgerVerification.Run(new DiskFileSystem(), Path.GetFullPath(directory), options, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Repairs a damaged ledger that nobody has open for writing: keeps every whole fact, writes down what is gone, and leaves a receipt in <c>$receipts/repair</c>. Changes nothing where there is no damage.</summary>
    /// <remarks>
    /// It is done wholly or not at all: stopped anywhere, the ledger is as damaged as before or repaired, and can be repaired again.
    /// Positions and versions of lost facts are never given again. Where a fact, or the id of an append, is lost, the
    /// epoch is raised, and cursors from before that lie behind the loss get <see cref="LedgerForkedException"/>.
    /// Damaged files are kept in <c>quarantine/damaged</c>. Takes room for a copy of each damaged file.
    /// </remarks>
    /// <param name="directory">The ledger's directory.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Called now and then while the log is read.</param>
    /// <param name="cancellationToken">Ends it as long as nothing has been changed.</param>
    /// <exception cref="LedgerNotFoundException">There is none.</exception>
    /// <exception cref="LedgerLockedException">Somebody has it open for writing.</exception>
    /// <exception cref="LedgerDamagedException">So little of it can be read that nobody knows which ledger it is. Nothing was changed.</exception>
    /// <exception cref="LedgerFullException">There is no room for what has to be written anew. Nothing was changed.</exception>
    public static async ValueTask<RepairReport> RepairAsync(string directory, RepairOptions? options = null, Action<RepairProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new RepairOptions();
        var storageOptions = options.ToStorageOptions();
        var (files, root) = Place(directory, options.FileSystem);
        return await Task.Run(
            () => LedgerRepair.Run(files, root, storageOptions, options.DryRun, progress is null ? null : (read, bytes) => progress(new RepairProgress(read, bytes)), cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A cursor for what has been read up to a position, included; to be kept, and given to <see cref="Resolve"/> later.</summary>
    public LedgerCursor CursorAt(Position position) => new(Id, Epoch, position);

    /// <summary>The position that a cursor stands for.</summary>
    /// <exception cref="LedgerForkedException">Facts that it had passed were lost since, or it comes from a newer copy of the ledger.</exception>
    /// <exception cref="ArgumentException">It is of another ledger.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It lies ahead of the last fact.</exception>
    public Position Resolve(LedgerCursor cursor)
    {
        Look(CancellationToken.None);
        ArgumentOutOfRangeException.ThrowIfNegative(cursor.Position.Value, nameof(cursor));
        if (cursor.LedgerId != Id) throw new ArgumentException($"The cursor is of ledger {cursor.LedgerId}; this is ledger {Id}.", nameof(cursor));
        if (cursor.Epoch > Epoch) throw new LedgerForkedException(cursor.Epoch, Epoch, Position.None, cursor.Position);
        var common = _storage.LastCommonWith(cursor.Epoch);
        if (cursor.Position > common) throw new LedgerForkedException(cursor.Epoch, Epoch, common, cursor.Position);
        if (cursor.Position > _storage.Head.Position)
            throw new ArgumentOutOfRangeException(nameof(cursor), $"Position {cursor.Position} lies ahead: the last fact is at position {_storage.Head.Position}.");
        return cursor.Position;
    }

    /// <summary>The last durable position; 0 in an empty ledger.</summary>
    public ValueTask<Position> GetHeadAsync(CancellationToken cancellationToken = default)
    {
        Look(cancellationToken);
        return ValueTask.FromResult(_storage.Head.Position);
    }

    /// <summary>The position that a point in time stands for, after waiting for appends in flight up to it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies ahead: beyond the head, or beyond now.</exception>
    /// <exception cref="ClockJumpedException">The clock cannot be right, so what is now is not known.</exception>
    public async ValueTask<ResolvedTime> ResolveAsync(LedgerTime time, CancellationToken cancellationToken = default)
    {
        Look(cancellationToken);
        switch (time.Kind)
        {
            case LedgerTimeKind.Latest:
                return new ResolvedTime(_storage.Head.Position, IsFinal: false);

            case LedgerTimeKind.Position:
                ArgumentOutOfRangeException.ThrowIfNegative(time.Position.Value, nameof(time));
                if (time.Position > _storage.Head.Position)
                    throw new ArgumentOutOfRangeException(nameof(time), $"Position {time.Position} lies ahead: the last fact is at position {_storage.Head.Position}.");
                return new ResolvedTime(time.Position, IsFinal: true);

            default:
                if (_pipeline is { } pipeline)
                {
                    await pipeline.Clock.PassedAsync(time.Time).WaitAsync(cancellationToken).ConfigureAwait(false);
                    var isFinal = !_storage.MayHoldMore || time.Time <= _storage.Head.RecordedAt;
                    return new ResolvedTime(_storage.PositionAt(time.Time), isFinal);
                }

                // What the writer has recorded by then and not yet published, a reader beside it cannot know.
                var head = _storage.Head;
                RecordingClock.RefuseFuture(time.Time, Math.Max(Microseconds.From(_time.GetUtcNow()), head.RecordedAt));
                return new ResolvedTime(_storage.PositionAt(time.Time), IsFinal: time.Time <= head.RecordedAt);
        }
    }

    /// <summary>Appends, and says what became of it as a value. Appends that one caller queues one after the other commit in that order.</summary>
    /// <param name="request">Facts, conditions, and an id by which a retry is recognised.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written; after that, the outcome is returned.</param>
    /// <exception cref="ArgumentException">The request breaks a limit or a rule; see <see cref="FactLimits"/>. Nothing was written.</exception>
    /// <exception cref="LedgerFullException">The disk is full. Nothing was written.</exception>
    /// <exception cref="LedgerDamagedException">The ledger is damaged. Nothing was written.</exception>
    /// <exception cref="LedgerFailedException">A disk failure came before. Nothing was written.</exception>
    /// <exception cref="LedgerBusyException">Too many appends are waiting. Nothing was written.</exception>
    /// <exception cref="ClockJumpedException">The clock cannot be right. Nothing was written.</exception>
    public ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (_pipeline is not { } pipeline) throw new InvalidOperationException("The ledger was opened for reading only. Open it with OpenAsync to append.");
        return pipeline.Append(request, cancellationToken);
    }

    /// <summary>Appends; durable when it returns. Throws on anything but success, so that an unread result never hides a lost write.</summary>
    /// <exception cref="AppendFailedException">A condition failed, the id was used before with other facts, or the disk failed while it was written.</exception>
    public async ValueTask<AppendReceipt> AppendAsync(AppendRequest request, CancellationToken cancellationToken = default) =>
        (await TryAppendAsync(request, cancellationToken).ConfigureAwait(false)).EnsureCommitted();

    /// <summary>Appends one fact; durable when it returns.</summary>
    public ValueTask<AppendReceipt> AppendAsync(NewFact fact, CancellationToken cancellationToken = default) =>
        AppendAsync(new AppendRequest(fact), cancellationToken);

    /// <summary>Appends facts, all or none; durable when it returns.</summary>
    public ValueTask<AppendReceipt> AppendAsync(IReadOnlyList<NewFact> facts, CancellationToken cancellationToken = default) =>
        AppendAsync(new AppendRequest { Facts = facts }, cancellationToken);

    /// <summary>Keeps a bounded number of appends in flight for a caller who does not wait for each.</summary>
    public Appender OpenAppender(AppenderOptions? options = null) => new(this, options ?? new AppenderOptions());

    /// <summary>The receipt of the append with this id, as it was; null when none was committed.</summary>
    public ValueTask<AppendReceipt?> FindAppendAsync(string appendId, CancellationToken cancellationToken = default)
    {
        if (NameCheck.Text("The append id", appendId, 1, FactLimits.AppendIdBytesMax) is { } wrong) throw new ArgumentException(wrong, nameof(appendId));
        Look(cancellationToken);
        return ValueTask.FromResult(_storage.FindAppend(appendId) is { } span
            ? RepeatedAppend.Receipt(appendId, span, _storage)
            : null);
    }

    /// <summary>Facts of the whole ledger in commit order, up to the head at the time of the call. Leaves out Factstone's own, in stores that start with <c>$</c>, and those that are gone for good.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged; those behind it can be read from the following position on.</exception>
    public async IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) yield break;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);
        if (after >= until) yield break;

        var left = options.Limit ?? long.MaxValue;
        foreach (var fact in _storage.Read(options.Backward ? until : after.Next(), until, options.Backward))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (fact.Position <= after) yield break;
            if (NameCheck.IsOwn(fact.Stream.Store)) continue;
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <summary>Facts that match a query, in commit order, up to the head at the time of the call. What does not match is not read.</summary>
    /// <param name="query">Which facts; <see cref="FactQuery.All"/> for every one but Factstone's own.</param>
    /// <param name="options">From where, in which direction, how many, at which point; null for all, forward.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or whether a damaged one matches cannot be told; those behind it can be read from the following position on.</exception>
    public async IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Check(query);
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) yield break;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);

        var left = options.Limit ?? long.MaxValue;
        foreach (var fact in _storage.ReadQuery(query, after, until, options.Backward))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (NameCheck.IsOwn(fact.Stream.Store)) continue;
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <summary>How many facts match a query. Most are counted by the index alone; where it cannot tell, as with a key's prefix, facts are read.</summary>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="LedgerDamagedException">Whether a damaged fact matches cannot be told.</exception>
    public async ValueTask<long> CountAsync(FactQuery query, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(query);
        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        return _storage.CountQuery(query, Position.None, until);
    }

    /// <summary>Takes the facts that <see cref="ReadAsync(ReadOptions?, CancellationToken)"/> gives into a state, one after the other, without an object for each: the fastest way through many facts.</summary>
    /// <param name="seed">The state before the first fact.</param>
    /// <param name="folder">Called on this thread for each fact, with the state to change; false ends the fold. It may use the ledger, append and wait for that, or take its time: nothing waits for it. What it throws, the caller gets.</param>
    /// <param name="options">From where, in which direction, how many, at which point; null for all, forward.</param>
    /// <param name="cancellationToken">Ends the fold before the next fact.</param>
    /// <returns>The state behind the last fact.</returns>
    /// <exception cref="LedgerDamagedException">The next fact is damaged; those behind it can be read from the following position on.</exception>
    public async ValueTask<TState> FoldAsync<TState>(TState seed, FactFolder<TState> folder, ReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) return seed;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);
        if (after >= until) return seed;

        var fold = new Fold<TState>(seed, folder, options.Limit) { LeavesOutOwn = true, After = after };
        _storage.Fold(options.Backward ? until : after.Next(), until, options.Backward, fold, cancellationToken);
        return fold.State;
    }

    /// <summary>The same for the facts that match a query, as <see cref="ReadAsync(FactQuery, ReadOptions?, CancellationToken)"/> gives them.</summary>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or whether a damaged one matches cannot be told; those behind it can be read from the following position on.</exception>
    public async ValueTask<TState> FoldAsync<TState>(FactQuery query, TState seed, FactFolder<TState> folder, ReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(query);
        ArgumentNullException.ThrowIfNull(folder);
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) return seed;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);

        var fold = new Fold<TState>(seed, folder, options.Limit) { LeavesOutOwn = true };
        _storage.FoldQuery(query, after, until, options.Backward, fold, cancellationToken);
        return fold.State;
    }

    /// <summary>The same for the facts of one stream, as <see cref="ReadStreamAsync"/> gives them.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or a damaged fact may belong to the stream.</exception>
    public async ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new StreamReadOptions();
        Check(stream);
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(options.From.Value, nameof(options));
        if (Nothing(options.Limit)) return seed;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var fold = new Fold<TState>(seed, folder, options.Limit);
        _storage.FoldStream(stream, options.From, until, options.Backward, fold, cancellationToken);
        return fold.State;
    }

    /// <summary>Facts of one stream in order of version; none for a stream that does not exist.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or a damaged fact may belong to the stream.</exception>
    public async IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new StreamReadOptions();
        Check(stream);
        ArgumentOutOfRangeException.ThrowIfNegative(options.From.Value, nameof(options));
        if (Nothing(options.Limit)) yield break;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var left = options.Limit ?? long.MaxValue;
        foreach (var fact in _storage.ReadStream(stream, options.From, until, options.Backward))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <summary>All facts of a record, oldest first, retractions included; the same as its stream.</summary>
    public IAsyncEnumerable<Fact> ReadHistoryAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default) =>
        ReadStreamAsync(stream, new StreamReadOptions { AsOf = asOf }, cancellationToken);

    /// <summary>The fact that gives a record its value; null when it has none: never written by then, or retracted.</summary>
    public async ValueTask<Fact?> ReadLatestAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(stream);
        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        var state = _storage.StateAt(stream, until);
        return state.HasValue ? _storage.ReadAt(state.Position) : null;
    }

    /// <summary>The last version of a stream; 0 when it has no fact.</summary>
    public async ValueTask<StreamVersion> GetVersionAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(stream);
        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        return _storage.StateAt(stream, until).Version;
    }

    /// <summary>The fact at a position; null when there is none yet, or when it is gone for good.</summary>
    public ValueTask<Fact?> ReadAtAsync(Position position, CancellationToken cancellationToken = default)
    {
        Look(cancellationToken);
        return ValueTask.FromResult(position > Position.None && position <= _storage.Head.Position ? _storage.ReadAt(position) : null);
    }

    /// <summary>The fact with an id; null when this ledger has none.</summary>
    public async ValueTask<Fact?> FindAsync(Guid id, CancellationToken cancellationToken = default) =>
        FactId.TryGetPosition(id, _storage.Id.Tag, out var position)
            && await ReadAtAsync(position, cancellationToken).ConfigureAwait(false) is { } fact && fact.Id == id
            ? fact
            : null;

    /// <summary>The records of a store that have a value, by key: for each the fact that gives it.</summary>
    public async IAsyncEnumerable<Fact> ListAsync(string store, ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ListOptions();
        var left = Nothing(options.Limit) ? 0 : options.Limit ?? long.MaxValue;
        await foreach (var stream in ListStreamsAsync(store, options with { Limit = left == 0 ? 0 : null }, cancellationToken).ConfigureAwait(false))
        {
            if (stream.IsRetracted) continue;
            if (_storage.ReadAt(stream.Position) is not { } fact) continue;
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <summary>The streams of a store in the order of their keys, each with its last version, those of retracted records included. A store that starts with <c>$</c> can be named, too.</summary>
    /// <param name="store">The store; one that has no stream lists nothing.</param>
    /// <param name="options">Which of them, and as of which point: streams whose first fact came later are not there yet.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="LedgerDamagedException">A damaged fact may be of another stream, or of a later version.</exception>
    public async IAsyncEnumerable<StreamSummary> ListStreamsAsync(string store, ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ListOptions();
        if (NameCheck.StoreForReading(store) is { } wrong) throw new ArgumentException(wrong, nameof(store));
        ArgumentNullException.ThrowIfNull(options.Prefix);
        var wrongKey = NameCheck.Text("The prefix", options.Prefix, 0, FactLimits.KeyBytesMax)
            ?? (options.After is { } after ? NameCheck.Text("The key to go on after", after, 0, FactLimits.KeyBytesMax) : null);
        if (wrongKey is not null) throw new ArgumentException(wrongKey, nameof(options));
        if (Nothing(options.Limit)) yield break;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var left = options.Limit ?? long.MaxValue;
        foreach (var (stream, state) in _storage.Streams(store, options.Prefix, options.After, until, left))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new StreamSummary(stream, state.Version, state.Position, state.IsRetracted);
            if (--left == 0) yield break;
        }
    }

    /// <summary>The stores that have had a fact, in order, and how much is in them now; without those that start with <c>$</c>, which are Factstone's own.</summary>
    /// <exception cref="LedgerDamagedException">A damaged fact may be of another store.</exception>
    public async IAsyncEnumerable<StoreSummary> ListStoresAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await GetHeadAsync(cancellationToken).ConfigureAwait(false);
        foreach (var store in _storage.Stores())
            if (!NameCheck.IsOwn(store.Store)) yield return new StoreSummary(store.Store, store.Facts, store.Streams);
    }

    /// <summary>A cell as it is now; null when it has no value: never written, or deleted.</summary>
    /// <remarks>Whoever has read a fact sees the cells that were committed with it, or newer ones.</remarks>
    /// <exception cref="LedgerDamagedException">The cell is damaged, or what is damaged may be a newer write of it.</exception>
    public ValueTask<Cell?> ReadCellAsync(string bucket, string name, CancellationToken cancellationToken = default)
    {
        var cell = new CellName(bucket, name);
        if (NameCheck.ForReading(cell) is { } wrong) throw new ArgumentException(wrong, nameof(name));
        Look(cancellationToken);
        return ValueTask.FromResult(_storage.ReadCell(cell));
    }

    /// <summary>The cells of a bucket that have a value, in the order of their names' UTF-8 bytes; each as it is when it is reached, since cells have no history.</summary>
    /// <exception cref="LedgerDamagedException">The next cell is damaged, or what is damaged may be a cell of the bucket.</exception>
    public async IAsyncEnumerable<Cell> ListCellsAsync(string bucket, CellListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new CellListOptions();
        if (Nothing(options.Limit)) yield break;
        var left = options.Limit ?? long.MaxValue;
        await foreach (var cell in ListCellNamesAsync(bucket, options with { Limit = null }, cancellationToken).ConfigureAwait(false))
        {
            if (_storage.ReadCell(cell) is not { } found) continue; // deleted since
            yield return found;
            if (--left == 0) yield break;
        }
    }

    /// <summary>The names of the cells of a bucket that have a value, in the order of their UTF-8 bytes, without reading the values.</summary>
    /// <exception cref="LedgerDamagedException">What is damaged may be a cell of the bucket.</exception>
    public async IAsyncEnumerable<CellName> ListCellNamesAsync(string bucket, CellListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new CellListOptions();
        if (NameCheck.BucketForReading(bucket) is { } wrong) throw new ArgumentException(wrong, nameof(bucket));
        ArgumentNullException.ThrowIfNull(options.Prefix);
        var wrongName = NameCheck.Text("The prefix", options.Prefix, 0, FactLimits.CellNameBytesMax)
            ?? (options.After is { } after ? NameCheck.Text("The name to go on after", after, 0, FactLimits.CellNameBytesMax) : null);
        if (wrongName is not null) throw new ArgumentException(wrongName, nameof(options));
        if (Nothing(options.Limit)) yield break;

        await GetHeadAsync(cancellationToken).ConfigureAwait(false);
        var left = options.Limit ?? long.MaxValue;
        foreach (var name in _storage.CellNames(bucket, options.Prefix, options.After))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new CellName(bucket, name);
            if (--left == 0) yield break;
        }
    }

    /// <summary>Facts without end: those that are there, then each as it becomes durable. The same as <see cref="OpenFollower"/>, for who needs no more than the facts.</summary>
    /// <param name="query">Which facts; <see cref="FactQuery.All"/> for every one.</param>
    /// <param name="options">Where to begin; null for the first fact. Decided now, not when the enumeration begins.</param>
    /// <param name="cancellationToken">Ends it with an <see cref="OperationCanceledException"/>; closing the ledger ends it without.</param>
    /// <exception cref="ArgumentOutOfRangeException">It would begin ahead: beyond the position after the last fact, or beyond now.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged; those behind it can be followed from the position after it on.</exception>
    public IAsyncEnumerable<Fact> FollowAsync(FactQuery query, FollowOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenFollower(query, options).ReadAllAsync(cancellationToken);

    /// <summary>Every fact without end: those that are there, then each as it becomes durable.</summary>
    public IAsyncEnumerable<Fact> FollowAsync(FollowOptions? options = null, CancellationToken cancellationToken = default) =>
        FollowAsync(FactQuery.All, options, cancellationToken);

    /// <summary>A read that does not end, which says how far it has come and how far it is behind. In a read-only ledger, too, which learns of new facts within 50 ms.</summary>
    /// <param name="query">Which facts; <see cref="FactQuery.All"/> for every one.</param>
    /// <param name="options">Where to begin; null for the first fact.</param>
    /// <exception cref="ArgumentOutOfRangeException">It would begin ahead: beyond the position after the last fact, or beyond now.</exception>
    /// <exception cref="LedgerDamagedException">Where the time to begin at is cannot be told.</exception>
    public Follower OpenFollower(FactQuery query, FollowOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.ThrowIfWrong(nameof(query));
        options ??= new FollowOptions();
        if (options.BufferFacts is < 1 or > 100_000) throw new ArgumentOutOfRangeException(nameof(options), options.BufferFacts, "BufferFacts is 1 to 100,000.");
        Look(CancellationToken.None);
        var recordedFrom = options.From.Kind == FollowStartKind.AtTime ? options.From.Time : long.MinValue;
        return new Follower(_storage, _time, query, FollowAfter(options.From), recordedFrom, options.BufferFacts);
    }

    /// <summary>What the ledger holds.</summary>
    public ValueTask<LedgerStatistics> GetStatisticsAsync(CancellationToken cancellationToken = default)
    {
        Look(cancellationToken);
        var held = _storage.Statistics();
        var head = _storage.Head;
        return ValueTask.FromResult(new LedgerStatistics
        {
            Facts = held.Facts,
            Streams = held.Streams,
            Stores = held.Stores,
            AppendIds = held.AppendIds,
            Cells = held.Cells,
            Segments = held.Segments,
            SegmentBytes = held.SegmentBytes,
            Runs = held.Runs,
            RunBytes = held.RunBytes,
            Head = head.Position,
            RecordedAt = head.Position == Position.None ? null : Microseconds.ToTime(head.RecordedAt),
        });
    }

    /// <summary>Takes the clock as it is now for right, after a <see cref="ClockJumpedException"/>.</summary>
    public void AcceptClock() => _pipeline?.Clock.Accept();

    /// <summary>Finishes the appends that are queued, ends the followers, marks the end of the session and frees the lock. May be called again.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        _pipeline?.Dispose();
        _storage.Dispose();
    }

    /// <summary>The same as <see cref="Dispose"/>.</summary>
    public async ValueTask DisposeAsync() => await Task.Run(Dispose).ConfigureAwait(false);

    /// <summary>The pipeline's storage, for tests that look behind the ledger.</summary>
    internal IFactStorage Storage => _storage;

    internal AppendPipeline? Pipeline => _pipeline;

    internal static Ledger Open(IFactStorage storage, LedgerOptions options) => new(storage, options);

    void Look(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        cancellationToken.ThrowIfCancellationRequested();
        _storage.Refresh();
    }

    /// <summary>The position behind which a follow begins.</summary>
    Position FollowAfter(FollowStart start)
    {
        var head = _storage.Head;
        switch (start.Kind)
        {
            case FollowStartKind.Beginning:
                return Position.None;

            case FollowStartKind.Now:
                return head.Position;

            case FollowStartKind.AtTime:
                RecordingClock.RefuseFuture(start.Time, Math.Max(Microseconds.From(_time.GetUtcNow()), head.RecordedAt));
                return _storage.PositionAt(start.Time - 1);

            default:
                ArgumentOutOfRangeException.ThrowIfNegative(start.Position.Value, nameof(start));
                var after = start.Kind == FollowStartKind.After ? start.Position : new Position(Math.Max(0, start.Position.Value - 1));
                if (after > head.Position)
                    throw new ArgumentOutOfRangeException(nameof(start), $"Position {start.Position} lies ahead: the last fact is at position {head.Position}, and a follow begins right after it at the latest.");
                return after;
        }
    }

    /// <summary>Where the files are. A path on the disk is taken as it is now: the process may go to another directory later.</summary>
    static (IFileSystem Files, string Root) Place(string directory, IFileSystem? fileSystem) =>
        fileSystem is { } files ? (files, directory) : (new DiskFileSystem(), Path.GetFullPath(directory));

    /// <summary>The positions that a read goes through: behind one, and up to another.</summary>
    async ValueTask<(Position After, Position Until)> RangeAsync(ReadOptions options, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.From.Value, nameof(options));
        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var after = options.RecordedFrom is { } time ? _storage.PositionAt(Microseconds.AtOrAfter(time) - 1) : Position.None;
        if (options.From == Position.None) return (after, until);
        if (options.Backward) return (after, options.From < until ? options.From : until);
        return (new Position(Math.Max(after.Value, options.From.Value - 1)), until);
    }

    static void Check(FactQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.ThrowIfWrong(nameof(query));
    }

    static void Check(StreamName stream)
    {
        if (NameCheck.ForReading(stream) is { } wrong) throw new ArgumentException(wrong, nameof(stream));
    }

    static bool Nothing(long? limit)
    {
        if (limit is < 0) throw new ArgumentOutOfRangeException(nameof(limit), limit, "A limit is not negative.");
        return limit == 0;
    }
}
