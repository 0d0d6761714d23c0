namespace Factstone;

/// <summary>An append-only ledger of immutable facts: what <c>Ledger</c> does in this process, and later a client of a server.</summary>
/// <remarks>Threads: any number. Once the ledger is closed, each member that reads or appends throws <see cref="ObjectDisposedException"/>. The short forms of these members, such as <see cref="LedgerExtensions.AppendAsync(ILedger, NewFact, CancellationToken)"/>, are extension methods.</remarks>
public interface ILedger : ILedgerReader
{
    /// <summary>Raised by every operation that may have lost facts: a restore, a repair, a failover. From 1.</summary>
    long Epoch { get; }

    /// <summary>Whether it was opened for reading only, so that appends are refused.</summary>
    bool IsReadOnly { get; }

    /// <summary>Appends, and returns the outcome as a value. Appends that one caller queues one after the other commit in that order.</summary>
    /// <param name="request">Facts, conditions, and an id by which a retry is recognised.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written; after that, the outcome is returned.</param>
    /// <exception cref="ArgumentException">The request breaks a limit or a rule; see <see cref="FactLimits"/>. Nothing was written.</exception>
    /// <exception cref="FactTypesException">The type of a value is not registered, or it cannot be written as JSON; the message says what to do. Nothing was written.</exception>
    /// <exception cref="InvalidOperationException">The ledger is read-only. Nothing was written.</exception>
    /// <exception cref="LedgerFullException">The disk is full. Nothing was written.</exception>
    /// <exception cref="LedgerDamagedException">The ledger is damaged. Nothing was written.</exception>
    /// <exception cref="LedgerFailedException">An earlier disk failure requires a reopen. Nothing was written.</exception>
    /// <exception cref="LedgerIndexException">The index worker has stopped, and the bound of memory is reached. Nothing was written.</exception>
    /// <exception cref="LedgerBusyException">Too many appends are waiting. Nothing was written.</exception>
    /// <exception cref="ClockJumpedException">The clock is probably wrong. Nothing was written.</exception>
    ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default);

    /// <summary>Appends one fact on the condition that its stream is at a version: the cheapest form of an expected version.</summary>
    /// <param name="fact">The fact.</param>
    /// <param name="expected">The last version of its stream; <see cref="StreamVersion.None"/> (0) if the stream must not exist.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written; after that, the outcome is returned.</param>
    /// <inheritdoc cref="TryAppendAsync(AppendRequest, CancellationToken)"/>
    ValueTask<AppendOutcome> TryAppendAsync(NewFact fact, StreamVersion expected, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(fact);
        return TryAppendAsync(new AppendRequest(fact) { Conditions = [AppendCondition.StreamAt(fact.Stream, expected)] }, cancellationToken);
    }

    /// <summary>Drops the facts of a stream through a version, with a receipt. Nothing is overwritten: the truncation is an append, and every read, at whatever point, applies it.</summary>
    /// <param name="stream">The stream. It still exists, and its versions go on.</param>
    /// <param name="through">The last version to drop, from 1; null for the last version of the stream at the truncation's place in the order of appends.</param>
    /// <param name="reason">Why, 1 to 1,024 bytes; the receipt keeps it for ever.</param>
    /// <param name="options">By whom, what is written in the same append, or a dry run; null for nothing.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <returns>The receipt. If the facts were dropped before, nothing is dropped now: only <see cref="TruncateOptions.Facts"/> and <see cref="TruncateOptions.Cells"/> are written, if there are any.</returns>
    /// <exception cref="ArgumentException">There is no such stream, its store is reserved, or the reason is missing. Nothing was written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The version is below 1, or beyond the last one. Nothing was written.</exception>
    /// <exception cref="InvalidOperationException">The ledger is read-only, and it is no dry run.</exception>
    /// <exception cref="AppendFailedException">A condition of the options did not hold, or the outcome is unknown. For all else that can be thrown see <see cref="TryAppendAsync(AppendRequest, CancellationToken)"/>.</exception>
    ValueTask<TruncationReceipt> TruncateAsync(StreamName stream, StreamVersion? through, string reason, TruncateOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The original receipt of the append with this id; null if no such append was committed.</summary>
    /// <param name="appendId">The id, 1 to 128 bytes.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="ArgumentException">No append can have this id.</exception>
    /// <exception cref="LedgerDamagedException">It is unknown whether a damaged part of the log has the append.</exception>
    ValueTask<AppendReceipt?> FindAppendAsync(string appendId, CancellationToken cancellationToken = default);

    /// <summary>A reader that is bound to a point: each of its reads answers as of that point.</summary>
    /// <param name="time">A position, a recorded time, or <see cref="LedgerTime.Latest"/>, which each read resolves anew. It is checked by each read, not by this call.</param>
    /// <remarks>A read that itself names another point is refused. Cells have no history, so the reader has none.</remarks>
    ILedgerReader AsOf(LedgerTime time);

    /// <summary>A read without end, which reports its progress and how far it is behind. In a read-only ledger, too, where new facts arrive within 50 ms.</summary>
    /// <param name="query">The query that facts must match; <see cref="FactQuery.All"/> for every fact.</param>
    /// <param name="options">Where to begin; null for the first fact. The start is decided now.</param>
    /// <exception cref="ArgumentException">The query is refused, the message says why; or the start is a cursor of another ledger.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The start is negative, beyond the position after the last fact, or in the future; or the number of buffered facts is not possible.</exception>
    /// <exception cref="LedgerForkedException">The start is a cursor that does not fit the ledger as it is now; see <see cref="ResolveAsync(LedgerCursor, CancellationToken)"/>.</exception>
    /// <exception cref="LedgerDamagedException">The position of the start time is unknown because of damage.</exception>
    Follower OpenFollower(FactQuery query, FollowOptions? options = null);

    /// <summary>A cursor for what has been read up to a position, included. Store it, and pass it to <see cref="FollowStart.After(LedgerCursor)"/> later.</summary>
    /// <remarks>It contains the first bytes of the leaf of the fact there, which is read for that. If the fact is lost or damaged, the cursor has no leaf, and only its epoch is compared.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The position is negative, or beyond the last fact.</exception>
    ValueTask<LedgerCursor> GetCursorAsync(Position position, CancellationToken cancellationToken = default);

    /// <summary>The position of a cursor, checked against the ledger as it is now.</summary>
    /// <exception cref="LedgerForkedException">A repair or a restore has left out facts that the cursor had passed, or the cursor comes from another copy of the ledger, which is newer or continued differently.</exception>
    /// <exception cref="LedgerDamagedException">The fact at the position is damaged, so it is unknown whether it is the one that was read.</exception>
    /// <exception cref="ArgumentException">The cursor belongs to another ledger.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The position is beyond the last fact, and the cursor's epoch does not explain it.</exception>
    ValueTask<Position> ResolveAsync(LedgerCursor cursor, CancellationToken cancellationToken = default);

    /// <summary>The stores that have had a fact, in order, and the number of facts and streams in each now; without those that start with <c>$</c>, which are reserved.</summary>
    /// <exception cref="LedgerDamagedException">A damaged fact may belong to another store.</exception>
    IAsyncEnumerable<StoreSummary> ListStoresAsync(CancellationToken cancellationToken = default);

    /// <summary>A cell as it is now; null if it has no value: never written, or deleted.</summary>
    /// <param name="bucket">The bucket, 1 to 128 bytes; one that starts with <c>$</c> can be read, too.</param>
    /// <param name="name">The name in the bucket, 0 to 1,024 bytes.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <remarks>After a read of a fact, it returns the cells that were committed with the fact, or newer ones.</remarks>
    /// <exception cref="ArgumentException">No cell can have this name.</exception>
    /// <exception cref="LedgerDamagedException">The cell is damaged, or a damaged stretch of the log may hide a newer write of it.</exception>
    ValueTask<Cell?> ReadCellAsync(string bucket, string name, CancellationToken cancellationToken = default);

    /// <summary>The buckets that have a cell with a value, in the order of their names (unsigned UTF-8 bytes), without those that start with <c>$</c>.</summary>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="LedgerDamagedException">A damaged stretch of the log may hide a bucket.</exception>
    IAsyncEnumerable<string> ListBucketsAsync(CancellationToken cancellationToken = default);

    /// <summary>The cells of a bucket that have a value, in the order of their names. Each has its state when it is reached, because cells have no history.</summary>
    /// <param name="bucket">The bucket; one without cells gives an empty list.</param>
    /// <param name="options">The prefix of the names, the name after which to continue, and the number of cells; null for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ArgumentException">No bucket can have this name, a prefix or name in the options is not possible, or the limit is negative.</exception>
    /// <exception cref="LedgerDamagedException">The next cell is damaged, or a damaged stretch of the log may hide a cell of the bucket.</exception>
    IAsyncEnumerable<Cell> ListCellsAsync(string bucket, CellListOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The names of the cells of a bucket that have a value, in their order, without reading the values.</summary>
    /// <param name="bucket">The bucket; one without cells gives an empty list.</param>
    /// <param name="options">The prefix of the names, the name after which to continue, and the number of names; null for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ArgumentException">No bucket can have this name, a prefix or name in the options is not possible, or the limit is negative.</exception>
    /// <exception cref="LedgerDamagedException">A damaged stretch of the log may hide a cell of the bucket.</exception>
    IAsyncEnumerable<CellName> ListCellNamesAsync(string bucket, CellListOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>The size of the ledger now.</summary>
    ValueTask<LedgerStatistics> GetStatisticsAsync(CancellationToken cancellationToken = default);
}
