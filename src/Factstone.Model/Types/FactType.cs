using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Factstone;

/// <summary>One registered type.</summary>
/// <param name="Name">The type of the facts.</param>
/// <param name="ClrType">The type of the values.</param>
/// <param name="SchemaVersion">The present version of the schema.</param>
/// <param name="Json">How a value is written and read.</param>
/// <param name="Tags">The tags of a value; null for none.</param>
internal sealed record FactType(string Name, Type ClrType, long SchemaVersion, JsonTypeInfo Json, Func<object, IReadOnlyList<string>>? Tags)
{
    /// <summary>The steps from older versions, by the version that they begin at.</summary>
    public ImmutableDictionary<long, Func<JsonObject, JsonObject>> Upcasters { get; init; } = ImmutableDictionary<long, Func<JsonObject, JsonObject>>.Empty;

    /// <summary>The versions that can be read.</summary>
    public IEnumerable<long> Versions => Upcasters.Keys.Append(SchemaVersion);

    public static FactType Of<T>(string name, long schemaVersion, JsonTypeInfo<T> json, Func<T, IEnumerable<string>>? tags) where T : notnull =>
        new(name, typeof(T), schemaVersion, json, tags is null ? null : value => [.. tags((T)value)]);

    public byte[] Write(object value) => JsonSerializer.SerializeToUtf8Bytes(value, Json);

    /// <summary>The value of a payload of any version.</summary>
    public object Read(ReadOnlySpan<byte> payload, long version)
    {
        if (version == SchemaVersion) return Checked(JsonSerializer.Deserialize(payload, Json));
        if (version > SchemaVersion)
            throw new JsonException($"it has schema version {version}, and this program knows '{Name}' up to version {SchemaVersion}. A newer release has written it");
        var json = JsonNode.Parse(payload) as JsonObject ?? throw new JsonException("it is no JSON object, so no upcaster can change it");
        for (; version < SchemaVersion; version++)
        {
            if (!Upcasters.TryGetValue(version, out var upcast))
                throw new JsonException($"it has schema version {version}, and this program reads version {SchemaVersion}. Add to FactTypes: .Upcast(\"{Name}\", from: {version}, json => ...)");
            json = upcast(json) ?? throw new JsonException($"the upcaster from schema version {version} returned null");
        }

        return Checked(JsonSerializer.Deserialize(json, Json));
    }

    /// <summary>What is wrong with a sample; null if nothing is.</summary>
    public string? Difference(FactSample sample, long version)
    {
        var written = Write(sample.Value);
        try
        {
            var stored = System.Text.Encoding.UTF8.GetBytes(sample.Json);
            if (version == SchemaVersion && !CanonicalJson.AreEqual(written, stored))
                return $"'{Name}': the sample is {sample.Json}, and {ClrType} is written as {System.Text.Encoding.UTF8.GetString(written)}. Stored facts have the JSON of the sample.";
            var read = Write(Read(stored, version));
            return CanonicalJson.AreEqual(written, read) ? null : $"'{Name}', schema version {version}: {sample.Json} is read as {System.Text.Encoding.UTF8.GetString(read)} instead of {System.Text.Encoding.UTF8.GetString(written)}.";
        }
        catch (Exception failure)
        {
            return $"'{Name}', schema version {version}: {sample.Json} cannot be read: {failure.Message}";
        }
    }

    object Checked(object? value) => value is not null && value.GetType() == ClrType ? value : throw new JsonException(value is null ? "it is null" : $"it is read as {value.GetType()}");
}
