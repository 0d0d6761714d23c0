using System.Text.Json;

namespace Factstone.Cli.Output;

/// <summary>Damage as a JSON array. See docs/cli.md.</summary>
internal static class DamageJson
{
    public static void Write(Utf8JsonWriter json, IEnumerable<Damage> damage, string name = "damage")
    {
        json.WriteStartArray(name);
        foreach (var one in damage)
        {
            json.WriteStartObject();
            json.WriteString("file", one.File);
            json.WriteNumber("fileOffset", one.FileOffset);
            if (one.FirstPosition > Position.None)
            {
                json.WriteNumber("first", one.FirstPosition.Value);
                json.WriteNumber("last", one.LastPosition.Value);
            }
            json.WriteString("what", one.What);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
