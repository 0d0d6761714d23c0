using System.Text;

namespace Factstone;

/// <summary>A proposed write of a cell: a value, or a delete. It is checked when it is appended; see <see cref="FactLimits"/>.</summary>
public sealed record NewCell
{
    NewCell(CellName cell) => Cell = cell;

    /// <summary>The cell.</summary>
    public CellName Cell { get; }

    /// <summary>Whether the value is removed. The version counts on.</summary>
    public bool IsDelete { get; private init; }

    /// <summary>The value, ≤ 4 MiB; may be empty. The ledger copies it when the cell is appended.</summary>
    public ReadOnlyMemory<byte> Value { get; private init; }

    /// <summary>Whether Factstone itself writes it, so that the bucket may start with <c>$</c>.</summary>
    internal bool IsOwn { get; private init; }

    /// <summary>Gives a cell a value, which replaces an existing one.</summary>
    public static NewCell Put(string bucket, string name, ReadOnlyMemory<byte> value) => new(new CellName(bucket, name)) { Value = value };

    /// <summary>Gives a cell a value: the text in UTF-8.</summary>
    /// <exception cref="ArgumentException">The text contains half of a surrogate pair.</exception>
    public static NewCell Put(string bucket, string name, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (Utf8Order.ByteCount(value) < 0) throw new ArgumentException("The value contains half of a surrogate pair, which UTF-8 cannot encode.", nameof(value));
        return Put(bucket, name, Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Removes the value of a cell. To delete a cell without a value is a write like any other.</summary>
    public static NewCell Delete(string bucket, string name) => new(new CellName(bucket, name)) { IsDelete = true };

    /// <summary>The same write of a cell in a bucket of Factstone's own.</summary>
    internal NewCell AsOwn() => this with { IsOwn = true };
}
