using System.Runtime.CompilerServices;

namespace Factstone;

public sealed partial class Ledger
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<Fact> ListAsync(string store, ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ListOptions();
        Check(store, options);
        if (Nothing(options.Limit)) yield break;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var left = options.Limit ?? long.MaxValue;
        var dropped = DroppedFilter.Of(_storage, cancellationToken: cancellationToken);
        foreach (var fact in _storage.ReadValues(store, options.Prefix, options.After, until, dropped is null ? left : long.MaxValue, cancellationToken))
        {
            if (dropped?.IsDropped(fact) == true) continue;
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StreamSummary> ListStreamsAsync(string store, ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ListOptions();
        Check(store, options);
        if (Nothing(options.Limit)) yield break;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var left = options.Limit ?? long.MaxValue;
        var dropped = DroppedFilter.Of(_storage, cancellationToken: cancellationToken);
        foreach (var (stream, state) in _storage.Streams(store, options.Prefix, options.After, until, left, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new StreamSummary(stream, state.Version, state.Position, state.IsRetracted)
            {
                LatestFact = options.WithLatestFacts ? Held(_storage.ReadAt(state.Position, cancellationToken), cancellationToken) : null,
                DroppedThrough = dropped?.Through(stream) ?? StreamVersion.None,
            };
            if (--left == 0) yield break;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoreSummary> ListStoresAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await GetHeadAsync(cancellationToken).ConfigureAwait(false);
        foreach (var store in _storage.Stores(cancellationToken))
            if (!NameCheck.IsOwn(store.Store)) yield return new StoreSummary(store.Store, store.Facts, store.Streams);
    }

    /// <inheritdoc/>
    public ValueTask<Cell?> ReadCellAsync(string bucket, string name, CancellationToken cancellationToken = default)
    {
        var cell = new CellName(bucket, name);
        if (NameCheck.BucketForReading(bucket) is { } wrongBucket) throw new ArgumentException(wrongBucket, nameof(bucket));
        if (NameCheck.ForReading(cell) is { } wrong) throw new ArgumentException(wrong, nameof(name));
        RefreshReader(cancellationToken);
        return ValueTask.FromResult(_storage.ReadCell(cell, cancellationToken));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListBucketsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await GetHeadAsync(cancellationToken).ConfigureAwait(false);
        foreach (var bucket in _storage.CellBuckets(cancellationToken))
            if (!NameCheck.IsOwn(bucket)) yield return bucket;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Cell> ListCellsAsync(string bucket, CellListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new CellListOptions();
        Check(bucket, options);
        if (Nothing(options.Limit)) yield break;
        var left = options.Limit ?? long.MaxValue;
        await foreach (var cell in ListCellNamesAsync(bucket, options with { Limit = null }, cancellationToken).ConfigureAwait(false))
        {
            if (_storage.ReadCell(cell, cancellationToken) is not { } found) continue; // deleted since
            yield return found;
            if (--left == 0) yield break;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<CellName> ListCellNamesAsync(string bucket, CellListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new CellListOptions();
        Check(bucket, options);
        if (Nothing(options.Limit)) yield break;

        await GetHeadAsync(cancellationToken).ConfigureAwait(false);
        var left = options.Limit ?? long.MaxValue;
        foreach (var name in _storage.CellNames(bucket, options.Prefix, options.After, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new CellName(bucket, name);
            if (--left == 0) yield break;
        }
    }

    static void Check(string store, ListOptions options)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (NameCheck.StoreForReading(store) is { } wrong) throw new ArgumentException(wrong, nameof(store));
        PageCheck.Keys(options);
    }

    static void Check(string bucket, CellListOptions options)
    {
        ArgumentNullException.ThrowIfNull(bucket);
        if (NameCheck.BucketForReading(bucket) is { } wrong) throw new ArgumentException(wrong, nameof(bucket));
        PageCheck.Names(options);
    }
}
