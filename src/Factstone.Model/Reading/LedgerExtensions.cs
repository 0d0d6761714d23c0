namespace Factstone;

/// <summary>The short forms of the members of <see cref="ILedger"/> and <see cref="ILedgerReader"/>.</summary>
public static class LedgerExtensions
{
    /// <summary>Appends; durable when it returns. Throws on anything but success, so that an unread result never hides a lost write.</summary>
    /// <returns>The receipt of the append; for a repeat under the same append id, that of the first one.</returns>
    /// <exception cref="AppendConflictException">A condition did not hold. Nothing was written.</exception>
    /// <exception cref="AppendIdReusedException">The append id belongs to an append with other facts. Nothing was written.</exception>
    /// <exception cref="AppendUnknownException">The disk failed during the write: the append may or may not exist after the next open.</exception>
    /// <exception cref="ArgumentException">The request breaks a limit or a rule; see <see cref="FactLimits"/>. Nothing was written. For all else that can be thrown see <see cref="ILedger.TryAppendAsync(AppendRequest, CancellationToken)"/>.</exception>
    public static async ValueTask<AppendReceipt> AppendAsync(this ILedger ledger, AppendRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return (await ledger.TryAppendAsync(request, cancellationToken).ConfigureAwait(false)).EnsureCommittedOrDuplicate();
    }

    /// <summary>Appends one fact; durable when it returns.</summary>
    /// <inheritdoc cref="AppendAsync(ILedger, AppendRequest, CancellationToken)"/>
    public static ValueTask<AppendReceipt> AppendAsync(this ILedger ledger, NewFact fact, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(fact);
        return ledger.AppendAsync(new AppendRequest(fact), cancellationToken);
    }

    /// <summary>Appends one fact on the condition that its stream is at a version; durable when it returns.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="fact">The fact.</param>
    /// <param name="expected">The last version of its stream; <see cref="StreamVersion.None"/> (0) if the stream must not exist.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="AppendConflictException">The stream is at another version. Nothing was written.</exception>
    /// <exception cref="AppendUnknownException">The disk failed during the write: the append may or may not exist after the next open.</exception>
    /// <exception cref="ArgumentException">The fact breaks a limit or a rule, or the version is negative. Nothing was written. For all else that can be thrown see <see cref="ILedger.TryAppendAsync(NewFact, StreamVersion, CancellationToken)"/>.</exception>
    public static async ValueTask<AppendReceipt> AppendAsync(this ILedger ledger, NewFact fact, StreamVersion expected, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return (await ledger.TryAppendAsync(fact, expected, cancellationToken).ConfigureAwait(false)).EnsureCommittedOrDuplicate();
    }

    /// <summary>Appends facts, all or none; durable when it returns.</summary>
    /// <inheritdoc cref="AppendAsync(ILedger, AppendRequest, CancellationToken)"/>
    public static ValueTask<AppendReceipt> AppendAsync(this ILedger ledger, IReadOnlyList<NewFact> facts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(facts);
        return ledger.AppendAsync(new AppendRequest { Facts = facts }, cancellationToken);
    }

    /// <summary>Appends values to one stream, all or none; durable when it returns. The registration of each value's type says how it is stored: <see cref="ILedgerReader.Types"/>.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="values">1 to 10,000 values of registered types, in the order in which they get their versions.</param>
    /// <param name="cancellationToken">Until the writer has taken the append, cancelling means that nothing is written.</param>
    /// <exception cref="FactTypesException">The type of a value is not registered, or it cannot be written as JSON; the message says what to do. Nothing was written.</exception>
    /// <exception cref="AppendUnknownException">The disk failed during the write: the append may or may not exist after the next open.</exception>
    /// <exception cref="ArgumentException">No stream can have this name, there is no value, one is null, or one breaks a limit. Nothing was written. For all else that can be thrown see <see cref="ILedger.TryAppendAsync(AppendRequest, CancellationToken)"/>.</exception>
    public static ValueTask<AppendReceipt> AppendAsync(this ILedger ledger, StreamName stream, IReadOnlyList<object> values, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        var facts = new NewFact[values.Count];
        for (var i = 0; i < facts.Length; i++)
        {
            facts[i] = values[i] switch
            {
                null => throw new ArgumentException($"values[{i}] is null.", nameof(values)),
                NewFact => throw new ArgumentException($"values[{i}] is a NewFact, which names its own stream. Append it without a stream beside it: AppendAsync([fact]).", nameof(values)),
                Fact => throw new ArgumentException($"values[{i}] is a Fact, which is stored already. Append its value.", nameof(values)),
                var value => new NewFact(stream, value),
            };
        }

        return ledger.AppendAsync(facts, cancellationToken);
    }

