using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.KeyValues;

internal sealed record Lease(string Owner, int Seconds, string? Note = null);

/// <summary>A value that refers to itself, which JSON cannot write.</summary>
internal sealed class Knot
{
    public Knot? Next { get; set; }
}

/// <summary>A value that is written as null.</summary>
[JsonConverter(typeof(NothingConverter))]
internal sealed class Nothing;

internal sealed class NothingConverter : JsonConverter<Nothing>
{
    public override Nothing? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => null;

    public override void Write(Utf8JsonWriter writer, Nothing value, JsonSerializerOptions options) => writer.WriteNullValue();
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(Knot))]
[JsonSerializable(typeof(Nothing))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(decimal))]
[JsonSerializable(typeof(double))]
internal sealed partial class LeaseJson : JsonSerializerContext;
