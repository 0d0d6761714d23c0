using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>The place of a fact in the whole ledger: from 1, dense, in commit order, never reused, below 2^42.</summary>
/// <param name="Value">The place; 0 means "before the first fact".</param>
[JsonConverter(typeof(LedgerJsonConverter))]
public readonly record struct Position(long Value) : IComparable<Position>, ISpanParsable<Position>
{
    /// <summary>The largest position that a ledger can reach: 2^42 − 1, which fits into the id of a fact.</summary>
    public const long MaxValue = (1L << 42) - 1;

    /// <summary>Before the first fact.</summary>
    public static readonly Position None;

    /// <summary>The position of the following fact.</summary>
    public Position Next() => new(checked(Value + 1));

    /// <summary>Reads digits, in any culture: a whole number from 0 to <see cref="MaxValue"/>.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static Position Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static Position Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        NumberText.TryParse(s, MaxValue, out var value) ? new(value) : throw NumberText.Wrong(s, "a position", MaxValue);

    /// <summary>Reads digits, in any culture; false if the text is not a whole number from 0 to <see cref="MaxValue"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Position result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc cref="TryParse(string?, IFormatProvider?, out Position)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Position result)
    {
        var isNumber = NumberText.TryParse(s, MaxValue, out var value);
        result = new Position(value);
        return isNumber;
    }

    /// <inheritdoc/>
    public int CompareTo(Position other) => Value.CompareTo(other.Value);

    /// <summary>Whether one position comes before another.</summary>
    public static bool operator <(Position left, Position right) => left.Value < right.Value;

    /// <summary>Whether one position comes after another.</summary>
    public static bool operator >(Position left, Position right) => left.Value > right.Value;

    /// <summary>Whether one position comes before another, or both are equal.</summary>
    public static bool operator <=(Position left, Position right) => left.Value <= right.Value;

    /// <summary>Whether one position comes after another, or both are equal.</summary>
    public static bool operator >=(Position left, Position right) => left.Value >= right.Value;

    /// <summary>The digits alone.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