    /// <summary>Keeps a bounded number of appends in flight for a caller that does not wait for each.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="options">The bound; null for the default.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not possible.</exception>
    public static Appender OpenAppender(this ILedger ledger, AppenderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return new Appender(ledger, options ?? new AppenderOptions());
    }

    /// <summary>All facts of a record, oldest first, retractions included; the same as its stream.</summary>
    /// <param name="ledger">The ledger, or a reader that is bound to a point.</param>
    /// <param name="stream">The record.</param>
    /// <param name="asOf">The point of the read; by default the head.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">No stream can have this name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The point of the read is beyond the head, or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or a damaged fact may belong to the record.</exception>
    public static IAsyncEnumerable<Fact> ReadHistoryAsync(this ILedgerReader ledger, StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return ledger.ReadStreamAsync(stream, new StreamReadOptions { AsOf = asOf }, cancellationToken);
    }

    /// <summary>The number of facts of a stream for which a function returns true. Each fact that the options select is read.</summary>
    /// <param name="ledger">The ledger, or a reader that is bound to a point.</param>
    /// <param name="stream">The stream; 0 for one that does not exist.</param>
    /// <param name="where">Called for each fact, in the order of the read. What it throws is thrown to the caller.</param>
    /// <param name="options">The facts that the function is asked about: <see cref="StreamReadOptions.Limit"/> bounds them, not the count. Null for all facts.</param>
    /// <param name="cancellationToken">Ends the count before the next fact.</param>
    /// <exception cref="ArgumentException">No stream can have this name, or the bounds are refused; the message names the property.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number in the options is negative, or the point of the count is beyond the head or in the future.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, a damaged fact may belong to the stream, or it is unknown when one was recorded.</exception>
    public static async ValueTask<long> CountStreamAsync(this ILedgerReader ledger, StreamName stream, Func<Fact, bool> where, StreamReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(where);
        var count = 0L;
        await foreach (var fact in ledger.ReadStreamAsync(stream, options, cancellationToken).ConfigureAwait(false))
            if (where(fact)) count++;
        return count;
    }

    /// <summary>Facts without end: first the existing ones, then each new one when it is durable. The same as <see cref="ILedger.OpenFollower"/>, for a caller that only needs the facts.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="query">The query that facts must match; <see cref="FactQuery.All"/> for every fact.</param>
    /// <param name="options">Where to begin; null for the first fact. The start is decided now, not when the enumeration begins.</param>
    /// <param name="cancellationToken">Ends it with an <see cref="OperationCanceledException"/>; closing the ledger ends it without an exception.</param>
    /// <exception cref="ArgumentException">The query is refused, the message says why; or the start is a cursor of another ledger.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The start is negative, beyond the position after the last fact, or in the future; or the number of buffered facts is not possible.</exception>
    /// <exception cref="LedgerForkedException">The start is a cursor that does not fit the ledger as it is now.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged. A new follow can start at the position after it.</exception>
    public static IAsyncEnumerable<Fact> FollowAsync(this ILedger ledger, FactQuery query, FollowOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return ledger.OpenFollower(query, options).ReadAllAsync(cancellationToken);
    }

    /// <summary>Every fact without end: first the existing ones, then each new one when it is durable.</summary>
    /// <inheritdoc cref="FollowAsync(ILedger, FactQuery, FollowOptions?, CancellationToken)"/>
    public static IAsyncEnumerable<Fact> FollowAsync(this ILedger ledger, FollowOptions? options = null, CancellationToken cancellationToken = default) =>
        ledger.FollowAsync(FactQuery.All, options, cancellationToken);
}
