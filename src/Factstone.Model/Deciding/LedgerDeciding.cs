namespace Factstone;

/// <summary>Decisions on the state of a stream or a query, made by a pure function and appended on the condition that nothing it read has grown.</summary>
public static class LedgerDeciding
{
    /// <summary>Folds a stream, decides, and appends what was decided; durable when it returns. On a conflict with another writer it folds what came, and decides again.</summary>
    /// <remarks>
    /// <para>Deciders on one stream in this process take turns. A turn ends when the append is queued, not when it is durable, and after 100 ms
    /// at the latest: the next decider folds what was just decided, so many decisions share one sync. If an append falls, those that were
    /// decided on top of it are decided again. Nobody hears of a decision, or of an exception of a decide function, before all that it was decided on is durable.
    /// The state has every fact that was acknowledged before the call.</para>
    /// <para>Up to 256 states of streams and queries without a decider are kept in memory, so that the next decision reads only what came since.</para>
    /// <para>For a service that runs in several processes the condition of the append decides between them. Threads: any number.</para>
    /// </remarks>
    /// <param name="ledger">The ledger.</param>
    /// <param name="projection">How facts become the state. A step that asks a fact for its position, time or id waits until the fact is durable.</param>
    /// <param name="stream">The stream; the append has the condition that it is still at the version that was folded.</param>
    /// <param name="decide">A pure function; it is called again after a conflict. It returns values for the stream, or <see cref="NewFact"/>s for any stream, or nothing. What it throws is thrown to the caller, and nothing is appended.</param>
    /// <param name="options">An append id, further conditions, and how often it tries.</param>
    /// <param name="cancellationToken">Ends it; until the writer has taken the append, nothing is written then.</param>
    /// <exception cref="ArgumentException">The stream, an option, or something in the decision is refused; the message says what. Nothing was written.</exception>
    /// <exception cref="InvalidOperationException">The ledger is read-only.</exception>
    /// <exception cref="FactValueException">A stored fact does not become the value that the step asks for. Nothing was written.</exception>
    /// <exception cref="AppendConflictException">Other writers were faster too often, or one of the further conditions failed. Nothing was written.</exception>
    /// <exception cref="AppendUnknownException">The disk failed during the write; the append may exist after the next open. It is never retried.</exception>
    /// <exception cref="FactTypesException">The type of a value is not registered, or it cannot be written as JSON. Nothing was written. For all else that can be thrown see <see cref="ILedger.TryAppendAsync(AppendRequest, CancellationToken)"/>.</exception>
    public static ValueTask<Decided<TState>> DecideAsync<TState>(this ILedger ledger, Projection<TState> projection, StreamName stream, Func<TState, IReadOnlyList<object>> decide, DecideOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (NameCheck.ForReading(stream) is { } wrong) throw new ArgumentException(wrong, nameof(stream));
        return Decide(ledger, projection, new DecisionBoundary(stream), decide, options, cancellationToken);
    }

    /// <summary>The same on all facts that match a query (a Dynamic Consistency Boundary): the append has the condition that no further fact matches.</summary>
    /// <inheritdoc cref="DecideAsync{TState}(ILedger, Projection{TState}, StreamName, Func{TState, IReadOnlyList{object}}, DecideOptions?, CancellationToken)"/>
    /// <param name="ledger">The ledger.</param>
    /// <param name="projection">How facts become the state.</param>
    /// <param name="query">The query. Deciders take turns for each of its items.</param>
    /// <param name="decide">A pure function; it returns <see cref="NewFact"/>s, or nothing.</param>
    /// <param name="options">An append id, further conditions, and how often it tries.</param>
    /// <param name="cancellationToken">Ends it; until the writer has taken the append, nothing is written then.</param>
    public static ValueTask<Decided<TState>> DecideAsync<TState>(this ILedger ledger, Projection<TState> projection, FactQuery query, Func<TState, IReadOnlyList<object>> decide, DecideOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.ThrowIfWrong(nameof(query));
        return Decide(ledger, projection, new DecisionBoundary(query), decide, options, cancellationToken);
    }

    static ValueTask<Decided<TState>> Decide<TState>(ILedger ledger, Projection<TState> projection, DecisionBoundary boundary, Func<TState, IReadOnlyList<object>> decide, DecideOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(projection);
        ArgumentNullException.ThrowIfNull(decide);
        options ??= new DecideOptions();
        Check(options);
        if (ledger.IsReadOnly) throw new InvalidOperationException("The ledger was opened for reading only. Open it with OpenAsync to decide.");
        return new Decider<TState>(ledger, projection, boundary, decide, options).RunAsync(cancellationToken);
    }

    /// <summary>Refuses options before the decide function is called, also if it then decides nothing.</summary>
    static void Check(DecideOptions options)
    {
        if (options.AttemptsMax is < 1 or > 1_000) throw new ArgumentOutOfRangeException(nameof(options), options.AttemptsMax, "AttemptsMax must be 1 to 1,000.");
        if (options.AppendId is { } id && NameCheck.Text("AppendId", id, 1, FactLimits.AppendIdBytesMax) is { } wrongId) throw new ArgumentException(wrongId, nameof(options));
        if (options.Conditions is null) throw new ArgumentException("Conditions may be empty, but not null.", nameof(options));
        if (options.Conditions.Count >= FactLimits.ConditionsPerAppendMax)
            throw new ArgumentException($"There are {options.Conditions.Count:N0} Conditions; at most {FactLimits.ConditionsPerAppendMax - 1:N0} are possible beside the one on the stream or query.", nameof(options));
        for (var i = 0; i < options.Conditions.Count; i++)
            if (AppendCheck.Wrong(options.Conditions[i]) is { } wrong) throw new ArgumentException($"Conditions[{i}]: {wrong}", nameof(options));
    }
}
