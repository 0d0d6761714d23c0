using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>A fact, receipt, outcome or cell as an object. Members that it does not know are ignored when it is read.</summary>
internal sealed class ObjectJsonConverter<T>(Action<Utf8JsonWriter, T> write, Func<JsonElement, T> read) : JsonConverter<T>
    where T : class
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        try
        {
            return json.RootElement.ValueKind == JsonValueKind.Object ? read(json.RootElement) : throw new JsonException("This is no JSON object.");
        }
        catch (InvalidOperationException wrong)
        {
            // A name or a text with half of a surrogate pair.
            throw new JsonException("A text in the JSON is not valid Unicode.", wrong);
        }
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => write(writer, value);
}
