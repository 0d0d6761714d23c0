namespace Factstone;

/// <summary>Reads a ledger: all of it up to now, or, if it comes from <see cref="ILedger.AsOf"/>, as of one point. The same in this process and, later, through a server.</summary>
/// <remarks>
/// <para>Threads: any number. Each read sees durable facts only, as of a point that is fixed when the read begins. Names, keys and tags are
/// ordered by unsigned UTF-8 bytes. After a <see cref="LedgerDamagedException"/>, later facts can be read from the position after the damage.</para>
/// <para>An enumeration begins with its first <c>MoveNextAsync</c>: then it checks its arguments and fixes its point. What a read as of a
/// point can throw because of the point, <see cref="ResolveAsync"/> names. Once the ledger is closed, each read throws
/// <see cref="ObjectDisposedException"/>; a cancelled one throws <see cref="OperationCanceledException"/>.</para>
/// </remarks>
public interface ILedgerReader
{
    /// <summary>The identity of the ledger.</summary>
    LedgerId Id { get; }

    /// <summary>How values are stored, and how <see cref="Fact.Value"/> is made; null if the ledger was opened without types.</summary>
    FactTypes? Types { get; }

    /// <summary>The last durable position; 0 in an empty ledger. Of a reader that is bound to a point, the position of that point.</summary>
    /// <exception cref="LedgerDamagedException">The last position is unknown, because the end of the log is lost.</exception>
    ValueTask<Position> GetHeadAsync(CancellationToken cancellationToken = default);

    /// <summary>The position of a point in time, after waiting for appends in flight up to that time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is negative or beyond the head, or the time is in the future.</exception>
    /// <exception cref="ClockJumpedException">The clock is probably wrong, so the present time is unknown.</exception>
    ValueTask<ResolvedTime> ResolveAsync(LedgerTime time, CancellationToken cancellationToken = default);

