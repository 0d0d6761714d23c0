using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Factstone;

/// <summary>The progress of a consumer, as its cell stores it. See docs/format.md, "Checkpoint of a consumer".</summary>
/// <param name="Cursor">Every matching fact up to its position is handled.</param>
/// <param name="Query">The query whose facts are handled.</param>
/// <param name="Owner">Who may move it.</param>
internal sealed record Checkpoint(LedgerCursor Cursor, FactQuery Query, Guid Owner)
{
    public const string Bucket = "$consumers";

    const int Format = 1;

    /// <summary>Without escapes that only HTML needs, so that the cell can be read by people.</summary>
    static readonly JsonWriterOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public NewCell ToCell(string consumer)
    {
        var json = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(json, Written))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format", Format);
            writer.WriteString("cursor", Cursor.ToString());
            writer.WriteString("query", Query.ToString());
            writer.WriteString("owner", Owner);
            writer.WriteEndObject();
        }

        return NewCell.Put(Bucket, consumer, json.WrittenMemory).AsOwn();
    }

    /// <exception cref="ConsumerRefusedException">The value is not a checkpoint, or one of a newer version of Factstone.</exception>
    public static Checkpoint Read(Cell cell)
    {
        try
        {
            using var json = JsonDocument.Parse(cell.Value);
            return Read(cell.Name, json.RootElement);
        }
        catch (JsonException broken)
        {
            throw new ConsumerRefusedException(cell.Name, $"its cell {cell} is not a checkpoint: {broken.Message.TrimEnd('.')}. Delete the consumer, and choose where it begins.", broken);
        }
    }

    static Checkpoint Read(string consumer, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new JsonException("It is no JSON object.");
        var format = JsonMembers.Number(json, "format", long.MaxValue, min: 1);
        if (format > Format)
            throw new ConsumerRefusedException(consumer, $"the checkpoint has format {format}; this version of Factstone reads format {Format}. Use a newer version; nothing was changed.");
        if (!LedgerCursor.TryParse(JsonMembers.Text(json, "cursor"), out var cursor)) throw new JsonException("The member 'cursor' is no cursor.");
        if (!FactQuery.TryParse(JsonMembers.Text(json, "query"), out var query, out var wrong)) throw new JsonException($"The member 'query' is no query: {wrong}");
        if (!Guid.TryParseExact(JsonMembers.Text(json, "owner"), "D", out var owner)) throw new JsonException("The member 'owner' is no id.");
        return new Checkpoint(cursor, query, owner);
    }
}
