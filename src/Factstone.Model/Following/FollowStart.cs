namespace Factstone;

/// <summary>Where a follow begins: at the first fact, after a cursor, at or after a position, at a time, or at the next new fact. To continue a follow, store its cursor and begin with <see cref="After(LedgerCursor)"/>.</summary>
public readonly record struct FollowStart
{
    readonly long _value;

    FollowStart(FollowStartKind kind, long value, LedgerCursor? cursor = null) => (Kind, _value, Cursor) = (kind, value, cursor);

    /// <summary>At the first fact of the ledger. The default.</summary>
    public static readonly FollowStart Beginning;

    /// <summary>At the first fact that is recorded after the follow was opened.</summary>
    public static readonly FollowStart Now = new(FollowStartKind.Now, 0);

    /// <summary>At the fact with this position; at most the position after the last fact, which is checked when the follow is opened. 0 means the beginning.</summary>
    public static FollowStart At(Position position) => new(FollowStartKind.At, position.Value);

    /// <summary>After the fact with this position, at most the last fact. 0 means the beginning.</summary>
    /// <remarks>Nothing checks that the position was read in this ledger: after a restore or a repair, a follow that continues from a stored position can leave facts out unnoticed. <see cref="After(LedgerCursor)"/> is refused in that case.</remarks>
    public static FollowStart After(Position position) => new(FollowStartKind.After, position.Value);

    /// <summary>After a cursor, such as <see cref="Follower.Cursor"/>: the way to continue a follow. It is checked when the follow is opened: if the ledger is not what was read, <see cref="LedgerForkedException"/> is thrown.</summary>
    public static FollowStart After(LedgerCursor cursor) => new(FollowStartKind.AfterCursor, cursor.Position.Value, cursor);

    /// <summary>At the first fact that was recorded at this time or later. A time in the future is refused when the follow is opened.</summary>
    public static FollowStart AtTime(DateTimeOffset time)
    {
        // The end of the year 9999 has no following microsecond. As a start in the future it is refused by the open.
        return new(FollowStartKind.AtTime, Math.Min(Microseconds.AtOrAfter(time), Microseconds.Max));
    }

    internal FollowStartKind Kind { get; }

    internal LedgerCursor? Cursor { get; }

    internal Position Position => new(_value);

    /// <summary>Microseconds since 1970.</summary>
    internal long Time => _value;

    /// <summary><c>beginning</c>, <c>at @7</c>, <c>after @7</c>, <c>after</c> and the cursor, the time, or <c>now</c>.</summary>
    public override string ToString() => Kind switch
    {
        FollowStartKind.At => $"at @{_value}",
        FollowStartKind.After => $"after @{_value}",
        FollowStartKind.AfterCursor => $"after {Cursor}",
        FollowStartKind.AtTime => Microseconds.ToText(Microseconds.ToTime(_value)),
        FollowStartKind.Now => "now",
        _ => "beginning",
    };
}

internal enum FollowStartKind
{
    Beginning = 0,
    At = 1,
    After = 2,
    AtTime = 3,
    Now = 4,
    AfterCursor = 5,
}
