using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>The number of writes of a cell: puts and deletes, from 1. A delete does not reset it.</summary>
/// <param name="Value">The count; 0 means "never written".</param>
[JsonConverter(typeof(LedgerJsonConverter))]
public readonly record struct CellVersion(long Value) : IComparable<CellVersion>, ISpanParsable<CellVersion>
{
    /// <summary>Before the first write: the version of a cell that was never written.</summary>
    public static readonly CellVersion None;

    /// <summary>The version after the next write.</summary>
    public CellVersion Next() => new(checked(Value + 1));

    /// <summary>Reads digits, in any culture: a whole number from 0 to <see cref="long.MaxValue"/>.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static CellVersion Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static CellVersion Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        NumberText.TryParse(s, long.MaxValue, out var value) ? new(value) : throw NumberText.Wrong(s, "a version of a cell", long.MaxValue);

    /// <summary>Reads digits, in any culture; false if the text is not a whole number from 0 to <see cref="long.MaxValue"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out CellVersion result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc cref="TryParse(string?, IFormatProvider?, out CellVersion)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out CellVersion result)
    {
        var isNumber = NumberText.TryParse(s, long.MaxValue, out var value);
        result = new CellVersion(value);
        return isNumber;
    }

    /// <inheritdoc/>
    public int CompareTo(CellVersion other) => Value.CompareTo(other.Value);

    /// <summary>Converts a plain number to a version: <c>AppendCondition.CellAt("settings", "theme", 3)</c>.</summary>
    public static implicit operator CellVersion(long value) => new(value);

    /// <summary>A version from its number.</summary>
    public static CellVersion FromInt64(long value) => new(value);

    /// <summary>Whether one version comes before another.</summary>
    public static bool operator <(CellVersion left, CellVersion right) => left.Value < right.Value;

    /// <summary>Whether one version comes after another.</summary>
    public static bool operator >(CellVersion left, CellVersion right) => left.Value > right.Value;

    /// <summary>Whether one version comes before another, or both are equal.</summary>
    public static bool operator <=(CellVersion left, CellVersion right) => left.Value <= right.Value;

    /// <summary>Whether one version comes after another, or both are equal.</summary>
    public static bool operator >=(CellVersion left, CellVersion right) => left.Value >= right.Value;

    /// <summary>The digits alone.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A cell and a version of it.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Version">The version.</param>
public readonly record struct CellAndVersion(CellName Cell, CellVersion Version)
{
    /// <summary>The cell's text and the version, such as <c>settings/theme v3</c>.</summary>
    public override string ToString() => $"{Cell} v{Version}";
}
