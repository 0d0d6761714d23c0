namespace Factstone;

/// <summary>A point to read at: now, at a position, or what was recorded by a time.</summary>
/// <remarks>A position counts across the whole ledger, so two reads at one position see the same facts, of whatever streams.</remarks>
public readonly record struct LedgerTime
{
    readonly long _value;
    readonly LedgerTimeKind _kind;

    LedgerTime(LedgerTimeKind kind, long value) => (_kind, _value) = (kind, value);

    /// <summary>At the head, when the read begins.</summary>
    public static readonly LedgerTime Latest;

    /// <summary>With all facts up to this position, which is included; 0 is before the first fact.</summary>
    public static LedgerTime AtPosition(Position position) => new(LedgerTimeKind.Position, position.Value);

    /// <summary>With all facts that were recorded by this time, which is included. A time beyond now is refused, so that the answer stays the same for ever.</summary>
    public static LedgerTime RecordedBy(DateTimeOffset time) => new(LedgerTimeKind.RecordedBy, Microseconds.From(time));

    /// <summary>A position stands for the point right after it.</summary>
    public static implicit operator LedgerTime(Position position) => AtPosition(position);

    /// <summary>The same as <see cref="AtPosition"/>.</summary>
    public static LedgerTime FromPosition(Position position) => AtPosition(position);

    internal LedgerTimeKind Kind => _kind;

    internal Position Position => new(_value);

    internal long Time => _value;

    /// <summary><c>latest</c>, <c>@7</c> or the time.</summary>
    public override string ToString() => _kind switch
    {
        LedgerTimeKind.Position => $"@{_value}",
        LedgerTimeKind.RecordedBy => Microseconds.ToText(Microseconds.ToTime(_value)),
        _ => "latest",
    };
}

internal enum LedgerTimeKind
{
    Latest = 0,
    Position = 1,
    RecordedBy = 2,
}

/// <summary>The position that a <see cref="LedgerTime"/> stands for.</summary>
/// <param name="Position">The last fact that is seen; 0 for none.</param>
/// <param name="IsFinal">Whether the same question will have the same answer for ever. Not so for "latest", nor for a read-only opener that cannot know yet what its writer recorded by then, nor where an append whose outcome is unknown, or one that waits for room to be recovered, may have been recorded by then.</param>
public readonly record struct ResolvedTime(Position Position, bool IsFinal);
