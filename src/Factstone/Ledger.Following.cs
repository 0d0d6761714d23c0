
namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>A cursor for what has been read up to a position, included; to be kept, and given to <see cref="Resolve"/> later.</summary>
    public LedgerCursor CursorAt(Position position) => new(Id, Epoch, position);

    /// <summary>The position that a cursor stands for.</summary>
    /// <exception cref="LedgerForkedException">Facts that it had passed were lost since, or it comes from a newer copy of the ledger.</exception>
    /// <exception cref="ArgumentException">It is of another ledger.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It lies ahead of the last fact.</exception>
    public Position Resolve(LedgerCursor cursor)
    {
        Look(CancellationToken.None);
        ArgumentOutOfRangeException.ThrowIfNegative(cursor.Position.Value, nameof(cursor));
        if (cursor.LedgerId != Id) throw new ArgumentException($"The cursor is of ledger {cursor.LedgerId}; this is ledger {Id}.", nameof(cursor));
        if (cursor.Epoch > Epoch) throw new LedgerForkedException(cursor.Epoch, Epoch, Position.None, cursor.Position);
        var common = _storage.LastCommonWith(cursor.Epoch);
        if (cursor.Position > common) throw new LedgerForkedException(cursor.Epoch, Epoch, common, cursor.Position);
        if (cursor.Position > _storage.Head.Position)
            throw new ArgumentOutOfRangeException(nameof(cursor), $"Position {cursor.Position} lies ahead: the last fact is at position {_storage.Head.Position}.");
        return cursor.Position;
    }

    /// <summary>Facts without end: those that are there, then each as it becomes durable. The same as <see cref="OpenFollower"/>, for who needs no more than the facts.</summary>
    /// <param name="query">Which facts; <see cref="FactQuery.All"/> for every one.</param>
    /// <param name="options">Where to begin; null for the first fact. Decided now, not when the enumeration begins.</param>
    /// <param name="cancellationToken">Ends it with an <see cref="OperationCanceledException"/>; closing the ledger ends it without.</param>
    /// <exception cref="ArgumentOutOfRangeException">It would begin ahead: beyond the position after the last fact, or beyond now.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged; those behind it can be followed from the position after it on.</exception>
    public IAsyncEnumerable<Fact> FollowAsync(FactQuery query, FollowOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenFollower(query, options).ReadAllAsync(cancellationToken);

    /// <summary>Every fact without end: those that are there, then each as it becomes durable.</summary>
    public IAsyncEnumerable<Fact> FollowAsync(FollowOptions? options = null, CancellationToken cancellationToken = default) =>
        FollowAsync(FactQuery.All, options, cancellationToken);

    /// <summary>A read that does not end, which says how far it has come and how far it is behind. In a read-only ledger, too, which learns of new facts within 50 ms.</summary>
    /// <param name="query">Which facts; <see cref="FactQuery.All"/> for every one.</param>
    /// <param name="options">Where to begin; null for the first fact.</param>
    /// <exception cref="ArgumentOutOfRangeException">It would begin ahead: beyond the position after the last fact, or beyond now.</exception>
    /// <exception cref="LedgerDamagedException">Where the time to begin at is cannot be told.</exception>
    public Follower OpenFollower(FactQuery query, FollowOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.ThrowIfWrong(nameof(query));
        options ??= new FollowOptions();
        if (options.BufferFacts is < 1 or > 100_000) throw new ArgumentOutOfRangeException(nameof(options), options.BufferFacts, "BufferFacts is 1 to 100,000.");
        Look(CancellationToken.None);
        var recordedFrom = options.From.Kind == FollowStartKind.AtTime ? options.From.Time : long.MinValue;
        return new Follower(_storage, _time, query, FollowAfter(options.From), recordedFrom, options.BufferFacts);
    }

    /// <summary>The position behind which a follow begins.</summary>
    Position FollowAfter(FollowStart start)
    {
        var head = _storage.Head;
        switch (start.Kind)
        {
            case FollowStartKind.Beginning:
                return Position.None;

            case FollowStartKind.Now:
                return head.Position;

            case FollowStartKind.AtTime:
                RecordingClock.RefuseFuture(start.Time, Math.Max(Microseconds.From(_time.GetUtcNow()), head.RecordedAt));
                return _storage.PositionAt(start.Time - 1);

            default:
                ArgumentOutOfRangeException.ThrowIfNegative(start.Position.Value, nameof(start));
                var after = start.Kind == FollowStartKind.After ? start.Position : new Position(Math.Max(0, start.Position.Value - 1));
                if (after > head.Position)
                    throw new ArgumentOutOfRangeException(nameof(start), $"Position {start.Position} lies ahead: the last fact is at position {head.Position}, and a follow begins right after it at the latest.");
                return after;
        }
    }
}
