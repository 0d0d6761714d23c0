using System.Runtime.CompilerServices;

namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>Facts of the whole ledger in commit order, up to the head at the time of the call. Leaves out Factstone's own, in stores that start with <c>$</c>, and those that are gone for good.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged; those behind it can be read from the following position on.</exception>
    public async IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) yield break;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);
        if (after >= until) yield break;

        var left = options.Limit ?? long.MaxValue;
        foreach (var fact in _storage.Read(options.Backward ? until : after.Next(), until, options.Backward))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (fact.Position <= after) yield break;
            if (NameCheck.IsOwn(fact.Stream.Store)) continue;
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <summary>Facts that match a query, in commit order, up to the head at the time of the call. What does not match is not read.</summary>
    /// <param name="query">Which facts; <see cref="FactQuery.All"/> for every one but Factstone's own.</param>
    /// <param name="options">From where, in which direction, how many, at which point; null for all, forward.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or whether a damaged one matches cannot be told; those behind it can be read from the following position on.</exception>
    public async IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Check(query);
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) yield break;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);

        var left = options.Limit ?? long.MaxValue;
        foreach (var fact in _storage.ReadQuery(query, after, until, options.Backward))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (NameCheck.IsOwn(fact.Stream.Store)) continue;
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <summary>How many facts match a query. Most are counted by the index alone; where it cannot tell, as with a key's prefix, facts are read.</summary>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="LedgerDamagedException">Whether a damaged fact matches cannot be told.</exception>
    public async ValueTask<long> CountAsync(FactQuery query, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(query);
        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        return _storage.CountQuery(query, Position.None, until);
    }

    /// <summary>Takes the facts that <see cref="ReadAsync(ReadOptions?, CancellationToken)"/> gives into a state, one after the other, without an object for each: the fastest way through many facts.</summary>
    /// <param name="seed">The state before the first fact.</param>
    /// <param name="folder">Called on this thread for each fact, with the state to change; false ends the fold. It may use the ledger, append and wait for that, or take its time: nothing waits for it. What it throws, the caller gets.</param>
    /// <param name="options">From where, in which direction, how many, at which point; null for all, forward.</param>
    /// <param name="cancellationToken">Ends the fold before the next fact.</param>
    /// <returns>The state behind the last fact.</returns>
    /// <exception cref="LedgerDamagedException">The next fact is damaged; those behind it can be read from the following position on.</exception>
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

    /// <summary>The same for the facts that match a query, as <see cref="ReadAsync(FactQuery, ReadOptions?, CancellationToken)"/> gives them.</summary>
    /// <exception cref="ArgumentException">The query is refused; the message says why.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or whether a damaged one matches cannot be told; those behind it can be read from the following position on.</exception>
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

    /// <summary>The same for the facts of one stream, as <see cref="ReadStreamAsync"/> gives them.</summary>
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

    /// <summary>Facts of one stream in order of version; none for a stream that does not exist.</summary>
    /// <exception cref="LedgerDamagedException">The next fact is damaged, or a damaged fact may belong to the stream.</exception>
    public async IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new StreamReadOptions();
        Check(stream);
        ArgumentOutOfRangeException.ThrowIfNegative(options.From.Value, nameof(options));
        if (Nothing(options.Limit)) yield break;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var left = options.Limit ?? long.MaxValue;
        foreach (var fact in _storage.ReadStream(stream, options.From, until, options.Backward))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <summary>All facts of a record, oldest first, retractions included; the same as its stream.</summary>
    public IAsyncEnumerable<Fact> ReadHistoryAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default) =>
        ReadStreamAsync(stream, new StreamReadOptions { AsOf = asOf }, cancellationToken);

    /// <summary>The fact that gives a record its value; null when it has none: never written by then, or retracted.</summary>
    public async ValueTask<Fact?> ReadLatestAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(stream);
        if (asOf.Kind == LedgerTimeKind.RecordedBy) _storage.Prefetch(stream); // finding the position takes about as long as that
        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        return _storage.ReadLatest(stream, until);
    }

    /// <summary>The last version of a stream; 0 when it has no fact.</summary>
    public async ValueTask<StreamVersion> GetVersionAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(stream);
        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        return _storage.StateAt(stream, until).Version;
    }

    /// <summary>The fact at a position; null when there is none yet, or when it is gone for good.</summary>
    /// <exception cref="LedgerDamagedException">It is damaged, or whether there is one cannot be told.</exception>
    public ValueTask<Fact?> ReadAtAsync(Position position, CancellationToken cancellationToken = default)
    {
        Look(cancellationToken);
        if (position > _storage.Head.Position && _storage.IsEndUnknown) throw new LedgerDamagedException($"It is unknown whether there is a fact at position {position}.", _storage.Damage);
        return ValueTask.FromResult(position > Position.None && position <= _storage.Head.Position ? _storage.ReadAt(position) : null);
    }

    /// <summary>The fact with an id; null when this ledger has none.</summary>
    public async ValueTask<Fact?> FindAsync(Guid id, CancellationToken cancellationToken = default) =>
        FactId.TryGetPosition(id, _storage.Id.Tag, out var position)
            && await ReadAtAsync(position, cancellationToken).ConfigureAwait(false) is { } fact && fact.Id == id
            ? fact
            : null;

    /// <summary>The positions that a read goes through: behind one, and up to another.</summary>
    async ValueTask<(Position After, Position Until)> RangeAsync(ReadOptions options, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.From.Value, nameof(options));
        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var after = options.RecordedFrom is { } time ? _storage.PositionAt(Microseconds.AtOrAfter(time) - 1) : Position.None;
        if (options.From == Position.None) return (after, until);
        if (options.Backward) return (after, options.From < until ? options.From : until);
        return (new Position(Math.Max(after.Value, options.From.Value - 1)), until);
    }
}
