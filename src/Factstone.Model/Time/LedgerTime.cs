using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>The point of a read: the head, a position, or a recorded time.</summary>
/// <remarks>The default value is <see cref="Latest"/>. Positions count across the whole ledger, so two reads at one position see the same facts in all streams.</remarks>
[JsonConverter(typeof(LedgerJsonConverter))]
public readonly record struct LedgerTime : ISpanParsable<LedgerTime>
{
    readonly long _value;
    readonly LedgerTimeKind _kind;

    LedgerTime(LedgerTimeKind kind, long value) => (_kind, _value) = (kind, value);

    /// <summary>The head at the beginning of the read.</summary>
    public static readonly LedgerTime Latest;

    /// <summary>All facts up to this position, which is included; 0 is before the first fact. A negative position and one beyond the head are refused by the read.</summary>
    public static LedgerTime AtPosition(Position position) => new(LedgerTimeKind.Position, position.Value);

    /// <summary>All facts that were recorded by this time, which is included. The read refuses a time beyond now, so that the answer never changes. A finer time is truncated to microseconds.</summary>
    public static LedgerTime RecordedBy(DateTimeOffset time) => new(LedgerTimeKind.RecordedBy, Microseconds.From(time));

    /// <summary>Converts a position to the point right after it.</summary>
    public static implicit operator LedgerTime(Position position) => AtPosition(position);

    /// <summary>The same as <see cref="AtPosition"/>.</summary>
    public static LedgerTime FromPosition(Position position) => AtPosition(position);

    /// <summary>Reads <c>latest</c>, <c>@7</c>, or a time such as <c>2026-01-31</c> or <c>2026-01-31T08:15:30.25+01:00</c>; without a zone it is UTC, without a time the beginning of the day.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static LedgerTime Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static LedgerTime Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var time) ? time : throw new FormatException($"'{NameCheck.Shown(s)}' is no point of the ledger: write latest, a position such as @7, or a time such as 2026-01-31 or 2026-01-31T08:15:00Z (years 1 to 9999, UTC if no zone is given).");

    /// <summary>Reads <c>latest</c>, <c>@7</c> or a time; false if the text is anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out LedgerTime result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc cref="TryParse(string?, IFormatProvider?, out LedgerTime)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out LedgerTime result)
    {
        result = Latest;
        if (s is "latest") return true;
        if (s is ['@', .. var digits])
        {
            if (!Position.TryParse(digits, provider, out var position)) return false;
            result = AtPosition(position);
            return true;
        }

        if (!TimeParsing.TryParse(s, out var time)) return false;
        result = RecordedBy(time);
        return true;
    }

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

/// <summary>The position that a <see cref="LedgerTime"/> resolves to.</summary>
/// <param name="Position">The position of the last fact at that point; 0 for none.</param>
/// <param name="IsFinal">Whether the same question always has the same answer. That is false for "latest", for a read-only opener that cannot know yet what its writer recorded by then, and if an append that may have been recorded by then has an unknown outcome or waits for disk space to be recovered.</param>
public readonly record struct ResolvedTime(Position Position, bool IsFinal);
