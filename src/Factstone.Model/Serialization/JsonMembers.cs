using System.Text.Json;

namespace Factstone;

/// <summary>Members of a JSON object that is read back. What is missing or of another kind is a <see cref="JsonException"/> that names it.</summary>
internal static class JsonMembers
{
    public static string Text(JsonElement json, string name) =>
        Required(json, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw new JsonException($"The member '{name}' is no text.");

    public static long Number(JsonElement json, string name, long max, long min = 0) => WholeNumber(Required(json, name), name, max, min);

    public static DateTimeOffset Time(JsonElement json, string name) =>
        TimeParsing.TryParse(Text(json, name), out var time) ? time : throw new JsonException($"The member '{name}' is no time (RFC 3339, years 1 to 9999).");

    /// <summary>An object whose names are streams or cells, and whose values are their versions; none if it is absent.</summary>
    public static List<TPair> Versions<TName, TPair>(JsonElement json, string name, long max, Func<TName, long, TPair> create)
        where TName : struct, ISpanParsable<TName>
    {
        var versions = new List<TPair>();
        if (!json.TryGetProperty(name, out var given)) return versions;
        if (given.ValueKind != JsonValueKind.Object) throw new JsonException($"The member '{name}' is no object.");
        foreach (var one in given.EnumerateObject()) versions.Add(create(TextJsonConverter<TName>.Parse(one.Name), WholeNumber(one.Value, name, max, min: 1)));
        return versions;
    }

    static JsonElement Required(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value : throw new JsonException($"There is no member '{name}'.");

    static long WholeNumber(JsonElement value, string name, long max, long min) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max
            ? number
            : throw new JsonException($"The member '{name}' has a value that is no whole number from {min} to {max}.");
}
