using System.Text.Json;

namespace Factstone;

/// <summary>Dropped facts as a JSON object.</summary>
internal static class DroppedJson
{
    public static void Write(Utf8JsonWriter json, string name, DroppedFacts dropped)
    {
        json.WriteStartObject(name);
        json.WriteString("store", dropped.Stream.Store);
        json.WriteString("key", dropped.Stream.Key);
        json.WriteNumber("through", dropped.Through.Value);
        json.WriteNumber("lastPosition", dropped.LastPosition.Value);
        json.WriteNumber("receipt", dropped.Receipt.Value);
        json.WriteEndObject();
    }
}
