using System.Text;

namespace Factstone;

/// <summary>Checks the cells of a request against every limit, and encodes what a caller can encode.</summary>
internal static class CellPreparation
{
    /// <summary>An upper bound of what the frame adds to one cell.</summary>
    public const int BytesPerCell = 40;

    /// <exception cref="ArgumentException">There are too many cells, a cell breaks a limit, or a cell is written twice.</exception>
    public static NewCell[] Check(IReadOnlyList<NewCell> given)
    {
        if (given.Count == 0) return [];
        if (given.Count > FactLimits.CellsPerAppendMax)
            throw new ArgumentException($"The append has {given.Count:N0} cells; at most {FactLimits.CellsPerAppendMax:N0} are possible. Split it.", nameof(given));

        // Read only once, so that what is checked is also what is written.
        NewCell[] cells = [.. given];
        var first = new Dictionary<CellName, int>(cells.Length);
        for (var i = 0; i < cells.Length; i++)
        {
            if (cells[i] is not { } cell) throw Refused(i, null, "It is null.");
            if ((cell.IsOwn ? NameCheck.ForReading(cell.Cell) : NameCheck.ForAppending(cell.Cell)) is { } wrong) throw Refused(i, cell, wrong);
            if (cell.Value.Length > FactLimits.CellValueBytesMax)
                throw Refused(i, cell, $"The value has {cell.Value.Length:N0} bytes; at most {FactLimits.CellValueBytesMax:N0} are possible. Keep larger content in a blob, and its reference in the cell.");
            if (!first.TryAdd(cell.Cell, i)) throw Refused(i, cell, $"cells[{first[cell.Cell]}] writes the same cell. An append can write a cell only once: send the final value.");
        }

        return cells;
    }

    /// <summary>An upper bound of the bytes in the buffer.</summary>
    public static int BytesMax(NewCell cell) => (3 * (cell.Cell.Bucket.Length + cell.Cell.Name.Length)) + cell.Value.Length;

    /// <summary>Copies a checked cell to the end of the append's buffer.</summary>
    public static PreparedCell Encode(NewCell cell, Span<byte> target, int at)
    {
        var bucket = Encoding.UTF8.GetBytes(cell.Cell.Bucket, target);
        var name = Encoding.UTF8.GetBytes(cell.Cell.Name, target[bucket..]);
        cell.Value.Span.CopyTo(target[(bucket + name)..]);
        return new PreparedCell
        {
            Cell = cell.Cell,
            IsDelete = cell.IsDelete,

            // Computed over the copy, because the caller's bytes may change meanwhile.
            Digest = cell.IsDelete ? default : CellDigest.Of(target.Slice(bucket + name, cell.Value.Length)),
            At = at,
            BucketLength = bucket,
            NameLength = name,
            ValueLength = cell.Value.Length,
        };
    }

    public static ArgumentException TooLarge(int index) =>
        new($"The encoded append has more than {FactLimits.AppendBytesMax:N0} bytes, counted up to cells[{index}]. Split it, or keep large values in blobs.");

    static ArgumentException Refused(int index, NewCell? cell, string why) => new($"cells[{index}]{(cell is null ? "" : $" ({NameCheck.Shown(cell.Cell.ToString())})")}: {why}");
}
