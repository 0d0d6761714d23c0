namespace Factstone;

/// <summary>Where a follow begins: with the first fact, at a position, behind one, at a time, or with what comes from now on.</summary>
public readonly record struct FollowStart
{
    readonly long _value;

    FollowStart(FollowStartKind kind, long value, LedgerCursor? cursor = null) => (Kind, _value, Cursor) = (kind, value, cursor);

    /// <summary>With the first fact of the ledger. The default.</summary>
    public static readonly FollowStart Beginning;

    /// <summary>With what is recorded after the follow was opened; nothing before.</summary>
    public static readonly FollowStart Now = new(FollowStartKind.Now, 0);

    /// <summary>With the fact at a position; at most the position after the last fact. 0 is the beginning.</summary>
    public static FollowStart At(Position position) => new(FollowStartKind.At, position.Value);

    /// <summary>With the fact behind a position: that of the last fact that was dealt with; at most that of the last fact. 0 is the beginning.</summary>
    public static FollowStart After(Position position) => new(FollowStartKind.After, position.Value);

    /// <summary>With the fact behind a cursor, such as <see cref="Follower.Cursor"/>, which is checked when the follow is opened: one that is not of the ledger as it is now gets <see cref="LedgerForkedException"/>.</summary>
    public static FollowStart After(LedgerCursor cursor) => new(FollowStartKind.AfterCursor, cursor.Position.Value, cursor);

    /// <summary>With the first fact that was recorded at a time or later. Not a time that lies ahead.</summary>
    public static FollowStart AtTime(DateTimeOffset time)
    {
        // Facts have whole microseconds: one that was recorded in the microsecond of a finer time was recorded before it.
        var microseconds = Microseconds.From(time);
        return new(FollowStartKind.AtTime, time.UtcTicks % TimeSpan.TicksPerMicrosecond == 0 ? microseconds : microseconds + 1);
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
