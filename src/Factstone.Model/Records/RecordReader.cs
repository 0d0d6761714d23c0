using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>Reads the records of a store: as of now, or, from <see cref="Records{T}.AsOf"/>, as of one point.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <remarks>
/// Threads: any number. Each read sees durable facts only, as of a point that is fixed when the read begins. A payload that does not become
/// a <typeparamref name="T"/> fails the access to <see cref="Record{T}.Value"/>, not the read.
/// </remarks>
public class RecordReader<T> where T : notnull
{
    readonly ILedgerReader _ledger;

    internal RecordReader(ILedgerReader ledger, RecordStore<T> store)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(store);
        (_ledger, Store) = (ledger, store);
    }

    /// <summary>The definition of the store, with the parts of an append that also contains other facts or cells.</summary>
    public RecordStore<T> Store { get; }

    /// <summary>A record; null if it has no value: never written by then, or retracted.</summary>
    /// <param name="key">Its key, 0..1,024 bytes.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">No record can have this key.</exception>
    /// <exception cref="LedgerDamagedException">The fact is damaged, or a damaged fact may be a later value.</exception>
    public ValueTask<Record<T>?> ReadAsync(string key, CancellationToken cancellationToken = default)
    {
        var stream = Store.StreamOf(key);
        return Read();

        async ValueTask<Record<T>?> Read() =>
            await _ledger.ReadLatestAsync(stream, cancellationToken: cancellationToken).ConfigureAwait(false) is { } fact ? new Record<T>(Store, fact) : null;
    }

    /// <summary>The facts of a record, retractions included; oldest first, unless <see cref="StreamReadOptions.Backward"/> is set. Empty for a record that was never written.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="options">The versions, times and types, the direction, the number of facts and the point of the read; null for all facts.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <remarks>For paging: the next page begins at the version after the last one of the page before.</remarks>
    /// <exception cref="ArgumentException">No record can have this key, or the options are refused; the message names the property.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or a damaged fact may belong to the record.</exception>
    public IAsyncEnumerable<RecordChange<T>> ReadHistoryAsync(string key, StreamReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        var stream = Store.StreamOf(key);
        if (options is not null) PageCheck.Stream(options);
        return Read(cancellationToken);

        async IAsyncEnumerable<RecordChange<T>> Read([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var fact in _ledger.ReadStreamAsync(stream, options, cancellationToken).ConfigureAwait(false))
                yield return new RecordChange<T>(fact, fact.Retracts ? null : new Record<T>(Store, fact));
        }
    }

    /// <summary>The records that have a value, in the order of their keys.</summary>
    /// <param name="options">The prefix of the keys, the key after which to continue, the number of records and the point of the read; null for all records.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ArgumentException">A prefix or key in the options is not possible, or the limit is negative.</exception>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to another record, or be a later value.</exception>
    public IAsyncEnumerable<Record<T>> ListAsync(ListOptions? options = null, CancellationToken cancellationToken = default)
    {
        PageCheck.Keys(options);
        return List(cancellationToken);

        async IAsyncEnumerable<Record<T>> List([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var fact in _ledger.ListAsync(Store.Name, options, cancellationToken).ConfigureAwait(false))
                yield return new Record<T>(Store, fact);
        }
    }

    /// <summary>The keys of the records that have a value, in their order, without reading the values.</summary>
    /// <param name="options">The prefix of the keys, the key after which to continue, the number of keys and the point of the read; null for all keys.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ArgumentException">A prefix or key in the options is not possible, or the limit is negative.</exception>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to another record, or be a later version.</exception>
    public IAsyncEnumerable<string> ListKeysAsync(ListOptions? options = null, CancellationToken cancellationToken = default)
    {
        PageCheck.Keys(options);
        return List(options ?? new ListOptions(), cancellationToken);

        async IAsyncEnumerable<string> List(ListOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var left = options.Limit ?? long.MaxValue;
            if (left == 0) yield break;

            // The limit counts keys with a value, and the list of streams also has those of retracted and dropped records.
            await foreach (var stream in _ledger.ListStreamsAsync(Store.Name, options with { Limit = null, WithLatestFacts = false }, cancellationToken).ConfigureAwait(false))
            {
                if (!stream.HasValue) continue;
                yield return stream.Stream.Key;
                if (--left == 0) yield break;
            }
        }
    }
}
