using System.Text.Json;
using System.Text.Unicode;

namespace Factstone.Cli.Output;

/// <summary>A cell as one JSON object. See docs/cli.md.</summary>
internal static class CellJson
{
    public static void Write(Utf8JsonWriter json, Cell cell)
    {
        json.WriteStartObject();
        json.WriteString("bucket", cell.Bucket);
        json.WriteString("name", cell.Name);
        json.WriteNumber("version", cell.Version.Value);
        json.WriteString("recordedAt", TimeText.Exact(cell.RecordedAt));
        if (Utf8.IsValid(cell.Value.Span)) json.WriteString("value", cell.Value.Span);
        else json.WriteBase64String("valueBase64", cell.Value.Span);
        json.WriteEndObject();
    }

    public static void WriteName(Utf8JsonWriter json, CellName cell)
    {
        json.WriteStartObject();
        json.WriteString("bucket", cell.Bucket);
        json.WriteString("name", cell.Name);
        json.WriteEndObject();
    }
}
