namespace Factstone.Conformance.Wrapping;

/// <summary>A ledger that passes every call on to another one. A class that derives from it changes some of them.</summary>
/// <param name="inner">The other ledger.</param>
internal abstract class LedgerDecorator(ILedger inner) : ILedger
{
    protected virtual ILedger Inner => inner;

    public LedgerId Id => Inner.Id;

    public FactTypes? Types => Inner.Types;

    public long Epoch => Inner.Epoch;

    public bool IsReadOnly => Inner.IsReadOnly;

    public virtual ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken) => Inner.TryAppendAsync(request, cancellationToken);

    public virtual ValueTask<TruncationReceipt> TruncateAsync(StreamName stream, StreamVersion? through, string reason, TruncateOptions? options, CancellationToken cancellationToken) => Inner.TruncateAsync(stream, through, reason, options, cancellationToken);

    public virtual ValueTask<AppendReceipt?> FindAppendAsync(string appendId, CancellationToken cancellationToken) => Inner.FindAppendAsync(appendId, cancellationToken);

    public virtual ILedgerReader AsOf(LedgerTime time) => Inner.AsOf(time);

    public virtual Follower OpenFollower(FactQuery query, FollowOptions? options) => Inner.OpenFollower(query, options);

    public virtual ValueTask<LedgerCursor> GetCursorAsync(Position position, CancellationToken cancellationToken) => Inner.GetCursorAsync(position, cancellationToken);

    public virtual ValueTask<Position> ResolveAsync(LedgerCursor cursor, CancellationToken cancellationToken) => Inner.ResolveAsync(cursor, cancellationToken);

    public virtual IAsyncEnumerable<StoreSummary> ListStoresAsync(CancellationToken cancellationToken) => Inner.ListStoresAsync(cancellationToken);

    public virtual ValueTask<Cell?> ReadCellAsync(string bucket, string name, CancellationToken cancellationToken) => Inner.ReadCellAsync(bucket, name, cancellationToken);

    public virtual IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken = default) => Inner.ListBucketsAsync(cancellationToken);

    public virtual IAsyncEnumerable<Cell> ListCellsAsync(string bucket, CellListOptions? options, CancellationToken cancellationToken) => Inner.ListCellsAsync(bucket, options, cancellationToken);

    public virtual IAsyncEnumerable<CellName> ListCellNamesAsync(string bucket, CellListOptions? options, CancellationToken cancellationToken) => Inner.ListCellNamesAsync(bucket, options, cancellationToken);

    public virtual ValueTask<LedgerStatistics> GetStatisticsAsync(CancellationToken cancellationToken) => Inner.GetStatisticsAsync(cancellationToken);

    public virtual ValueTask<Position> GetHeadAsync(CancellationToken cancellationToken) => Inner.GetHeadAsync(cancellationToken);

    public virtual ValueTask<ResolvedTime> ResolveAsync(LedgerTime time, CancellationToken cancellationToken) => Inner.ResolveAsync(time, cancellationToken);

    public virtual IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options, CancellationToken cancellationToken) => Inner.ReadAsync(options, cancellationToken);

    public virtual IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options, CancellationToken cancellationToken) => Inner.ReadAsync(query, options, cancellationToken);

    public virtual IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options, CancellationToken cancellationToken) => Inner.ReadStreamAsync(stream, options, cancellationToken);

    public virtual ValueTask<Fact?> ReadLatestAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken) => Inner.ReadLatestAsync(stream, asOf, cancellationToken);

    public virtual ValueTask<TState> FoldLatestAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, LedgerTime asOf, CancellationToken cancellationToken) => Inner.FoldLatestAsync(stream, seed, folder, asOf, cancellationToken);

    public virtual ValueTask<StreamVersion> GetVersionAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken) => Inner.GetVersionAsync(stream, asOf, cancellationToken);

    public virtual ValueTask<Fact?> ReadAtAsync(Position position, CancellationToken cancellationToken) => Inner.ReadAtAsync(position, cancellationToken);

    public virtual ValueTask<Fact?> FindAsync(Guid id, CancellationToken cancellationToken) => Inner.FindAsync(id, cancellationToken);

    public virtual ValueTask<long> CountAsync(FactQuery query, LedgerTime asOf, CancellationToken cancellationToken) => Inner.CountAsync(query, asOf, cancellationToken);

    public virtual ValueTask<TState> FoldAsync<TState>(TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken) => Inner.FoldAsync(seed, folder, options, cancellationToken);

    public virtual ValueTask<TState> FoldAsync<TState>(FactQuery query, TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken) => Inner.FoldAsync(query, seed, folder, options, cancellationToken);

    public virtual ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options, CancellationToken cancellationToken) => Inner.FoldStreamAsync(stream, seed, folder, options, cancellationToken);

    public virtual ValueTask<long> CountStreamAsync(StreamName stream, StreamReadOptions? options, CancellationToken cancellationToken) => Inner.CountStreamAsync(stream, options, cancellationToken);

    public virtual IAsyncEnumerable<Fact> ListAsync(string store, ListOptions? options, CancellationToken cancellationToken) => Inner.ListAsync(store, options, cancellationToken);

    public virtual IAsyncEnumerable<StreamSummary> ListStreamsAsync(string store, ListOptions? options, CancellationToken cancellationToken) => Inner.ListStreamsAsync(store, options, cancellationToken);

    /// <summary>Kept projections are read by extension methods, which need the class of the ledger that keeps them.</summary>
    public virtual ValueTask<Projected<TState>> ReadProjectionAsync<TState>(Projection<TState> projection, string? key, Position? atLeast, CancellationToken cancellationToken) => Keeping.ReadProjectionAsync(projection, key, atLeast, cancellationToken);

    /// <summary>The ledger itself, which no other one is in.</summary>
    public ILedger Keeping => Inner is LedgerDecorator decorator ? decorator.Keeping : Inner;
}
