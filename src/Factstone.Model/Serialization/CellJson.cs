using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Factstone;

/// <summary>A cell as one JSON object. See docs/cli.md.</summary>
internal static class CellJson
{
    public static void Write(Utf8JsonWriter json, Cell cell)
    {
        json.WriteStartObject();
        json.WriteString("bucket", cell.Bucket);
        json.WriteString("name", cell.Name);
        json.WriteNumber("version", cell.Version.Value);
        json.WriteString("recordedAt", Microseconds.ToText(cell.RecordedAt));
        if (Utf8.IsValid(cell.Value.Span)) json.WriteString("value", cell.Value.Span);
        else json.WriteBase64String("valueBase64", cell.Value.Span);
        json.WriteEndObject();
    }

    public static Cell Read(JsonElement json) => new()
    {
        Bucket = JsonMembers.Text(json, "bucket"),
        Name = JsonMembers.Text(json, "name"),
        Version = new CellVersion(JsonMembers.Number(json, "version", long.MaxValue, min: 1)),
        RecordedAt = JsonMembers.Time(json, "recordedAt"),
        Value = Value(json),
    };

    static byte[] Value(JsonElement json)
    {
        if (!json.TryGetProperty("valueBase64", out var encoded)) return Encoding.UTF8.GetBytes(JsonMembers.Text(json, "value"));
        return encoded.ValueKind == JsonValueKind.String && encoded.TryGetBytesFromBase64(out var bytes) ? bytes : throw new JsonException("The member 'valueBase64' is no Base64.");
    }

    public static void WriteName(Utf8JsonWriter json, CellName cell)
    {
        json.WriteStartObject();
        json.WriteString("bucket", cell.Bucket);
        json.WriteString("name", cell.Name);
        json.WriteEndObject();
    }
}
