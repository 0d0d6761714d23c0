using System.Runtime.CompilerServices;

namespace Factstone.Conformance.Wrapping;

/// <summary>One opening of a ledger.</summary>
/// <param name="Ledger">The ledger.</param>
/// <param name="Stopped">Is cancelled when it stops, as by a power loss. Its calls may never return then.</param>
internal sealed record Opening(ILedger Ledger, CancellationToken Stopped);

/// <summary>A ledger that is closed and opened again beneath its caller: after each append, or after it has stopped.</summary>
/// <remarks>
/// <para>A call that the stop has interrupted is repeated on the opened ledger. Each append has an id, so a repeat adds nothing if the
/// interrupted one was committed. Its caller gets <see cref="AppendOutcome.Committed"/> then, because it has had no answer before.</para>
/// <para>An enumeration is read to its end at once, because it could not go on after a reopen. A follower goes on from its position.</para>
/// <para>Threads: any number.</para>
/// </remarks>
internal sealed class ContinuedLedger : LedgerDecorator
{
    /// <summary>A source stops a ledger a few times only, so more attempts than this are a mistake of the source.</summary>
    const int AttemptsMax = 200;

    readonly LedgerUnderTest _tested;
    readonly LedgerSetup _setup;
    readonly LedgerSource _source;
    readonly Lock _gate = new();
    readonly HashSet<string> _interrupted = new(StringComparer.Ordinal);
    Opening _opening;
    TaskCompletionSource? _reopening;
    int _inFlight;
    bool _isClosed;

    ContinuedLedger(LedgerUnderTest tested, LedgerSetup setup, LedgerSource source, Opening opening) : base(opening.Ledger) => (_tested, _setup, _source, _opening) = (tested, setup, source, opening);

    public static async Task<ContinuedLedger> OpenAsync(LedgerUnderTest tested, LedgerSetup setup, LedgerSource source, CancellationToken cancellationToken)
    {
        var ledger = await tested.OpenAsync(setup, cancellationToken);
        return new ContinuedLedger(tested, setup, source, new Opening(ledger, tested.Stopped));
    }

    /// <summary>The opening in use. It may be about to be replaced: see <see cref="SettledAsync"/>.</summary>
    public Opening Present
    {
        get
        {
            lock (_gate) return _opening;
        }
    }

