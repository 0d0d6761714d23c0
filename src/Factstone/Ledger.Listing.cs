using System.Runtime.CompilerServices;

namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>The records of a store that have a value, in the order of their keys' UTF-8 bytes: for each the fact with the value.</summary>
    public async IAsyncEnumerable<Fact> ListAsync(string store, ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ListOptions();
        Check(store, options);
        if (Nothing(options.Limit)) yield break;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        foreach (var fact in _storage.ReadValues(store, options.Prefix, options.After, until, options.Limit ?? long.MaxValue, cancellationToken)) yield return fact;
    }

    /// <summary>The streams of a store in the order of their keys' UTF-8 bytes, each with its last version, those of retracted records included. A store that starts with <c>$</c> can be named, too.</summary>
    /// <param name="store">The store; a store without streams gives an empty list.</param>
    /// <param name="options">Which streams, and as of which point: streams whose first fact came later are left out.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to another stream, or be a later version.</exception>
    public async IAsyncEnumerable<StreamSummary> ListStreamsAsync(string store, ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ListOptions();
        Check(store, options);
        if (Nothing(options.Limit)) yield break;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var left = options.Limit ?? long.MaxValue;
        foreach (var (stream, state) in _storage.Streams(store, options.Prefix, options.After, until, left, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new StreamSummary(stream, state.Version, state.Position, state.IsRetracted);
            if (--left == 0) yield break;
        }
    }

    /// <summary>The stores that have had a fact, in order, and the number of facts and streams in each now; without those that start with <c>$</c>, which are reserved.</summary>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to another store.</exception>
    public async IAsyncEnumerable<StoreSummary> ListStoresAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await GetHeadAsync(cancellationToken).ConfigureAwait(false);
        foreach (var store in _storage.Stores(cancellationToken))
            if (!NameCheck.IsOwn(store.Store)) yield return new StoreSummary(store.Store, store.Facts, store.Streams);
    }

    /// <summary>A cell as it is now; null if it has no value: never written, or deleted.</summary>
    /// <remarks>After a read of a fact, it returns the cells that were committed with the fact, or newer ones.</remarks>
    /// <exception cref="LedgerDamagedException">The cell is damaged, or a damaged stretch of the log may hide a newer write of it.</exception>
    public ValueTask<Cell?> ReadCellAsync(string bucket, string name, CancellationToken cancellationToken = default)
    {
        var cell = new CellName(bucket, name);
        if (NameCheck.ForReading(cell) is { } wrong) throw new ArgumentException(wrong, nameof(name));
        RefreshReader(cancellationToken);
        return ValueTask.FromResult(_storage.ReadCell(cell, cancellationToken));
    }

    /// <summary>The cells of a bucket that have a value, in the order of their names' UTF-8 bytes. Each has its state when it is reached, because cells have no history.</summary>
    /// <exception cref="LedgerDamagedException">The next cell is damaged, or a damaged stretch of the log may hide a cell of the bucket.</exception>
    public async IAsyncEnumerable<Cell> ListCellsAsync(string bucket, CellListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new CellListOptions();
        if (Nothing(options.Limit)) yield break;
        var left = options.Limit ?? long.MaxValue;
        await foreach (var cell in ListCellNamesAsync(bucket, options with { Limit = null }, cancellationToken).ConfigureAwait(false))
        {
            if (_storage.ReadCell(cell, cancellationToken) is not { } found) continue; // deleted since
            yield return found;
            if (--left == 0) yield break;
        }
    }

    /// <summary>The names of the cells of a bucket that have a value, in the order of their UTF-8 bytes, without reading the values.</summary>
    /// <exception cref="LedgerDamagedException">A damaged stretch of the log may hide a cell of the bucket.</exception>
    public async IAsyncEnumerable<CellName> ListCellNamesAsync(string bucket, CellListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new CellListOptions();
        if (NameCheck.BucketForReading(bucket) is { } wrong) throw new ArgumentException(wrong, nameof(bucket));
        ArgumentNullException.ThrowIfNull(options.Prefix);
        var wrongName = NameCheck.Text("The prefix", options.Prefix, 0, FactLimits.CellNameBytesMax)
            ?? (options.After is { } after ? NameCheck.Text("The name to continue after", after, 0, FactLimits.CellNameBytesMax) : null);
        if (wrongName is not null) throw new ArgumentException(wrongName, nameof(options));
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
        if (NameCheck.StoreForReading(store) is { } wrong) throw new ArgumentException(wrong, nameof(store));
        ArgumentNullException.ThrowIfNull(options.Prefix);
        var wrongKey = NameCheck.Text("The prefix", options.Prefix, 0, FactLimits.KeyBytesMax)
            ?? (options.After is { } after ? NameCheck.Text("The key to continue after", after, 0, FactLimits.KeyBytesMax) : null);
        if (wrongKey is not null) throw new ArgumentException(wrongKey, nameof(options));
    }
}
