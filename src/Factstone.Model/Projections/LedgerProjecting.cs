namespace Factstone;

/// <summary>Folds facts of a ledger into the state of a projection, now.</summary>
public static class LedgerProjecting
{
    /// <summary>Folds the facts of a stream.</summary>
    /// <param name="ledger">The ledger, or a reader that is bound to a point.</param>
    /// <param name="projection">The projection.</param>
    /// <param name="stream">The stream; one that does not exist gives the seed.</param>
    /// <param name="cancellationToken">Ends the fold before the next fact.</param>
    /// <returns>The state, with the version and the position of the last fact that is in it. What the step throws is thrown to the caller.</returns>
    /// <remarks><see cref="Fact.Value"/> is null for a type that the ledger was not opened with, so a ledger without <see cref="ILedgerReader.Types"/> gives a step no values.</remarks>
    /// <exception cref="ArgumentException">No stream can have this name.</exception>
    /// <exception cref="FactValueException">A payload does not become the value that the step asks for; the message names the fact.</exception>
    /// <exception cref="LedgerDamagedException">A fact of the stream is damaged, or a damaged fact may belong to it.</exception>
    /// <exception cref="HistoryDroppedException">A truncation has dropped a fact that the fold would need.</exception>
    public static ValueTask<Projected<TState>> ProjectAsync<TState>(this ILedgerReader ledger, Projection<TState> projection, StreamName stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(projection);
        return ledger.ProjectAsync(projection, stream, projection.Empty, cancellationToken);
    }

    /// <summary>Folds the facts of a stream that came after a state.</summary>
    /// <param name="ledger">The ledger, or a reader that is bound to a point.</param>
    /// <param name="projection">The projection.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="from">An earlier result for the same stream, or <see cref="Projection{TState}.Empty"/>.</param>
    /// <param name="cancellationToken">Ends the fold before the next fact.</param>
    /// <returns>The state, with the version and the position of the last fact that is in it; the same if nothing has come. What the step throws is thrown to the caller.</returns>
    /// <exception cref="ArgumentException">The state is of another stream or of a query, or no stream can have this name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The state is of a position after the last fact, or after the point of a bound reader.</exception>
    /// <exception cref="FactValueException">A payload does not become the value that the step asks for; the message names the fact.</exception>
    /// <exception cref="LedgerDamagedException">A fact of the stream is damaged, or a damaged fact may belong to it.</exception>
    /// <exception cref="HistoryDroppedException">A truncation has dropped a fact that the fold would need.</exception>
    public static async ValueTask<Projected<TState>> ProjectAsync<TState>(this ILedgerReader ledger, Projection<TState> projection, StreamName stream, Projected<TState> from, CancellationToken cancellationToken = default)
    {
        Check(ledger, projection, from);
        if (from.Stream is { } other ? other != stream : from.Position > Position.None) throw new ArgumentException($"The state is of {from.Stream?.ToString() ?? "a query"}, not of {stream}. Pass an earlier result for {stream}, or the projection's Empty.", nameof(from));
        if (from.Position > Position.None) Check(from, await ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false));

