using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>An append-only ledger of immutable facts. One process at a time writes; any number of processes read meanwhile.</summary>
/// <remarks>
/// All members may be called from any thread at any time. Reads see durable facts only, each as of a point that is fixed
/// when it begins. Names, keys and tags are ordered by unsigned UTF-8 bytes.
/// </remarks>
public sealed partial class Ledger : ILedger, IFactValueSource, IProjectionSource, IAsyncDisposable, IDisposable
{
    readonly IFactStorage _storage;
    readonly AppendPipeline? _pipeline;
    readonly TimeProvider _time;
    readonly LedgerOptions _options;
    readonly FactValues? _values;
    readonly KeptProjections? _projections;
    int _isClosing;
    int _isDisposed;

    /// <param name="storage">The open storage.</param>
    /// <param name="options">Checked options.</param>
    /// <param name="location">The value of <see cref="Location"/>.</param>
    Ledger(IFactStorage storage, LedgerOptions options, string location)
    {
        Location = location;
        _storage = storage;
        _options = options;
        _time = options.TimeProvider;
        _values = FactValues.Of(options.Types, options.Records);
        _blobs = new Lazy<IBlobStore>(() =>
        {
            ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
            return StorageEngine.OpenBlobs(storage);
        });
        if (storage.Appending is { } appending) _pipeline = new AppendPipeline(storage, appending, new RecordingClock(options.TimeProvider, storage.Head.RecordedAt), options);
        if (options.InlineProjections.Count + options.AsyncProjections.Count > 0) _projections = new KeptProjections(this, options.InlineProjections, options.AsyncProjections, options.ProjectionLimits, options.Notice, storage.Opening.RecoveryIsPending);
    }

    /// <inheritdoc/>
    public LedgerId Id => _storage.Id;

    /// <inheritdoc/>
    public long Epoch => _storage.Epoch;

    /// <summary>The directory, as a full path, as it was when the ledger was opened; empty for a ledger in memory.</summary>
    public string Location { get; }

    /// <inheritdoc/>
    public bool IsReadOnly => _storage.IsReadOnly;

    /// <inheritdoc/>
    public FactTypes? Types => _options.Types;

    FactValues? IFactValueSource.Values => _values;

    KeptProjections? IProjectionSource.Projections => _projections;

    /// <summary>What the open found and did.</summary>
    public OpeningReport Opening => _storage.Opening;

    /// <summary>Damage to durable bytes that the open or later reads have found. While there is any, appends are refused. A stopped worker is not damage: see <see cref="WorkerFailures"/>.</summary>
    public IReadOnlyList<Damage> Damage => _storage.Damage;

    /// <summary>Background workers that an unforeseen exception has stopped since the open; in a read-only ledger those of the present or last writer. The ledger continues without them.</summary>
    public IReadOnlyList<WorkerFailure> WorkerFailures => _storage.WorkerFailures;

    /// <summary>How far the clock is behind the last RecordedAt; zero if it is not. Recorded times advance by microseconds until the clock has caught up.</summary>
    public TimeSpan ClockLag => _pipeline?.Clock.Lag ?? TimeSpan.Zero;

    /// <inheritdoc/>
    public ValueTask<Position> GetHeadAsync(CancellationToken cancellationToken = default)
    {
        RefreshReader(cancellationToken);
        if (_storage.IsEndUnknown) throw new LedgerDamagedException($"It is unknown whether position {_storage.Head.Position} is the last one.", _storage.Damage);
        return ValueTask.FromResult(_storage.Head.Position);
    }

    /// <inheritdoc/>
    public async ValueTask<ResolvedTime> ResolveAsync(LedgerTime time, CancellationToken cancellationToken = default)
    {
        RefreshReader(cancellationToken);
        switch (time.Kind)
        {
            case LedgerTimeKind.Latest:
                return new ResolvedTime(_storage.Head.Position, IsFinal: false);

            case LedgerTimeKind.Position:
                if (time.Position < Position.None) throw new ArgumentOutOfRangeException(nameof(time), time.Position, "A position must not be negative. Positions start at 1, and 0 is before the first fact.");
                if (time.Position > _storage.Head.Position)
                    throw new ArgumentOutOfRangeException(nameof(time), $"Position {time.Position} is too high: the last fact is at position {_storage.Head.Position}.");
                return new ResolvedTime(time.Position, IsFinal: true);

            default:
                var isFinal = await SettleAsync(time.Time, cancellationToken).ConfigureAwait(false);
                return new ResolvedTime(_storage.PositionAt(time.Time, cancellationToken), isFinal);
        }
    }

