namespace Factstone.Conformance.Wrapping;

/// <summary>The past of a <see cref="ContinuedLedger"/>. After a reopen it reads the ledger as it was opened then.</summary>
internal sealed class ContinuedReader(ContinuedLedger ledger, LedgerTime time) : ILedgerReader
{
    public LedgerId Id => ledger.Id;

    public FactTypes? Types => ledger.Types;

    public ValueTask<Position> GetHeadAsync(CancellationToken cancellationToken) => CallAsync(past => past.GetHeadAsync(cancellationToken), cancellationToken);

    public ValueTask<ResolvedTime> ResolveAsync(LedgerTime other, CancellationToken cancellationToken) => CallAsync(past => past.ResolveAsync(other, cancellationToken), cancellationToken);

    public IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options, CancellationToken cancellationToken) => EachAsync(past => past.ReadAsync(options, cancellationToken), cancellationToken);

    public IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options, CancellationToken cancellationToken) => EachAsync(past => past.ReadAsync(query, options, cancellationToken), cancellationToken);

    public IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options, CancellationToken cancellationToken) => EachAsync(past => past.ReadStreamAsync(stream, options, cancellationToken), cancellationToken);

    public ValueTask<Fact?> ReadLatestAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken) => CallAsync(past => past.ReadLatestAsync(stream, asOf, cancellationToken), cancellationToken);

    public ValueTask<TState> FoldLatestAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, LedgerTime asOf, CancellationToken cancellationToken) => CallAsync(past => past.FoldLatestAsync(stream, seed, folder, asOf, cancellationToken), cancellationToken);

    public ValueTask<StreamVersion> GetVersionAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken) => CallAsync(past => past.GetVersionAsync(stream, asOf, cancellationToken), cancellationToken);

    public ValueTask<Fact?> ReadAtAsync(Position position, CancellationToken cancellationToken) => CallAsync(past => past.ReadAtAsync(position, cancellationToken), cancellationToken);

    public ValueTask<Fact?> FindAsync(Guid id, CancellationToken cancellationToken) => CallAsync(past => past.FindAsync(id, cancellationToken), cancellationToken);

    public ValueTask<long> CountAsync(FactQuery query, LedgerTime asOf, CancellationToken cancellationToken) => CallAsync(past => past.CountAsync(query, asOf, cancellationToken), cancellationToken);

    public ValueTask<long> CountStreamAsync(StreamName stream, StreamReadOptions? options, CancellationToken cancellationToken) => CallAsync(past => past.CountStreamAsync(stream, options, cancellationToken), cancellationToken);

    public ValueTask<TState> FoldAsync<TState>(TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken) => CallAsync(past => past.FoldAsync(seed, folder, options, cancellationToken), cancellationToken);

    public ValueTask<TState> FoldAsync<TState>(FactQuery query, TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken) => CallAsync(past => past.FoldAsync(query, seed, folder, options, cancellationToken), cancellationToken);

    public ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options, CancellationToken cancellationToken) => CallAsync(past => past.FoldStreamAsync(stream, seed, folder, options, cancellationToken), cancellationToken);

    public IAsyncEnumerable<Fact> ListAsync(string store, ListOptions? options, CancellationToken cancellationToken) => EachAsync(past => past.ListAsync(store, options, cancellationToken), cancellationToken);

    public IAsyncEnumerable<StreamSummary> ListStreamsAsync(string store, ListOptions? options, CancellationToken cancellationToken) => EachAsync(past => past.ListStreamsAsync(store, options, cancellationToken), cancellationToken);

    ValueTask<T> CallAsync<T>(Func<ILedgerReader, ValueTask<T>> call, CancellationToken cancellationToken) => ledger.CallAsync(inner => call(inner.AsOf(time)), cancellationToken);

    IAsyncEnumerable<T> EachAsync<T>(Func<ILedgerReader, IAsyncEnumerable<T>> read, CancellationToken cancellationToken) => ledger.EachAsync(inner => read(inner.AsOf(time)), cancellationToken);
}