        // After a repair the last versions of a stream may be those of lost facts. They are asked for first, so that no fact is passed over.
        var last = ledger is ILedger { Epoch: 1 } ? StreamVersion.None : await ledger.GetVersionAsync(stream, cancellationToken: cancellationToken).ConfigureAwait(false);
        var folded = await ledger.FoldStreamAsync(
            stream,
            (projection.Step, from.State, from.Position, from.Version),
            static (ref (Func<TState, Fact, TState> Step, TState State, Position Position, StreamVersion Version) folded, in FactView fact) =>
            {
                folded.State = folded.Step(folded.State, fact.ToFact());
                (folded.Position, folded.Version) = (fact.Position, fact.StreamVersion);
                return true;
            },
            new StreamReadOptions { From = from.Version.Next() },
            cancellationToken).ConfigureAwait(false);
        return new Projected<TState>(folded.State, folded.Position, last > folded.Version ? last : folded.Version) { Stream = stream };
    }

    /// <summary>Folds the facts that match a query, up to the head at the time of the call, or up to the point of a bound reader.</summary>
    /// <param name="ledger">The ledger, or a reader that is bound to a point.</param>
    /// <param name="projection">The projection.</param>
    /// <param name="query">The query.</param>
    /// <param name="cancellationToken">Ends the fold before the next fact.</param>
    /// <returns>The state. Its position is that of the last fact of the ledger, or the point of a bound reader, also if that fact does not match.</returns>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="FactValueException">A payload does not become the value that the step asks for; the message names the fact.</exception>
    /// <exception cref="LedgerDamagedException">A fact is damaged, or it is unknown whether a damaged one matches.</exception>
    /// <exception cref="HistoryDroppedException">A truncation has dropped a fact that the fold would need.</exception>
    public static ValueTask<Projected<TState>> ProjectAsync<TState>(this ILedgerReader ledger, Projection<TState> projection, FactQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(projection);
        return ledger.ProjectAsync(projection, query, projection.Empty, cancellationToken);
    }

    /// <summary>Folds the facts that match a query and came after a state.</summary>
    /// <param name="ledger">The ledger, or a reader that is bound to a point.</param>
    /// <param name="projection">The projection.</param>
    /// <param name="query">The query.</param>
    /// <param name="from">An earlier result for the same query, or <see cref="Projection{TState}.Empty"/>.</param>
    /// <param name="cancellationToken">Ends the fold before the next fact.</param>
    /// <returns>The state. Its position is that of the last fact of the ledger, or the point of a bound reader, also if that fact does not match.</returns>
    /// <exception cref="ArgumentException">The query is refused, or the state is of a stream.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The state is of a position after the last fact, or after the point of a bound reader.</exception>
    /// <exception cref="FactValueException">A payload does not become the value that the step asks for; the message names the fact.</exception>
    /// <exception cref="LedgerDamagedException">A fact is damaged, or it is unknown whether a damaged one matches.</exception>
    /// <exception cref="HistoryDroppedException">A truncation has dropped a fact that the fold would need.</exception>
    public static async ValueTask<Projected<TState>> ProjectAsync<TState>(this ILedgerReader ledger, Projection<TState> projection, FactQuery query, Projected<TState> from, CancellationToken cancellationToken = default)
    {
        Check(ledger, projection, from);
        ArgumentNullException.ThrowIfNull(query);
        if (from.Stream is { } stream) throw new ArgumentException($"The state is of {stream}, not of a query. Pass an earlier result for the query, or the projection's Empty.", nameof(from));

        // The head first: every fact up to it is then in the state, also where no fact matches.
        var head = await ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false);
        Check(from, head);
        var folded = await ledger.FoldAsync(
            query,
            (projection.Step, from.State, Head: head),
            static (ref (Func<TState, Fact, TState> Step, TState State, Position Head) folded, in FactView fact) =>
            {
                if (fact.Position > folded.Head) return false;
                folded.State = folded.Step(folded.State, fact.ToFact());
                return true;
            },
            new ReadOptions { From = from.Position.Next() },
            cancellationToken).ConfigureAwait(false);
        return new Projected<TState>(folded.State, head, StreamVersion.None);
    }

    static void Check<TState>(ILedgerReader ledger, Projection<TState> projection, Projected<TState> from)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(projection);
        ArgumentNullException.ThrowIfNull(from);
        if (from.Key is { } key) throw new ArgumentException($"The state is of the group '{NameCheck.Shown(key.AsSpan())}' of a kept projection. Read it with ReadProjectionAsync.", nameof(from));
        if (from.Position < Position.None || from.Version < StreamVersion.None || from.Version.Value >= Position.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(from), $"The state is of position {from.Position} and version {from.Version}. Both are from 0 to {Position.MaxValue}. Pass an earlier result, or the projection's Empty.");
    }

    static void Check<TState>(Projected<TState> from, Position head)
    {
        if (head < from.Position)
            throw new ArgumentOutOfRangeException(nameof(from), $"The state is of position {from.Position}, and the last fact is at position {head}. Pass a state that was read up to there at most, or the projection's Empty.");
    }
}
