using System.Runtime.CompilerServices;

namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>Facts of the whole ledger in commit order, up to the head at the time of the call. Leaves out reserved stores, which start with <c>$</c>, and facts that are lost for good.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged. Later facts can be read from the position after it.</exception>
    public async IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) yield break;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);
        if (after >= until) yield break;

        var left = options.Limit ?? long.MaxValue;
        foreach (var fact in _storage.Read(options.Backward ? until : after.Next(), until, options.Backward, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (fact.Position <= after) yield break;
            if (NameCheck.IsOwn(fact.Stream.Store)) continue;
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <summary>Facts that match a query, in commit order, up to the head at the time of the call. Facts that do not match are not read.</summary>
    /// <param name="query">The query that facts must match; <see cref="FactQuery.All"/> for every fact outside of reserved stores.</param>
    /// <param name="options">The start, the direction, the number of facts and the point of the read; null for all facts, forward.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or it is unknown whether a damaged one matches. Later facts can be read from the position after it.</exception>
    public async IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Check(query);
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) yield break;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);

        var left = options.Limit ?? long.MaxValue;
        foreach (var fact in _storage.ReadQuery(query, after, until, options.Backward, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (NameCheck.IsOwn(fact.Stream.Store)) continue;
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <summary>The number of facts that match a query. Most queries are counted by the index alone; if it cannot decide, as with the prefix of a key, facts are read.</summary>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="LedgerDamagedException">It is unknown whether a damaged fact matches.</exception>
    public async ValueTask<long> CountAsync(FactQuery query, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(query);
        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        return _storage.CountQuery(query, Position.None, until, cancellationToken);
    }

    /// <summary>Folds the facts that <see cref="ReadAsync(ReadOptions?, CancellationToken)"/> returns into a state, one after the other, without an object for each: the fastest way through many facts.</summary>
    /// <param name="seed">The state before the first fact.</param>
    /// <param name="folder">Called on this thread for each fact, with the state to change; false ends the fold. It may use the ledger, append and wait for that, or take any time, because nothing waits for it. Its exceptions are thrown to the caller.</param>
    /// <param name="options">The start, the direction, the number of facts and the point of the read; null for all facts, forward.</param>
    /// <param name="cancellationToken">Ends the fold before the next fact.</param>
    /// <returns>The state after the last fact.</returns>
    /// <exception cref="LedgerDamagedException">The next fact is damaged. Later facts can be read from the position after it.</exception>
    public async ValueTask<TState> FoldAsync<TState>(TState seed, FactFolder<TState> folder, ReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) return seed;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);
        if (after >= until) return seed;

        var fold = new Fold<TState>(seed, folder, options.Limit) { LeavesOutOwn = true, After = after };
        _storage.Fold(options.Backward ? until : after.Next(), until, options.Backward, fold, cancellationToken);
        return fold.State;
    }

    /// <summary>The same for the facts that match a query, as <see cref="ReadAsync(FactQuery, ReadOptions?, CancellationToken)"/> returns them.</summary>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or it is unknown whether a damaged one matches. Later facts can be read from the position after it.</exception>
    public async ValueTask<TState> FoldAsync<TState>(FactQuery query, TState seed, FactFolder<TState> folder, ReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(query);
        ArgumentNullException.ThrowIfNull(folder);
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) return seed;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);

        var fold = new Fold<TState>(seed, folder, options.Limit) { LeavesOutOwn = true };
        _storage.FoldQuery(query, after, until, options.Backward, fold, cancellationToken);
        return fold.State;
    }

    /// <summary>The same for the facts of one stream, as <see cref="ReadStreamAsync"/> returns them.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or a damaged fact may belong to the stream.</exception>
    public async ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new StreamReadOptions();
        Check(stream);
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(options.From.Value, nameof(options));
        if (Nothing(options.Limit)) return seed;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var fold = new Fold<TState>(seed, folder, options.Limit);
        _storage.FoldStream(stream, options.From, until, options.Backward, fold, cancellationToken);
        return fold.State;
    }

    /// <summary>Facts of one stream in order of version; empty for a stream that does not exist.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or a damaged fact may belong to the stream.</exception>
    public async IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new StreamReadOptions();
        Check(stream);
        ArgumentOutOfRangeException.ThrowIfNegative(options.From.Value, nameof(options));
        if (Nothing(options.Limit)) yield break;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var left = options.Limit ?? long.MaxValue;
        foreach (var fact in _storage.ReadStream(stream, options.From, until, options.Backward, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <summary>All facts of a record, oldest first, retractions included; the same as its stream.</summary>
    public IAsyncEnumerable<Fact> ReadHistoryAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default) =>
        ReadStreamAsync(stream, new StreamReadOptions { AsOf = asOf }, cancellationToken);

    /// <summary>The fact with the value of a record; null if the record has no value: never written by then, or retracted.</summary>
    public async ValueTask<Fact?> ReadLatestAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(stream);
        if (asOf.Kind == LedgerTimeKind.RecordedBy)
        {
            RefreshReader(cancellationToken);
            await SettleAsync(asOf.Time, cancellationToken).ConfigureAwait(false);
            return _storage.ReadLatestRecordedBy(stream, asOf.Time, cancellationToken);
        }

        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        return _storage.ReadLatest(stream, until, cancellationToken);
    }

    /// <summary>The last version of a stream; 0 if it has no fact.</summary>
    public async ValueTask<StreamVersion> GetVersionAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(stream);
        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        return _storage.StateAt(stream, until, cancellationToken).Version;
    }

    /// <summary>The fact at a position; null if there is none yet, or if it is lost for good.</summary>
    /// <exception cref="LedgerDamagedException">The fact is damaged, or it is unknown whether there is one.</exception>
    public ValueTask<Fact?> ReadAtAsync(Position position, CancellationToken cancellationToken = default)
    {
        RefreshReader(cancellationToken);
        if (position > _storage.Head.Position && _storage.IsEndUnknown) throw new LedgerDamagedException($"It is unknown whether there is a fact at position {position}.", _storage.Damage);
        return ValueTask.FromResult(position > Position.None && position <= _storage.Head.Position ? _storage.ReadAt(position, cancellationToken) : null);
    }

    /// <summary>The fact with an id; null if this ledger has none.</summary>
    public async ValueTask<Fact?> FindAsync(Guid id, CancellationToken cancellationToken = default) =>
        FactId.TryGetPosition(id, _storage.Id.Tag, out var position)
            && await ReadAtAsync(position, cancellationToken).ConfigureAwait(false) is { } fact && fact.Id == id
            ? fact
            : null;

    /// <summary>The range of a read: after one position, and up to another.</summary>
    async ValueTask<(Position After, Position Until)> RangeAsync(ReadOptions options, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.From.Value, nameof(options));
        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var after = options.RecordedFrom is { } time ? _storage.PositionAt(Microseconds.AtOrAfter(time) - 1, cancellationToken) : Position.None;
        if (options.From == Position.None) return (after, until);
        if (options.Backward) return (after, options.From < until ? options.From : until);
        return (new Position(Math.Max(after.Value, options.From.Value - 1)), until);
    }
}
