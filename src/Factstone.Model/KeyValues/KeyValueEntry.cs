namespace Factstone;

/// <summary>A key/value entry that has a value, as it was read or stored.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <remarks>Threads: any number.</remarks>
public sealed class KeyValueEntry<T> where T : notnull
{
    readonly CellName _cell;
    readonly TypedJson<T> _format;
    object? _value;

    internal KeyValueEntry(TypedJson<T> format, Cell cell)
    {
        (_format, _cell, Version, RecordedAt, Json) = (format, new CellName(cell.Bucket, cell.Name), cell.Version, cell.RecordedAt, cell.Value);
    }

    /// <summary>An entry that was just stored.</summary>
    internal KeyValueEntry(TypedJson<T> format, NewCell cell, AppendReceipt receipt, T value)
    {
        (_format, _cell, Version, RecordedAt, Json, _value) = (format, cell.Cell, receipt.CellVersions[0].Version, receipt.RecordedAt, cell.Value, value);
    }

    /// <summary>The bucket that it belongs to.</summary>
    public string Bucket => _cell.Bucket;

    /// <summary>Its name in the bucket.</summary>
    public string Name => _cell.Name;

    /// <summary>The number of writes of this name, deletes included, from 1.</summary>
    public CellVersion Version { get; }

    /// <summary>When the ledger committed this version.</summary>
    public DateTimeOffset RecordedAt { get; }

    /// <summary>The value. It is read from the stored JSON at the first access, and the same afterwards: do not change it.</summary>
    /// <exception cref="CellValueException">The stored JSON does not become a <typeparamref name="T"/>; the message names the entry. It can still be replaced or deleted by its version.</exception>
    public T Value => (T)(_value ??= Read());

    /// <summary>The stored JSON.</summary>
    internal ReadOnlyMemory<byte> Json { get; }

    internal CellName Cell => _cell;

    /// <summary>Bucket, name and version.</summary>
    public override string ToString() => $"{_cell} v{Version}";

    object Read()
    {
        try
        {
            return _format.Read(Json.Span);
        }
        catch (Exception failure)
        {
            throw new CellValueException(new CellAndVersion(_cell, Version), typeof(T), failure);
        }
    }
}
