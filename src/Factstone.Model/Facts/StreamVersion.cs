using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>The place of a fact in its stream: from 1, dense, never reused, never reset. A repair that lost facts can leave gaps.</summary>
/// <param name="Value">The place; 0 means "before the first fact of the stream".</param>
[JsonConverter(typeof(LedgerJsonConverter))]
public readonly record struct StreamVersion(long Value) : IComparable<StreamVersion>, ISpanParsable<StreamVersion>
{
    /// <summary>Before the first fact: the version of a stream that does not exist.</summary>
    public static readonly StreamVersion None;

    /// <summary>The version of the following fact.</summary>
    public StreamVersion Next() => new(checked(Value + 1));

    /// <summary>Reads digits, in any culture: a whole number from 0 to <see cref="Position.MaxValue"/>.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static StreamVersion Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static StreamVersion Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        NumberText.TryParse(s, Position.MaxValue, out var value) ? new(value) : throw NumberText.Wrong(s, "a version of a stream", Position.MaxValue);

    /// <summary>Reads digits, in any culture; false if the text is not a whole number from 0 to <see cref="Position.MaxValue"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out StreamVersion result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc cref="TryParse(string?, IFormatProvider?, out StreamVersion)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out StreamVersion result)
    {
        var isNumber = NumberText.TryParse(s, Position.MaxValue, out var value);
        result = new StreamVersion(value);
        return isNumber;
    }

    /// <inheritdoc/>
    public int CompareTo(StreamVersion other) => Value.CompareTo(other.Value);

    /// <summary>Converts a plain number to a version: <c>AppendCondition.StreamAt("orders/42", 3)</c>.</summary>
    public static implicit operator StreamVersion(long value) => new(value);

    /// <summary>A version from its number.</summary>
    public static StreamVersion FromInt64(long value) => new(value);

    /// <summary>Whether one version comes before another.</summary>
    public static bool operator <(StreamVersion left, StreamVersion right) => left.Value < right.Value;

    /// <summary>Whether one version comes after another.</summary>
    public static bool operator >(StreamVersion left, StreamVersion right) => left.Value > right.Value;

    /// <summary>Whether one version comes before another, or both are equal.</summary>
    public static bool operator <=(StreamVersion left, StreamVersion right) => left.Value <= right.Value;

    /// <summary>Whether one version comes after another, or both are equal.</summary>
    public static bool operator >=(StreamVersion left, StreamVersion right) => left.Value >= right.Value;

    /// <summary>The digits alone.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
