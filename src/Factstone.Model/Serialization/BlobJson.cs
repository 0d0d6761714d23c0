using System.Text.Json;

namespace Factstone;

/// <summary>A reference to a blob as one JSON object. See docs/cli.md.</summary>
internal static class BlobJson
{
    public static void Write(Utf8JsonWriter json, BlobReference reference)
    {
        json.WriteStartObject();
        json.WriteString("cid", reference.Cid.ToString());
        json.WriteNumber("size", reference.Size);
        json.WriteString("mime", reference.Mime);
        json.WriteEndObject();
    }

    public static BlobReference Read(JsonElement json)
    {
        var cid = TextJsonConverter<Cid>.Parse(JsonMembers.Text(json, "cid"));
        var size = JsonMembers.Number(json, "size", long.MaxValue);
        var mime = JsonMembers.Text(json, "mime");
        return MimeType.Wrong(mime) is { } wrong ? throw new JsonException(wrong) : new BlobReference(cid, size, mime);
    }
}
