using System.Runtime.CompilerServices;

namespace Factstone;

public sealed partial class Ledger
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<Fact> ReadAsync(ReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) yield break;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);
        if (after >= until) yield break;

        var left = options.Limit ?? long.MaxValue;
        var dropped = DroppedFilter.Of(_storage, options.Dropped, cancellationToken);
        foreach (var fact in _storage.Read(options.Backward ? until : after.Next(), until, options.Backward, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (fact.Position <= after) yield break;
            if (NameCheck.IsOwn(fact.Stream.Store) || dropped?.IsDropped(fact) == true) continue;
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Fact> ReadAsync(FactQuery query, ReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Check(query);
        options ??= new ReadOptions();
        if (Nothing(options.Limit)) yield break;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);

        var left = options.Limit ?? long.MaxValue;
        var dropped = DroppedFilter.Of(_storage, options.Dropped, cancellationToken);
        foreach (var fact in _storage.ReadQuery(query, after, until, options.Backward, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (dropped?.IsDropped(fact) == true) continue;
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<long> CountAsync(FactQuery query, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(query);
        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        if (DroppedFilter.Of(_storage, cancellationToken: cancellationToken) is not { } dropped) return _storage.CountQuery(query, Position.None, until, cancellationToken);

        // Which facts are dropped is only known from their streams and versions, so those before the last truncation are read.
        var (last, held) = (_storage.LastTruncation < until ? _storage.LastTruncation : until, new Fold<long>(0, static (ref count, in _) => ++count > 0, limit: null) { Dropped = dropped });
        _storage.FoldQuery(query, Position.None, last, backward: false, held, cancellationToken);
        return held.State + (last < until ? _storage.CountQuery(query, last, until, cancellationToken) : 0);
    }

    /// <inheritdoc/>
    public async ValueTask<TState> FoldAsync<TState>(TState seed, FactFolder<TState> folder, ReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        options ??= new ReadOptions();
        PageCheck.NoCallback(options.Dropped);
        if (Nothing(options.Limit)) return seed;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);
        if (after >= until) return seed;

        var fold = new Fold<TState>(seed, folder, options.Limit) { LeavesOutOwn = true, After = after, Dropped = DroppedFilter.OfFold(_storage, "The fold", cancellationToken) };
        _storage.Fold(options.Backward ? until : after.Next(), until, options.Backward, fold, cancellationToken);
        return fold.State;
    }

    /// <inheritdoc/>
    public async ValueTask<TState> FoldAsync<TState>(FactQuery query, TState seed, FactFolder<TState> folder, ReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(query);
        ArgumentNullException.ThrowIfNull(folder);
        options ??= new ReadOptions();
        PageCheck.NoCallback(options.Dropped);
        if (Nothing(options.Limit)) return seed;
        var (after, until) = await RangeAsync(options, cancellationToken).ConfigureAwait(false);

        var fold = new Fold<TState>(seed, folder, options.Limit) { Dropped = DroppedFilter.OfFold(_storage, "The fold", cancellationToken) };
        _storage.FoldQuery(query, after, until, options.Backward, fold, cancellationToken);
        return fold.State;
    }

    /// <inheritdoc/>
    public async ValueTask<TState> FoldStreamAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, StreamReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new StreamReadOptions();
        Check(stream);
        ArgumentNullException.ThrowIfNull(folder);
        PageCheck.Stream(options);
        PageCheck.NoCallback(options.Dropped);
        if (options.Limit == 0) return seed;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var fold = new Fold<TState>(seed, folder, options.Limit) { Dropped = DroppedFilter.OfFold(_storage, "The fold", cancellationToken) };
        new StreamSelection(_storage, stream, options, until, cancellationToken).Fold(fold, cancellationToken);
        return fold.State;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Fact> ReadStreamAsync(StreamName stream, StreamReadOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new StreamReadOptions();
        Check(stream);
        PageCheck.Stream(options);
        if (options.Limit == 0) yield break;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var left = options.Limit ?? long.MaxValue;
        var dropped = DroppedFilter.Of(_storage, options.Dropped, cancellationToken);
        foreach (var fact in new StreamSelection(_storage, stream, options, until, cancellationToken).Read(dropped, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return fact;
            if (--left == 0) yield break;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<long> CountStreamAsync(StreamName stream, StreamReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new StreamReadOptions();
        Check(stream);
        PageCheck.Stream(options);
        if (options.Limit == 0) return 0;

        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var dropped = DroppedFilter.Of(_storage, options.Dropped, cancellationToken);
        return new StreamSelection(_storage, stream, options, until, cancellationToken).Count(dropped, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Fact?> ReadLatestAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(stream);
        if (asOf.Kind != LedgerTimeKind.Latest) return ReadLatestAsOfAsync(stream, asOf, cancellationToken);
        RefreshReader(cancellationToken);
        return ValueTask.FromResult(Held(_storage.ReadLatest(stream, _storage.Head.Position, cancellationToken), cancellationToken));
    }

    async ValueTask<Fact?> ReadLatestAsOfAsync(StreamName stream, LedgerTime asOf, CancellationToken cancellationToken)
    {
        if (asOf.Kind == LedgerTimeKind.RecordedBy)
        {
            RefreshReader(cancellationToken);
            await SettleAsync(asOf.Time, cancellationToken).ConfigureAwait(false);
            return Held(_storage.ReadLatestRecordedBy(stream, asOf.Time, cancellationToken), cancellationToken);
        }

        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        return Held(_storage.ReadLatest(stream, until, cancellationToken), cancellationToken);
    }

    /// <summary>The fact, unless it is dropped.</summary>
    Fact? Held(Fact? fact, CancellationToken cancellationToken) =>
        fact is not null && _storage.FindTruncated(fact.Stream, cancellationToken) is { } truncated && fact.StreamVersion <= truncated.Through ? null : fact;

    /// <inheritdoc/>
    public ValueTask<TState> FoldLatestAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(stream);
        ArgumentNullException.ThrowIfNull(folder);
        if (asOf.Kind != LedgerTimeKind.Latest) return FoldLatestAsOfAsync(stream, seed, folder, asOf, cancellationToken);
        RefreshReader(cancellationToken);
        return ValueTask.FromResult(FoldLatest(stream, seed, folder, _storage.Head.Position, cancellationToken));
    }

    async ValueTask<TState> FoldLatestAsOfAsync<TState>(StreamName stream, TState seed, FactFolder<TState> folder, LedgerTime asOf, CancellationToken cancellationToken) =>
        FoldLatest(stream, seed, folder, (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position, cancellationToken);

    TState FoldLatest<TState>(StreamName stream, TState seed, FactFolder<TState> folder, Position until, CancellationToken cancellationToken)
    {
        var fold = Fold<TState>.OfOne(seed, folder);
        fold.Dropped = DroppedFilter.Of(_storage, cancellationToken: cancellationToken);
        _storage.VisitLatest(stream, until, fold, cancellationToken);
        return fold.End();
    }

    /// <inheritdoc/>
    public async ValueTask<StreamVersion> GetVersionAsync(StreamName stream, LedgerTime asOf = default, CancellationToken cancellationToken = default)
    {
        Check(stream);
        var until = (await ResolveAsync(asOf, cancellationToken).ConfigureAwait(false)).Position;
        return _storage.StateAt(stream, until, cancellationToken).Version;
    }

    /// <inheritdoc/>
    public ValueTask<Fact?> ReadAtAsync(Position position, CancellationToken cancellationToken = default)
    {
        RefreshReader(cancellationToken);
        if (position > _storage.Head.Position && _storage.IsEndUnknown) throw new LedgerDamagedException($"It is unknown whether there is a fact at position {position}.", _storage.Damage);
        return ValueTask.FromResult(position > Position.None && position <= _storage.Head.Position ? Held(_storage.ReadAt(position, cancellationToken), cancellationToken) : null);
    }

    /// <inheritdoc/>
    public async ValueTask<Fact?> FindAsync(Guid id, CancellationToken cancellationToken = default) =>
        FactId.TryGetPosition(id, _storage.Id.Tag, out var position)
            && await ReadAtAsync(position, cancellationToken).ConfigureAwait(false) is { } fact && fact.Id == id
            ? fact
            : null;

    /// <summary>The range of a read: after one position, and up to another.</summary>
    async ValueTask<(Position After, Position Until)> RangeAsync(ReadOptions options, CancellationToken cancellationToken)
    {
        PageCheck.From(options.From);
        var until = (await ResolveAsync(options.AsOf, cancellationToken).ConfigureAwait(false)).Position;
        var after = options.RecordedFrom is { } time ? _storage.PositionAt(Microseconds.AtOrAfter(time) - 1, cancellationToken) : Position.None;
        if (options.From == Position.None) return (after, until);
        if (options.Backward) return (after, options.From < until ? options.From : until);
        return (new Position(Math.Max(after.Value, options.From.Value - 1)), until);
    }
}
