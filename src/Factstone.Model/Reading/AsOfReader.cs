namespace Factstone;

/// <summary>A reader that is bound to one point. It resolves the point for each read, because a recorded time may lie in the future of the writer when the reader is made.</summary>
internal sealed class AsOfReader(ILedgerReader ledger, LedgerTime asOf) : ILedgerReader
{
    public LedgerId Id => ledger.Id;

    public FactTypes? Types => ledger.Types;

    public async ValueTask<Position> GetHeadAsync(CancellationToken cancellationToken) =>
        asOf == LedgerTime.Latest
            ? await ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false)
            : (await ledger.ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;

    public async ValueTask<ResolvedTime> ResolveAsync(LedgerTime time, CancellationToken cancellationToken)
    {
        var end = await ledger.ResolveAsync(asOf, cancellationToken).ConfigureAwait(false);
        if (time == LedgerTime.Latest) return end;
        var resolved = await ledger.ResolveAsync(time, cancellationToken).ConfigureAwait(false);
        return resolved.Position <= end.Position ? resolved : throw Beyond(nameof(time), time);
    }

    public IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options, CancellationToken cancellationToken) => ledger.ReadAsync(Bound(options), cancellationToken);

    public IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options, CancellationToken cancellationToken) => ledger.ReadAsync(query, Bound(options), cancellationToken);

    public IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options, CancellationToken cancellationToken) => ledger.ReadStreamAsync(stream, Bound(options), cancellationToken);

    public ValueTask<Fact?> ReadLatestAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken) => ledger.ReadLatestAsync(stream, Bound(asOf, nameof(asOf)), cancellationToken);

    public ValueTask<TState> FoldLatestAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, LedgerTime asOf, CancellationToken cancellationToken) =>
        ledger.FoldLatestAsync(stream, seed, folder, Bound(asOf, nameof(asOf)), cancellationToken);

    public ValueTask<StreamVersion> GetVersionAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken) => ledger.GetVersionAsync(stream, Bound(asOf, nameof(asOf)), cancellationToken);

    public async ValueTask<Fact?> ReadAtAsync(Position position, CancellationToken cancellationToken) =>
        position <= await GetHeadAsync(cancellationToken).ConfigureAwait(false) ? await ledger.ReadAtAsync(position, cancellationToken).ConfigureAwait(false) : null;

    public async ValueTask<Fact?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var fact = await ledger.FindAsync(id, cancellationToken).ConfigureAwait(false);
        return fact is not null && fact.Position <= await GetHeadAsync(cancellationToken).ConfigureAwait(false) ? fact : null;
    }

    public ValueTask<long> CountAsync(FactQuery query, LedgerTime asOf, CancellationToken cancellationToken) => ledger.CountAsync(query, Bound(asOf, nameof(asOf)), cancellationToken);

    public ValueTask<TState> FoldAsync<TState>(TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken) =>
        ledger.FoldAsync(seed, folder, Bound(options), cancellationToken);

    public ValueTask<TState> FoldAsync<TState>(FactQuery query, TState seed, FactFolder<TState> folder, ReadOptions? options, CancellationToken cancellationToken) =>
        ledger.FoldAsync(query, seed, folder, Bound(options), cancellationToken);

    public ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options, CancellationToken cancellationToken) =>
        ledger.FoldStreamAsync(stream, seed, folder, Bound(options), cancellationToken);

    public ValueTask<long> CountStreamAsync(StreamName stream, StreamReadOptions? options, CancellationToken cancellationToken) => ledger.CountStreamAsync(stream, Bound(options), cancellationToken);

    public IAsyncEnumerable<Fact> ListAsync(string store, ListOptions? options, CancellationToken cancellationToken) => ledger.ListAsync(store, Bound(options), cancellationToken);

    public IAsyncEnumerable<StreamSummary> ListStreamsAsync(string store, ListOptions? options, CancellationToken cancellationToken) => ledger.ListStreamsAsync(store, Bound(options), cancellationToken);

    ReadOptions Bound(ReadOptions? options) => options is null ? new ReadOptions { AsOf = asOf } : options with { AsOf = Bound(options.AsOf, nameof(options)) };

    StreamReadOptions Bound(StreamReadOptions? options) => options is null ? new StreamReadOptions { AsOf = asOf } : options with { AsOf = Bound(options.AsOf, nameof(options)) };

    ListOptions Bound(ListOptions? options) => options is null ? new ListOptions { AsOf = asOf } : options with { AsOf = Bound(options.AsOf, nameof(options)) };

    /// <summary>A read names no other point, because it would be unclear which of the two counts.</summary>
    LedgerTime Bound(LedgerTime own, string parameter) =>
        own == LedgerTime.Latest || own == asOf ? asOf : throw new ArgumentException($"This reader is bound to {asOf}, and the read asks for {own}. Read at another point with a reader of its own: ledger.AsOf(...).", parameter);

    ArgumentOutOfRangeException Beyond(string parameter, LedgerTime time) => new(parameter, $"{time} lies beyond {asOf}, the point to which this reader is bound.");
}