    /// <summary>Facts of the whole ledger in commit order, up to the head at the time of the call. Leaves out reserved stores, which start with <c>$</c>, and facts that are lost for good.</summary>
    /// <param name="options">The start, the direction, the number of facts and the point of the read; null for all facts, forward.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number in the options is negative, or the point of the read is beyond the head or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged.</exception>
    IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Facts that match a query, in commit order, up to the head at the time of the call. Facts that do not match are not read.</summary>
    /// <param name="query">The query that facts must match; <see cref="FactQuery.All"/> for every fact outside of reserved stores. A reserved store is read by a query that names it.</param>
    /// <param name="options">The start, the direction, the number of facts and the point of the read; null for all facts, forward.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number in the options is negative, or the point of the read is beyond the head or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or it is unknown whether a damaged one matches.</exception>
    IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Facts of one stream in order of version; empty for a stream that does not exist.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="options">The bounds by version, time and type, the direction, the number of facts and the point of the read; null for all facts, forward.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">No stream can have this name, or the bounds are refused; the message names the property.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number in the options is negative, or the point of the read is beyond the head or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, a damaged fact may belong to the stream, or it is unknown when one was recorded.</exception>
    IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The fact with the value of a record; null if the record has no value: never written by then, or retracted.</summary>
    /// <param name="stream">The record.</param>
    /// <param name="asOf">The point of the read; by default the head.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">No stream can have this name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The point of the read is beyond the head, or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The fact is damaged, or a damaged fact may be a later value.</exception>
    ValueTask<Fact?> ReadLatestAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default);

    /// <summary>Folds the fact with the value of a record into a state, without an object for the fact: the fastest way to a value.</summary>
    /// <param name="stream">The record.</param>
    /// <param name="seed">The state; returned as it is if the record has no value.</param>
    /// <param name="folder">Called on this thread for the fact, if there is one; what it returns is ignored. A static function and a seed that is changed in place, such as a buffer, make a read that allocates nothing.</param>
    /// <param name="asOf">The point of the read; by default the head.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <returns>The state after the fold.</returns>
    /// <exception cref="ArgumentException">No stream can have this name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The point of the read is beyond the head, or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The fact is damaged, or a damaged fact may be a later value.</exception>
    ValueTask<TState> FoldLatestAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, LedgerTime asOf = default, CancellationToken cancellationToken = default);

    /// <summary>The last version of a stream; 0 if it has no fact.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="asOf">The point of the read; by default the head.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">No stream can have this name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The point of the read is beyond the head, or in the future.</exception>
    /// <exception cref="LedgerDamagedException">A damaged fact may be a later version.</exception>
    ValueTask<StreamVersion> GetVersionAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default);

    /// <summary>The fact at a position, one of a reserved store too; null if there is none yet, or if it is lost for good.</summary>
    /// <exception cref="LedgerDamagedException">The fact is damaged, or it is unknown whether there is one.</exception>
    ValueTask<Fact?> ReadAtAsync(Position position, CancellationToken cancellationToken = default);

    /// <summary>The fact with an id; null if this ledger has none.</summary>
    /// <exception cref="LedgerDamagedException">The fact is damaged, or it is unknown whether there is one.</exception>
    ValueTask<Fact?> FindAsync(Guid id, CancellationToken cancellationToken = default);

    /// <summary>The number of facts that match a query. Most queries are counted by the index alone; if it cannot decide, as with the prefix of a key, facts are read.</summary>
    /// <param name="query">The query that facts must match; <see cref="FactQuery.All"/> for every fact outside of reserved stores.</param>
    /// <param name="asOf">The point of the count; by default the head.</param>
    /// <param name="cancellationToken">Ends the count.</param>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The point of the read is beyond the head, or in the future.</exception>
    /// <exception cref="LedgerDamagedException">It is unknown whether a damaged fact matches.</exception>
    ValueTask<long> CountAsync(FactQuery query, LedgerTime asOf = default, CancellationToken cancellationToken = default);

    /// <summary>Folds the facts that <see cref="ReadAsync(ReadOptions?, CancellationToken)"/> returns into a state, one after the other, without an object for each: the fastest way through many facts.</summary>
    /// <param name="seed">The state before the first fact.</param>
    /// <param name="folder">Called on this thread for each fact, with the state to change; false ends the fold. It may use the ledger, append and wait for that, or take any time, because nothing waits for it. Its exceptions are thrown to the caller.</param>
    /// <param name="options">The start, the direction, the number of facts and the point of the read; null for all facts, forward.</param>
    /// <param name="cancellationToken">Ends the fold before the next fact.</param>
    /// <returns>The state after the last fact.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number in the options is negative, or the point of the read is beyond the head or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged.</exception>
    /// <exception cref="HistoryDroppedException">A truncation has dropped a fact that the fold would need.</exception>
    ValueTask<TState> FoldAsync<TState>(TState seed, FactFolder<TState> folder, ReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The same for the facts that match a query, as <see cref="ReadAsync(FactQuery, ReadOptions?, CancellationToken)"/> returns them.</summary>
    /// <param name="query">The query that facts must match; <see cref="FactQuery.All"/> for every fact outside of reserved stores.</param>
    /// <param name="seed">The state before the first fact.</param>
    /// <param name="folder">Called on this thread for each fact; false ends the fold.</param>
    /// <param name="options">The start, the direction, the number of facts and the point of the read; null for all facts, forward.</param>
    /// <param name="cancellationToken">Ends the fold before the next fact.</param>
    /// <returns>The state after the last fact.</returns>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number in the options is negative, or the point of the read is beyond the head or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or it is unknown whether a damaged one matches.</exception>
    /// <exception cref="HistoryDroppedException">A truncation has dropped a fact that the fold would need.</exception>
    ValueTask<TState> FoldAsync<TState>(FactQuery query, TState seed, FactFolder<TState> folder, ReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The same for the facts of one stream, as <see cref="ReadStreamAsync"/> returns them.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="seed">The state before the first fact.</param>
    /// <param name="folder">Called on this thread for each fact; false ends the fold.</param>
    /// <param name="options">The bounds by version, time and type, the direction, the number of facts and the point of the read; null for all facts, forward.</param>
    /// <param name="cancellationToken">Ends the fold before the next fact.</param>
    /// <returns>The state after the last fact.</returns>
    /// <exception cref="ArgumentException">No stream can have this name, or the bounds are refused; the message names the property.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number in the options is negative, or the point of the read is beyond the head or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, a damaged fact may belong to the stream, or it is unknown when one was recorded.</exception>
    /// <exception cref="HistoryDroppedException">A truncation has dropped a fact that the fold would need.</exception>
    ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The number of facts that <see cref="ReadStreamAsync"/> returns for the same options. In this process, the index counts them without reading them, unless a bound is on valid time.</summary>
    /// <param name="stream">The stream; 0 for one that does not exist.</param>
    /// <param name="options">The bounds by version, time and type, the direction, the highest number to count to, and the point of the count; null for all facts.</param>
    /// <param name="cancellationToken">Ends the count.</param>
    /// <remarks>Facts that match a function are counted by <see cref="LedgerExtensions.CountStreamAsync(ILedgerReader, StreamName, Func{Fact, bool}, StreamReadOptions?, CancellationToken)"/>.</remarks>
    /// <exception cref="ArgumentException">No stream can have this name, or the bounds are refused; the message names the property.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number in the options is negative, or the point of the count is beyond the head or in the future.</exception>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to the stream, or it is unknown when one was recorded.</exception>
    ValueTask<long> CountStreamAsync(StreamName stream, StreamReadOptions? options = null, CancellationToken cancellationToken = default) =>
        FoldStreamAsync(stream, 0L, static (ref count, in _) => ++count > 0, options, cancellationToken);

    /// <summary>The records of a store that have a value, in the order of their keys: for each the fact with the value.</summary>
    /// <param name="store">The store; a store without records gives an empty list.</param>
    /// <param name="options">Which records, and as of which point.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ArgumentException">No store can have this name, or a prefix or key in the options is not possible.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative, or the point of the read is beyond the head or in the future.</exception>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to another record, or be a later value.</exception>
    IAsyncEnumerable<Fact> ListAsync(string store, ListOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The streams of a store in the order of their keys, each with its last version, those of retracted records included. A store that starts with <c>$</c> can be named, too.</summary>
    /// <param name="store">The store; a store without streams gives an empty list.</param>
    /// <param name="options">Which streams, as of which point, and whether each comes with its latest fact. Streams whose first fact came later are left out.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ArgumentException">No store can have this name, or a prefix or key in the options is not possible.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative, or the point of the read is beyond the head or in the future.</exception>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to another stream, or be a later version.</exception>
    IAsyncEnumerable<StreamSummary> ListStreamsAsync(string store, ListOptions? options = null, CancellationToken cancellationToken = default);
}
