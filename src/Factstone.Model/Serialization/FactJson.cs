using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Factstone;

/// <summary>A fact as one JSON object; unset fields are absent. See docs/cli.md.</summary>
/// <remarks>Never the salt, with which an erased payload could be guessed from its digest, and never the header.</remarks>
internal static class FactJson
{
    public static void Write(Utf8JsonWriter json, Fact fact)
    {
        json.WriteStartObject();
        WriteFields(json, fact);
        json.WriteEndObject();
    }

    /// <summary>Refuses: a fact is its header and its salt, and its JSON has neither.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public static Fact Read(JsonElement json) => throw new NotSupportedException(
        "A fact cannot be made from its JSON, which has neither its header nor its salt. Read the fact from its ledger by its position, or read the JSON as a type of your own.");

    /// <summary>Writes the fields of a fact into an object that also has others.</summary>
    public static void WriteFields(Utf8JsonWriter json, Fact fact)
    {
        json.WriteString("store", fact.Stream.Store);
        json.WriteString("key", fact.Stream.Key);
        json.WriteNumber("version", fact.StreamVersion.Value);
        json.WriteNumber("position", fact.Position.Value);
        json.WriteString("id", fact.Id);
        if (fact.Type is { } type) json.WriteString("type", type);
        if (fact.Tags is { Count: > 0 } tags) WriteTags(json, tags);
        json.WriteString("recordedAt", Microseconds.ToText(fact.RecordedAt));
        if (fact.OriginRecordedAt is { } origin) json.WriteString("originRecordedAt", Microseconds.ToText(origin));
        if (fact.ValidFrom is { } from) json.WriteString("validFrom", Microseconds.ToText(from));
        if (fact.ValidTo is { } to) json.WriteString("validTo", Microseconds.ToText(to));
        if (fact.Retracts) json.WriteBoolean("retracts", value: true);
        if (fact.Causation is { } cause) json.WriteString("cause", cause);
        if (fact.Correlation is { } correlation) json.WriteString("correlation", correlation);
        if (fact.SchemaVersion != 1) json.WriteNumber("schemaVersion", fact.SchemaVersion);
        if (fact.ContentType is { } contentType) json.WriteString("contentType", contentType);
        if (fact.Producer is { } producer) WriteRaw(json, "producer", Encoding.UTF8.GetBytes(producer));
        if (fact.Derivation is { } derivation) WriteDerivation(json, derivation);
        if (fact.Metadata is { } metadata) WriteRaw(json, "metadata", Encoding.UTF8.GetBytes(metadata));
        WriteValue(json, fact);
    }

    static void WriteValue(Utf8JsonWriter json, Fact fact)
    {
        if (fact.Payload.IsEmpty) return;
        if (fact.ContentType is null) WriteRaw(json, "value", fact.Payload.Span);
        else json.WriteBase64String("valueBase64", fact.Payload.Span);
    }

    /// <summary>Writes stored JSON unchanged, but on one line. A line break can occur only outside of strings, and becomes a blank.</summary>
    static void WriteRaw(Utf8JsonWriter json, string name, ReadOnlySpan<byte> stored)
    {
        json.WritePropertyName(name);
        if (stored.IndexOfAny((byte)'\n', (byte)'\r') < 0)
        {
            json.WriteRawValue(stored, skipInputValidation: true);
            return;
        }

        var line = ArrayPool<byte>.Shared.Rent(stored.Length);
        stored.CopyTo(line);
        line.AsSpan(0, stored.Length).Replace((byte)'\n', (byte)' ');
        line.AsSpan(0, stored.Length).Replace((byte)'\r', (byte)' ');
        json.WriteRawValue(line.AsSpan(0, stored.Length), skipInputValidation: true);
        ArrayPool<byte>.Shared.Return(line);
    }

    static void WriteTags(Utf8JsonWriter json, IReadOnlyList<string> tags)
    {
        json.WriteStartArray("tags");
        foreach (var tag in tags) json.WriteStringValue(tag);
        json.WriteEndArray();
    }

    static void WriteDerivation(Utf8JsonWriter json, Derivation derivation)
    {
        json.WriteStartObject("derivation");
        json.WriteString("rule", derivation.Rule);
        json.WriteNumber("version", derivation.Version);
        json.WriteNumber("sourceCount", derivation.SourceCount);
        json.WriteStartArray("sources");
        foreach (var source in derivation.Sources) json.WriteStringValue(source);
        json.WriteEndArray();
        if (!derivation.SourcesHash.IsEmpty) json.WriteString("sourcesHash", Convert.ToHexStringLower(derivation.SourcesHash.Span));
        json.WriteEndObject();
    }
}