    /// <inheritdoc/>
    public ValueTask<LedgerStatistics> GetStatisticsAsync(CancellationToken cancellationToken = default)
    {
        RefreshReader(cancellationToken);
        var held = _storage.Statistics(cancellationToken);
        var head = _storage.Head;
        return ValueTask.FromResult(new LedgerStatistics
        {
            Facts = held.Facts,
            Streams = held.Streams,
            Stores = held.Stores,
            AppendIds = held.AppendIds,
            Cells = held.Cells,
            Segments = held.LogFiles,
            SegmentBytes = held.LogBytes,
            Runs = held.IndexFiles,
            RunBytes = held.IndexBytes,
            IsAppendingSlowed = held.IsAppendingSlowed,
            IndexRebuildTotal = held.IndexRebuild.Total,
            IndexRebuildDone = held.IndexRebuild.Done,
            IsIndexShortOfSpace = held.IsIndexShortOfSpace,
            Head = head.Position,
            RecordedAt = head.Position == Position.None ? null : Microseconds.ToTime(head.RecordedAt),
        });
    }

    /// <inheritdoc/>
    public ILedgerReader AsOf(LedgerTime time) => new AsOfReader(this, time);

    /// <summary>Accepts the present time of the clock as correct, after a <see cref="ClockJumpedException"/>.</summary>
    public void AcceptClock() => _pipeline?.Clock.Accept();

    /// <summary>Writes the last snapshots of kept projections, finishes the queued appends, ends the followers, marks the end of the session and releases the lock. May be called again.</summary>
    public void Dispose()
    {
        try
        {
            CloseProjectionsAsync().AsTask().GetAwaiter().GetResult();
        }
        finally
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                if (_blobs.IsValueCreated) (_blobs.Value as IDisposable)?.Dispose();
                _pipeline?.Dispose();
                _storage.Dispose();
            }
        }
    }

    /// <summary>The same as <see cref="Dispose"/>.</summary>
    public async ValueTask DisposeAsync() => await Task.Run(Dispose).ConfigureAwait(false);

    /// <summary>Ends the kept projections, before the appends of their snapshots are refused.</summary>
    internal ValueTask CloseProjectionsAsync() =>
        _projections is { } projections && Interlocked.Exchange(ref _isClosing, 1) == 0 ? projections.CloseAsync() : default;

    /// <summary>The storage, for tests of the parts below the ledger.</summary>
    internal IFactStorage Storage => _storage;

    internal AppendPipeline? Pipeline => _pipeline;

    internal static Ledger Open(IFactStorage storage, LedgerOptions options) => new(storage, options, storage.Location);

    void RefreshReader(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        cancellationToken.ThrowIfCancellationRequested();
        _storage.Refresh(cancellationToken);
    }

    /// <summary>Waits for appends in flight up to a time.</summary>
    /// <returns>Whether what was recorded by then is final.</returns>
    async ValueTask<bool> SettleAsync(long time, CancellationToken cancellationToken)
    {
        if (_pipeline is { } pipeline)
        {
            await pipeline.Clock.PassedAsync(time).WaitAsync(cancellationToken).ConfigureAwait(false);
            return !_storage.MayHoldMore || time <= _storage.Head.RecordedAt;
        }

        // A reader cannot know what the writer has recorded by then and not yet published.
        var head = _storage.Head;
        RecordingClock.RefuseFuture(time, Math.Max(Microseconds.From(_time.GetUtcNow()), head.RecordedAt));
        return time <= head.RecordedAt;
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
        PageCheck.Limit(limit);
        return limit == 0;
    }
}
