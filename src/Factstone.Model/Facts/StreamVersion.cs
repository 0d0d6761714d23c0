using System.Globalization;

namespace Factstone;

/// <summary>The place of a fact in its stream: from 1, dense, never reused, never reset. A repair that lost facts can leave gaps.</summary>
/// <param name="Value">The place; 0 means "before the first fact of the stream".</param>
public readonly record struct StreamVersion(long Value) : IComparable<StreamVersion>
{
    /// <summary>Before the first fact: the version of a stream that does not exist.</summary>
    public static readonly StreamVersion None;

    /// <summary>The version of the following fact.</summary>
    public StreamVersion Next() => new(checked(Value + 1));

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
