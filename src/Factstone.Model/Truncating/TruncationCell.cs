using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Factstone;

/// <summary>The cell that says through which version a stream is dropped: the index of truncations by stream. See docs/format.md, "Truncated streams".</summary>
/// <remarks>It is written in the append of the receipt, so that both are durable or neither.</remarks>
internal static class TruncationCell
{
    public const string Bucket = "$truncated";

    const int Format = 1;

    /// <summary>Without escapes that only HTML needs, so that the cell can be read by people. No field, so that a ledger without truncations does not load the JSON library.</summary>
    static JsonWriterOptions Written => new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether a bucket is the one of these cells.</summary>
    public static bool IsBucket(ReadOnlySpan<byte> bucket) => bucket.SequenceEqual("$truncated"u8);

    /// <summary>The cell of a stream. The name of a stream can be longer than that of a cell: then a digest stands for it, which contains no <c>/</c>.</summary>
    public static CellName NameOf(StreamName stream)
    {
        var text = stream.ToString();
        if (text.Length * 3 <= FactLimits.CellNameBytesMax || Encoding.UTF8.GetByteCount(text) <= FactLimits.CellNameBytesMax) return new CellName(Bucket, text);
        return new CellName(Bucket, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}");
    }

    public static NewCell ToCell(StreamName stream, StreamVersion through, Position lastPosition)
    {
        var json = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(json, Written))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format", Format);
            writer.WriteString("stream", stream.ToString());
            writer.WriteNumber("through", through.Value);
            writer.WriteNumber("lastPosition", lastPosition.Value);
            writer.WriteEndObject();
        }

        var name = NameOf(stream);
        return NewCell.Put(name.Bucket, name.Name, json.WrittenMemory).AsOwn();
    }

    /// <summary>The content of a cell.</summary>
    /// <exception cref="LedgerFormatException">A newer version of Factstone has written it.</exception>
    public static Truncated Read(Cell cell)
    {
        var (through, lastPosition) = Read(cell.Value.Span, cell.Name);
        return new Truncated(through, lastPosition, cell.Version, Microseconds.From(cell.RecordedAt));
    }

    /// <summary>The same from the value alone.</summary>
    public static (StreamVersion Through, Position LastPosition) Read(ReadOnlySpan<byte> value, string name)
    {
        var reader = new Utf8JsonReader(value);
        using var parsed = JsonDocument.ParseValue(ref reader);
        var json = parsed.RootElement;
        var format = JsonMembers.Number(json, "format", long.MaxValue, min: 1);
        if (format > Format) throw new LedgerFormatException($"{Bucket}/{name}", (int)Math.Min(format, int.MaxValue), Format);
        return (JsonMembers.Number(json, "through", Position.MaxValue, min: 1), new Position(JsonMembers.Number(json, "lastPosition", Position.MaxValue)));
    }
}

/// <summary>Through which version a stream is dropped.</summary>
/// <param name="Through">The last dropped version.</param>
/// <param name="LastPosition">The position of the last dropped fact.</param>
/// <param name="CellVersion">The version of the cell that says so.</param>
/// <param name="RecordedAt">The time of the append that wrote it, in microseconds: that of the receipt.</param>
internal readonly record struct Truncated(StreamVersion Through, Position LastPosition, CellVersion CellVersion, long RecordedAt)
{
    /// <summary>Whether a repair has taken the value of the cell away, so that the receipt itself was read.</summary>
    public bool IsCellLost { get; init; }
}
