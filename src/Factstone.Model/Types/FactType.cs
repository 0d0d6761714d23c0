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
    /// <summary>The ledger bounds the depth of a payload. The type bounds it for its values, after the last step.</summary>
    static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = JsonCheck.DepthMax };

    /// <summary>The steps from older versions, by the version that they begin at.</summary>
    public ImmutableDictionary<long, Func<JsonObject, JsonObject>> Upcasters { get; init; } = ImmutableDictionary<long, Func<JsonObject, JsonObject>>.Empty;

    /// <summary>The versions that can be read.</summary>
    public IEnumerable<long> Versions => Upcasters.Keys.Append(SchemaVersion);

    /// <summary>Reads JSON of the present version.</summary>
    public required Func<ReadOnlySpan<byte>, object?> Deserialize { get; init; }

    public static FactType Of<T>(string name, long schemaVersion, JsonTypeInfo<T> json, Func<T, IEnumerable<string>>? tags) where T : notnull =>
        new(name, typeof(T), schemaVersion, json, tags is null ? null : value => TagsOf(name, tags((T)value))) { Deserialize = payload => JsonSerializer.Deserialize(payload, json) };

    public byte[] Write(object value) => JsonSerializer.SerializeToUtf8Bytes(value, Json);

    /// <summary>The value of a payload of any version.</summary>
    public object Read(ReadOnlySpan<byte> payload, long version)
    {
        if (version == SchemaVersion) return Checked(Deserialize(payload));
        if (version > SchemaVersion)
            throw new JsonException($"it has schema version {version}, and this program knows '{Name}' up to version {SchemaVersion}. A newer release has written it");
        var json = JsonNode.Parse(payload, documentOptions: AnyDepth) as JsonObject ?? throw new JsonException("it is no JSON object, so no upcaster can change it");
        for (; version < SchemaVersion; version++)
        {
            if (!Upcasters.TryGetValue(version, out var upcast))
                throw new JsonException($"it has schema version {version}, and this program reads version {SchemaVersion}. Add to FactTypes: .Upcast(\"{Name}\", from: {version}, json => ...)");
            var next = upcast(json) ?? throw new JsonException($"the upcaster from schema version {version} returned null");

            // The next step may change what it gets. An object that this one made may be shared with other facts.
            json = ReferenceEquals(next, json) ? json : (JsonObject)next.DeepClone();
        }

        return Checked(JsonSerializer.Deserialize(json, Json));
    }

    /// <summary>What is wrong with a sample; null if nothing is.</summary>
    public string? Difference(FactSample sample, long version)
    {
        byte[] written;
        try
        {
            written = Write(sample.Value);
        }
        catch (Exception failure)
        {
            return $"'{Name}': {ClrType} cannot be written as JSON: {failure.Message}";
        }

        try
        {
            var stored = System.Text.Encoding.UTF8.GetBytes(sample.Json);
            if (JsonCheck.Check(stored) is not JsonFault.None and var fault) return $"'{Name}': the sample {sample.Json} is refused. {JsonCheck.Describe(stored, fault)}";
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

    /// <summary>Each tag once: a function that makes a tag of each line of an order may give one twice.</summary>
    static string[] TagsOf(string name, IEnumerable<string>? given)
    {
        if (given is null) throw new FactTypesException($"The tags of a '{name}' are null. For no tags, the function in FactTypes.Add returns an empty list.");
        string[] tags = [.. given];
        return tags.Length < 2 || !HasRepeat(tags) ? tags : [.. tags.Distinct(StringComparer.Ordinal)];
    }

    static bool HasRepeat(string[] tags)
    {
        if (tags.Length > FactLimits.TagsMax) return true; // too many to compare each with each
        for (var i = 1; i < tags.Length; i++)
            if (tags.AsSpan(0, i).Contains(tags[i])) return true;
        return false;
    }

    object Checked(object? value) => value is not null && value.GetType() == ClrType ? value : throw new JsonException(value is null ? "it is null" : $"it is read as {value.GetType()}");
}