    /// <summary>Whether <see cref="Close"/> was called.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate) return _isClosed;
        }
    }

    protected override ILedger Inner => Present.Ledger;

    /// <summary>From now on it is not opened again: another object is about to open the ledger.</summary>
    public void Close()
    {
        lock (_gate) _isClosed = true;
    }

    public override async ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        var outcome = _source.MayStop && request is not null ? await AppendUntilAnsweredAsync(request, cancellationToken) : await CallAsync(inner => inner.TryAppendAsync(request!, cancellationToken), cancellationToken);
        if (_source.ReopensAfterEachAppend && outcome is AppendOutcome.Committed) await ReopenIfQuietAsync(cancellationToken);
        return outcome;
    }

    public override async ValueTask<TruncationReceipt> TruncateAsync(StreamName stream, StreamVersion? through, string reason, TruncateOptions? options, CancellationToken cancellationToken)
    {
        var attempts = 0;
        var receipt = await CallAsync(
            inner =>
            {
                attempts++;
                return inner.TruncateAsync(stream, through, reason, options, cancellationToken);
            },
            cancellationToken);
        if (attempts > 1 && receipt.Facts == 0 && options is not { DryRun: true }) receipt = await WrittenAsync(receipt, cancellationToken);
        if (_source.ReopensAfterEachAppend && receipt.Append is not null) await ReopenIfQuietAsync(cancellationToken);
        return receipt;
    }

    public override ILedgerReader AsOf(LedgerTime time) => new ContinuedReader(this, time);

    public override Follower OpenFollower(FactQuery query, FollowOptions? options) => new ContinuedFollower(this, query, options);

    public override ValueTask<AppendReceipt?> FindAppendAsync(string appendId, CancellationToken cancellationToken) => CallAsync(inner => inner.FindAppendAsync(appendId, cancellationToken), cancellationToken);

    public override ValueTask<LedgerCursor> GetCursorAsync(Position position, CancellationToken cancellationToken) => CallAsync(inner => inner.GetCursorAsync(position, cancellationToken), cancellationToken);

    public override ValueTask<Position> ResolveAsync(LedgerCursor cursor, CancellationToken cancellationToken) => CallAsync(inner => inner.ResolveAsync(cursor, cancellationToken), cancellationToken);

    public override IAsyncEnumerable<StoreSummary> ListStoresAsync(CancellationToken cancellationToken) => EachAsync(inner => inner.ListStoresAsync(cancellationToken), cancellationToken);

    public override ValueTask<Cell?> ReadCellAsync(string bucket, string name, CancellationToken cancellationToken) => CallAsync(inner => inner.ReadCellAsync(bucket, name, cancellationToken), cancellationToken);

    public override IAsyncEnumerable<Cell> ListCellsAsync(string bucket, CellListOptions? options, CancellationToken cancellationToken) => EachAsync(inner => inner.ListCellsAsync(bucket, options, cancellationToken), cancellationToken);

    public override IAsyncEnumerable<CellName> ListCellNamesAsync(string bucket, CellListOptions? options, CancellationToken cancellationToken) => EachAsync(inner => inner.ListCellNamesAsync(bucket, options, cancellationToken), cancellationToken);

    public override ValueTask<LedgerStatistics> GetStatisticsAsync(CancellationToken cancellationToken) => CallAsync(inner => inner.GetStatisticsAsync(cancellationToken), cancellationToken);

    public override ValueTask<Position> GetHeadAsync(CancellationToken cancellationToken) => CallAsync(inner => inner.GetHeadAsync(cancellationToken), cancellationToken);

    public override ValueTask<ResolvedTime> ResolveAsync(LedgerTime time, CancellationToken cancellationToken) => CallAsync(inner => inner.ResolveAsync(time, cancellationToken), cancellationToken);

    public override IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options, CancellationToken cancellationToken) => EachAsync(inner => inner.ReadAsync(options, cancellationToken), cancellationToken);

    public override IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options, CancellationToken cancellationToken) => EachAsync(inner => inner.ReadAsync(query, options, cancellationToken), cancellationToken);

    public override IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options, CancellationToken cancellationToken) => EachAsync(inner => inner.ReadStreamAsync(stream, options, cancellationToken), cancellationToken);

    public override ValueTask<Fact?> ReadLatestAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken) => CallAsync(inner => inner.ReadLatestAsync(stream, asOf, cancellationToken), cancellationToken);

    public override ValueTask<TState> FoldLatestAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, LedgerTime asOf, CancellationToken cancellationToken) => CallAsync(inner => inner.FoldLatestAsync(stream, seed, folder, asOf, cancellationToken), cancellationToken);

    public override ValueTask<StreamVersion> GetVersionAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken) => CallAsync(inner => inner.GetVersionAsync(stream, asOf, cancellationToken), cancellationToken);

    public override ValueTask<Fact?> ReadAtAsync(Position position, CancellationToken cancellationToken) => CallAsync(inner => inner.ReadAtAsync(position, cancellationToken), cancellationToken);

    public override ValueTask<Fact?> FindAsync(Guid id, CancellationToken cancellationToken) => CallAsync(inner => inner.FindAsync(id, cancellationToken), cancellationToken);

    public override ValueTask<long> CountAsync(FactQuery query, LedgerTime asOf, CancellationToken cancellationToken) => CallAsync(inner => inner.CountAsync(query, asOf, cancellationToken), cancellationToken);

    public override ValueTask<TState> FoldAsync<TState>(TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken) => CallAsync(inner => inner.FoldAsync(seed, folder, options, cancellationToken), cancellationToken);

    public override ValueTask<TState> FoldAsync<TState>(FactQuery query, TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken) => CallAsync(inner => inner.FoldAsync(query, seed, folder, options, cancellationToken), cancellationToken);

    public override ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options, CancellationToken cancellationToken) => CallAsync(inner => inner.FoldStreamAsync(stream, seed, folder, options, cancellationToken), cancellationToken);

    public override ValueTask<long> CountStreamAsync(StreamName stream, StreamReadOptions? options, CancellationToken cancellationToken) => CallAsync(inner => inner.CountStreamAsync(stream, options, cancellationToken), cancellationToken);

    public override IAsyncEnumerable<Fact> ListAsync(string store, ListOptions? options, CancellationToken cancellationToken) => EachAsync(inner => inner.ListAsync(store, options, cancellationToken), cancellationToken);

    public override IAsyncEnumerable<StreamSummary> ListStreamsAsync(string store, ListOptions? options, CancellationToken cancellationToken) => EachAsync(inner => inner.ListStreamsAsync(store, options, cancellationToken), cancellationToken);

    /// <summary>Waits until the ledger is not being reopened.</summary>
    public Task SettledAsync(CancellationToken cancellationToken)
    {
        lock (_gate) return _reopening?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask;
    }

    /// <summary>Whether an opening has been replaced, or is about to be.</summary>
    public bool IsReplaced(Opening opening)
    {
        lock (_gate) return !_isClosed && (_reopening is not null || _opening != opening);
    }

    /// <summary>Opens the ledger again after an opening has stopped, unless another caller has done so since.</summary>
    public async Task ReopenStoppedAsync(Opening stopped, CancellationToken cancellationToken)
    {
        Task? reopening = null;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_reopening is not null) reopening = _reopening.Task;
            else if (_opening != stopped || !stopped.Stopped.IsCancellationRequested) return;
            else _reopening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (reopening is not null) await reopening.WaitAsync(cancellationToken);
        else await ReopenAsync(cancellationToken);
    }

    async Task<AppendOutcome> AppendUntilAnsweredAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        var named = request.AppendId is null ? request with { AppendId = $"conformance:{Guid.NewGuid():N}" } : request;
        for (var attempt = 1; ; attempt++)
        {
            var opening = await EnterAsync(cancellationToken);
            try
            {
                var outcome = await AnswerAsync(opening, inner => inner.TryAppendAsync(named, cancellationToken));
                if (outcome is not AppendOutcome.Unknown || !opening.Stopped.IsCancellationRequested) return FirstAnswer(named.AppendId!, outcome);
            }
            catch (Exception) when (opening.Stopped.IsCancellationRequested && attempt < AttemptsMax)
            {
                // The append may or may not be in the log. The id tells it after the reopen.
            }
            finally
            {
                Exit();
            }

            lock (_gate) _interrupted.Add(named.AppendId!);
            await ReopenStoppedAsync(opening, cancellationToken);
        }
    }

    /// <summary>One caller of an id that was interrupted hears that its append is committed.</summary>
    AppendOutcome FirstAnswer(string appendId, AppendOutcome outcome)
    {
        lock (_gate)
        {
            if (outcome is AppendOutcome.Committed) _interrupted.Remove(appendId);
            return outcome is AppendOutcome.Duplicate { Difference: null } duplicate && _interrupted.Remove(appendId) ? new AppendOutcome.Committed(duplicate.Receipt) : outcome;
        }
    }

    /// <summary>Calls the ledger, and repeats the call if the ledger is reopened meanwhile.</summary>
    public async ValueTask<T> CallAsync<T>(Func<ILedger, ValueTask<T>> call, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var opening = await EnterAsync(cancellationToken);
            try
            {
                return await AnswerAsync(opening, call);
            }
            catch (Exception) when (opening.Stopped.IsCancellationRequested && attempt < AttemptsMax)
            {
                // Repeated below.
            }
            finally
            {
                Exit();
            }

            await ReopenStoppedAsync(opening, cancellationToken);
        }
    }

    /// <summary>The answer of a call. If the ledger stops, the call is left alone: nobody will answer it.</summary>
    Task<T> AnswerAsync<T>(Opening opening, Func<ILedger, ValueTask<T>> call) =>
        _source.MayStop ? Task.Run(() => call(opening.Ledger).AsTask()).WaitAsync(opening.Stopped) : call(opening.Ledger).AsTask();

    /// <summary>What an enumeration returns, read to its end.</summary>
    public async IAsyncEnumerable<T> EachAsync<T>(Func<ILedger, IAsyncEnumerable<T>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var items = await CallAsync(
            async inner =>
            {
                var list = new List<T>();
                await foreach (var item in read(inner)) list.Add(item);
                return list;
            },
            cancellationToken);
        foreach (var item in items) yield return item;
    }

    /// <summary>The receipt that an interrupted truncation has written, if it has: a repeat of it drops nothing.</summary>
    async ValueTask<TruncationReceipt> WrittenAsync(TruncationReceipt repeated, CancellationToken cancellationToken)
    {
        await foreach (var receipt in this.ListReceiptsAsync(new ReadOptions { Backward = true }, cancellationToken))
            if (receipt.Truncation is { } written && written.Stream == repeated.Stream) return written;
        return repeated;
    }

    async ValueTask<Opening> EnterAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task reopening;
            lock (_gate)
            {
                if (_reopening is null)
                {
                    _inFlight++;
                    return _opening;
                }

                reopening = _reopening.Task;
            }

            await reopening.WaitAsync(cancellationToken);
        }
    }

    void Exit()
    {
        lock (_gate) _inFlight--;
    }

    async Task ReopenIfQuietAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_reopening is not null || _inFlight > 0 || _isClosed) return;
            _reopening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await ReopenAsync(cancellationToken);
    }

    async Task ReopenAsync(CancellationToken cancellationToken)
    {
        Opening? reopened = null;
        try
        {
            var ledger = await _tested.OpenAsync(_setup, cancellationToken);
            reopened = new Opening(ledger, _tested.Stopped);
        }
        finally
        {
            TaskCompletionSource? reopening;
            lock (_gate) (_opening, reopening, _reopening) = (reopened ?? _opening, _reopening, null);
            reopening?.SetResult();
        }
    }
}
