using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>A position or a version as a number; as the name of a member, in digits.</summary>
internal sealed class NumberJsonConverter<T>(string what, long max, Func<long, T> create, Func<T, long> numberOf) : JsonConverter<T>
    where T : struct, ISpanParsable<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) && number >= 0 && number <= max
            ? create(number)
            : throw new JsonException($"This is not {what}, which is a whole number from 0 to {max}.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteNumberValue(numberOf(value));

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => TextJsonConverter<T>.Parse(reader.GetString()!);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WritePropertyName(value.ToString()!);
}
