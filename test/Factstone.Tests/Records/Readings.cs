using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Records;

internal sealed record Reading(double Celsius, string? Note = null);

/// <summary>A value that refers to itself, which JSON cannot write.</summary>
internal sealed class Loop
{
    public Loop? Next { get; set; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Reading))]
[JsonSerializable(typeof(Loop))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(string))]
internal sealed partial class ReadingJson : JsonSerializerContext;

internal static class Readings
{
    public static RecordStore<Reading> Store { get; } = new("readings", ReadingJson.Default.Reading);

    public static RecordStore<Loop> Loops { get; } = new("loops", ReadingJson.Default.Loop);

    public static RecordStore<long> Counts { get; } = new("counts", ReadingJson.Default.Int64);

    /// <summary>The fact of a record with JSON that the serializer would not write.</summary>
    public static NewFact Raw(string key, string json) => new(new StreamName("readings", key), type: null, json);
}
