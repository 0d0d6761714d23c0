using System.Globalization;

namespace Factstone;

/// <summary>The place of a fact in the whole ledger: from 1, dense, in commit order, never reused, below 2^42.</summary>
/// <param name="Value">The place; 0 means "before the first fact".</param>
public readonly record struct Position(long Value) : IComparable<Position>
{
    /// <summary>The largest position that a ledger can reach: 2^42 − 1, which fits into the id of a fact.</summary>
    public const long MaxValue = (1L << 42) - 1;

    /// <summary>Before the first fact.</summary>
    public static readonly Position None;

    /// <summary>The position of the following fact.</summary>
    public Position Next() => new(checked(Value + 1));

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
