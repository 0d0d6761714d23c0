
namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>A cursor for what has been read up to a position, included; to be kept, and given to <see cref="Resolve"/> or <see cref="FollowStart.After(LedgerCursor)"/> later.</summary>
    /// <remarks>It carries the first bytes of the leaf of the fact there, which is read for that. Where the fact is gone for good or damaged it carries none, and goes by its epoch alone.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">It lies ahead of the last fact.</exception>
    public LedgerCursor CursorAt(Position position)
    {
        Look(CancellationToken.None);
        return Cursors.At(_storage, position);
    }

    /// <summary>The position that a cursor stands for.</summary>
    /// <exception cref="LedgerForkedException">A repair or a restore has left out facts since that it had passed, or it comes from another copy of the ledger, which is newer or has gone another way.</exception>
    /// <exception cref="LedgerDamagedException">The fact at its position is damaged, so whether it is the one that was read cannot be told.</exception>
    /// <exception cref="ArgumentException">It is of another ledger.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It lies ahead of the last fact, and its epoch does not say why.</exception>
    public Position Resolve(LedgerCursor cursor)
    {
        Look(CancellationToken.None);
        return Cursors.Resolve(_storage, cursor, nameof(cursor));
    }

    /// <summary>Facts without end: those that are there, then each as it becomes durable. The same as <see cref="OpenFollower"/>, for who needs no more than the facts.</summary>
    /// <param name="query">Which facts; <see cref="FactQuery.All"/> for every one.</param>
    /// <param name="options">Where to begin; null for the first fact. Decided now, not when the enumeration begins.</param>
    /// <param name="cancellationToken">Ends it with an <see cref="OperationCanceledException"/>; closing the ledger ends it without.</param>
    /// <exception cref="ArgumentOutOfRangeException">It would begin ahead: beyond the position after the last fact, or beyond now.</exception>
    /// <exception cref="LedgerForkedException">It would begin after a cursor that is not of this ledger as it is now; see <see cref="Resolve"/>.</exception>
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
    /// <exception cref="LedgerForkedException">It would begin after a cursor that is not of this ledger as it is now; see <see cref="Resolve"/>.</exception>
    /// <exception cref="LedgerDamagedException">Where the time to begin at is cannot be told.</exception>
    public Follower OpenFollower(FactQuery query, FollowOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.ThrowIfWrong(nameof(query));
        options ??= new FollowOptions();
        if (options.BufferFacts is < 1 or > 100_000) throw new ArgumentOutOfRangeException(nameof(options), options.BufferFacts, "BufferFacts must be 1 to 100,000.");
        Look(CancellationToken.None);
        var recordedFrom = options.From.Kind == FollowStartKind.AtTime ? options.From.Time : long.MinValue;
        return new Follower(_storage, _options, query, FollowAfter(options.From), recordedFrom, options.BufferFacts) { Start = options.From.Cursor };
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

            case FollowStartKind.AfterCursor:
                return Cursors.Resolve(_storage, start.Cursor!.Value, nameof(start));

            default:
                ArgumentOutOfRangeException.ThrowIfNegative(start.Position.Value, nameof(start));
                var after = start.Kind == FollowStartKind.After ? start.Position : new Position(Math.Max(0, start.Position.Value - 1));
                if (after > head.Position)
                    throw new ArgumentOutOfRangeException(nameof(start), $"Position {start.Position} is too high: the last fact is at position {head.Position}, and a follow can begin right after it at the latest.");
                return after;
        }
    }
}
