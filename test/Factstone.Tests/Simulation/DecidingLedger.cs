namespace Factstone.Tests.Simulation;

/// <summary>The ledger as deciders see it. Their appends are recorded as those of any other caller.</summary>
internal sealed class DecidingLedger(Ledger ledger, Func<AppendRequest, ValueTask<AppendOutcome>> send) : ILedger
{
    /// <summary>Called before each read of one fact; null for nothing.</summary>
    public Func<Position, Task>? BeforeReadAt { get; init; }

    public LedgerId Id => ledger.Id;

    public FactTypes? Types => ledger.Types;

    public long Epoch => ledger.Epoch;

    public bool IsReadOnly => ledger.IsReadOnly;

    public ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken) => send(request);

    public ValueTask<TruncationReceipt> TruncateAsync(StreamName stream, StreamVersion? through, string reason, TruncateOptions? options, CancellationToken cancellationToken) => ledger.TruncateAsync(stream, through, reason, options, cancellationToken);

    public ValueTask<AppendReceipt?> FindAppendAsync(string appendId, CancellationToken cancellationToken) => ledger.FindAppendAsync(appendId, cancellationToken);

    public ILedgerReader AsOf(LedgerTime time) => ledger.AsOf(time);

    public Follower OpenFollower(FactQuery query, FollowOptions? options) => ledger.OpenFollower(query, options);

    public ValueTask<LedgerCursor> GetCursorAsync(Position position, CancellationToken cancellationToken) => ((ILedger)ledger).GetCursorAsync(position, cancellationToken);

    public ValueTask<Position> ResolveAsync(LedgerCursor cursor, CancellationToken cancellationToken) => ((ILedger)ledger).ResolveAsync(cursor, cancellationToken);

    public IAsyncEnumerable<StoreSummary> ListStoresAsync(CancellationToken cancellationToken) => ledger.ListStoresAsync(cancellationToken);

    public ValueTask<Cell?> ReadCellAsync(string bucket, string name, CancellationToken cancellationToken) => ledger.ReadCellAsync(bucket, name, cancellationToken);

    public IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<Cell> ListCellsAsync(string bucket, CellListOptions? options, CancellationToken cancellationToken) => ledger.ListCellsAsync(bucket, options, cancellationToken);

    public IAsyncEnumerable<CellName> ListCellNamesAsync(string bucket, CellListOptions? options, CancellationToken cancellationToken) => ledger.ListCellNamesAsync(bucket, options, cancellationToken);

    public ValueTask<LedgerStatistics> GetStatisticsAsync(CancellationToken cancellationToken) => ledger.GetStatisticsAsync(cancellationToken);

    public ValueTask<Position> GetHeadAsync(CancellationToken cancellationToken) => ledger.GetHeadAsync(cancellationToken);

    public ValueTask<ResolvedTime> ResolveAsync(LedgerTime time, CancellationToken cancellationToken) => ledger.ResolveAsync(time, cancellationToken);

    public IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options, CancellationToken cancellationToken) => ledger.ReadAsync(options, cancellationToken);

    public IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options, CancellationToken cancellationToken) => ledger.ReadAsync(query, options, cancellationToken);

    public IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options, CancellationToken cancellationToken) => ledger.ReadStreamAsync(stream, options, cancellationToken);

    public ValueTask<Fact?> ReadLatestAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken) => ledger.ReadLatestAsync(stream, asOf, cancellationToken);

    public ValueTask<TState> FoldLatestAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, LedgerTime asOf, CancellationToken cancellationToken) => ledger.FoldLatestAsync(stream, seed, folder, asOf, cancellationToken);

    public ValueTask<StreamVersion> GetVersionAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken) => ledger.GetVersionAsync(stream, asOf, cancellationToken);

    public async ValueTask<Fact?> ReadAtAsync(Position position, CancellationToken cancellationToken)
    {
        if (BeforeReadAt is not null) await BeforeReadAt(position);
        return await ledger.ReadAtAsync(position, cancellationToken);
    }

    public ValueTask<Fact?> FindAsync(Guid id, CancellationToken cancellationToken) => ledger.FindAsync(id, cancellationToken);

    public ValueTask<long> CountAsync(FactQuery query, LedgerTime asOf, CancellationToken cancellationToken) => ledger.CountAsync(query, asOf, cancellationToken);

    public ValueTask<TState> FoldAsync<TState>(TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken) => ledger.FoldAsync(seed, folder, options, cancellationToken);

    public ValueTask<TState> FoldAsync<TState>(FactQuery query, TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken) => ledger.FoldAsync(query, seed, folder, options, cancellationToken);

    public ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options, CancellationToken cancellationToken) => ledger.FoldStreamAsync(stream, seed, folder, options, cancellationToken);

    public IAsyncEnumerable<Fact> ListAsync(string store, ListOptions? options, CancellationToken cancellationToken) => ledger.ListAsync(store, options, cancellationToken);

    public IAsyncEnumerable<StreamSummary> ListStreamsAsync(string store, ListOptions? options, CancellationToken cancellationToken) => ledger.ListStreamsAsync(store, options, cancellationToken);
}
