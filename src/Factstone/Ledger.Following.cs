
namespace Factstone;

public sealed partial class Ledger
{
    /// <summary>A cursor for what has been read up to a position, included. Store it, and pass it to <see cref="Resolve"/> or <see cref="FollowStart.After(LedgerCursor)"/> later.</summary>
    /// <remarks>It contains the first bytes of the leaf of the fact there, which is read for that. If the fact is lost or damaged, the cursor has no leaf, and only its epoch is compared.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The position is beyond the last fact.</exception>
    public LedgerCursor CursorAt(Position position)
    {
        RefreshReader(CancellationToken.None);
        return Cursors.At(_storage, position);
    }

    /// <summary>The position of a cursor, checked against the ledger as it is now.</summary>
    /// <exception cref="LedgerForkedException">A repair or a restore has left out facts that the cursor had passed, or the cursor comes from another copy of the ledger, which is newer or continued differently.</exception>
    /// <exception cref="LedgerDamagedException">The fact at the position is damaged, so it is unknown whether it is the one that was read.</exception>
    /// <exception cref="ArgumentException">The cursor belongs to another ledger.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The position is beyond the last fact, and the cursor's epoch does not explain it.</exception>
    public Position Resolve(LedgerCursor cursor)
    {
        RefreshReader(CancellationToken.None);
        return Cursors.Resolve(_storage, cursor, nameof(cursor));
    }

    /// <summary>Facts without end: first the existing ones, then each new one when it is durable. The same as <see cref="OpenFollower"/>, for a caller that only needs the facts.</summary>
    /// <param name="query">The query that facts must match; <see cref="FactQuery.All"/> for every fact.</param>
    /// <param name="options">Where to begin; null for the first fact. The start is decided now, not when the enumeration begins.</param>
    /// <param name="cancellationToken">Ends it with an <see cref="OperationCanceledException"/>; closing the ledger ends it without an exception.</param>
    /// <exception cref="ArgumentOutOfRangeException">The start is beyond the position after the last fact, or in the future.</exception>
    /// <exception cref="LedgerForkedException">The start is a cursor that does not fit the ledger as it is now; see <see cref="Resolve"/>.</exception>
    /// <exception cref="LedgerDamagedException">The next fact is damaged. A new follow can start at the position after it.</exception>
    public IAsyncEnumerable<Fact> FollowAsync(FactQuery query, FollowOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenFollower(query, options).ReadAllAsync(cancellationToken);

    /// <summary>Every fact without end: first the existing ones, then each new one when it is durable.</summary>
    public IAsyncEnumerable<Fact> FollowAsync(FollowOptions? options = null, CancellationToken cancellationToken = default) =>
        FollowAsync(FactQuery.All, options, cancellationToken);

    /// <summary>A read without end, which reports its progress and how far it is behind. In a read-only ledger, too, where new facts arrive within 50 ms.</summary>
    /// <param name="query">The query that facts must match; <see cref="FactQuery.All"/> for every fact.</param>
    /// <param name="options">Where to begin; null for the first fact.</param>
    /// <exception cref="ArgumentOutOfRangeException">The start is beyond the position after the last fact, or in the future.</exception>
    /// <exception cref="LedgerForkedException">The start is a cursor that does not fit the ledger as it is now; see <see cref="Resolve"/>.</exception>
    /// <exception cref="LedgerDamagedException">The position of the start time is unknown because of damage.</exception>
    public Follower OpenFollower(FactQuery query, FollowOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.ThrowIfWrong(nameof(query));
        options ??= new FollowOptions();
        if (options.BufferFacts is < 1 or > 100_000) throw new ArgumentOutOfRangeException(nameof(options), options.BufferFacts, "BufferFacts must be 1 to 100,000.");
        RefreshReader(CancellationToken.None);
        var recordedFrom = options.From.Kind == FollowStartKind.AtTime ? options.From.Time : long.MinValue;
        return new Follower(_storage, _options, query, FollowAfter(options.From), recordedFrom, options.BufferFacts) { Start = options.From.Cursor };
    }

    /// <summary>The position after which a follow begins.</summary>
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
