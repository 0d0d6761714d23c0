
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

    ValueTask<LedgerCursor> ILedger.GetCursorAsync(Position position, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(CursorAt(position));
    }

    ValueTask<Position> ILedger.ResolveAsync(LedgerCursor cursor, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Resolve(cursor));
    }

    /// <inheritdoc/>
    public Follower OpenFollower(FactQuery query, FollowOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.ThrowIfWrong(nameof(query));
        options ??= new FollowOptions();
        if (options.BufferFacts is < 1 or > 100_000) throw new ArgumentOutOfRangeException(nameof(options), options.BufferFacts, "BufferFacts must be 1 to 100,000.");
        RefreshReader(CancellationToken.None);
        var recordedFrom = options.From.Kind == FollowStartKind.AtTime ? options.From.Time : long.MinValue;
        return new LogFollower(_storage, _options, query, FollowAfter(options.From, nameof(options)), recordedFrom, options.BufferFacts) { Start = options.From.Cursor, Dropped = options.Dropped };
    }

    /// <summary>The position after which a follow begins.</summary>
    Position FollowAfter(FollowStart start, string parameter)
    {
        var head = _storage.Head;
        switch (start.Kind)
        {
            case FollowStartKind.Beginning:
                return Position.None;

            case FollowStartKind.Now:
                return head.Position;

            case FollowStartKind.AtTime:
                RecordingClock.RefuseFuture(start.Time, Math.Max(Microseconds.From(_time.GetUtcNow()), head.RecordedAt), parameter);
                return _storage.PositionAt(start.Time - 1);

            case FollowStartKind.AfterCursor:
                return Cursors.Resolve(_storage, start.Cursor!.Value, parameter);

            default:
                if (start.Position < Position.None) throw new ArgumentOutOfRangeException(parameter, start.Position, "A follow cannot begin at a negative position. Positions start at 1, and 0 means the beginning.");
                var after = start.Kind == FollowStartKind.After ? start.Position : new Position(Math.Max(0, start.Position.Value - 1));
                if (after > head.Position)
                    throw new ArgumentOutOfRangeException(parameter, $"Position {start.Position} is too high: the last fact is at position {head.Position}, and a follow can begin right after it at the latest.");
                return after;
        }
    }
}
