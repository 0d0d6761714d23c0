using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Factstone.Cli.Output;

namespace Factstone.Cli.Imports;

/// <summary>The origin of an imported fact, in its metadata. A fact that was imported before keeps its first origin.</summary>
internal static class OriginMetadata
{
    const string Prefix = "factstone.origin.";
    const string Ledger = $"{Prefix}ledger";
    const string Position = $"{Prefix}position";
    const string Id = $"{Prefix}id";
    const string RecordedAt = $"{Prefix}recordedAt";
    const string Cause = $"{Prefix}cause";

    // As on standard output: characters are not turned into escapes.
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The metadata with the origin of the fact.</summary>
    public static string With(ExportedFact fact) => Has(fact.Fact.Metadata, Prefix) ? fact.Fact.Metadata! : Added(fact, fact.Fact.Metadata,
    [
        (Ledger, fact.Ledger.ToString()),
        (Position, fact.Position.ToString()),
        (Id, fact.Id.ToString("D")),
        (RecordedAt, TimeText.Exact(fact.RecordedAt)),
    ]);

    /// <summary>The metadata with a cause that is unknown here.</summary>
    public static string WithCause(ExportedFact fact, string? metadata, Guid cause) =>
        Has(metadata, Cause) ? metadata! : Added(fact, metadata, [(Cause, cause.ToString("D"))]);

    /// <summary>Whether a fact may have had an id in a ledger. For a fact that was imported before, only its first origin is known.</summary>
    public static bool MayBe(Fact fact, LedgerId ledger, Guid id)
    {
        if (fact.Metadata is not { } metadata) return false;
        using var json = JsonDocument.Parse(metadata);
        if (!json.RootElement.TryGetProperty(Ledger, out var origin) || !json.RootElement.TryGetProperty(Id, out var known)) return false;
        return origin.GetString() != ledger.ToString() || known.GetString() == id.ToString("D");
    }

    static bool Has(string? metadata, string prefix)
    {
        if (metadata is null || !metadata.Contains('"', StringComparison.Ordinal)) return false;
        using var json = JsonDocument.Parse(metadata);
        foreach (var field in json.RootElement.EnumerateObject())
            if (field.Name.StartsWith(prefix, StringComparison.Ordinal)) return true;
        return false;
    }

    /// <summary>Adds members after the existing ones, which are not changed.</summary>
    static string Added(ExportedFact fact, string? metadata, ReadOnlySpan<(string Name, string Text)> members)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            foreach (var (name, text) in members) json.WriteString(name, text);
            json.WriteEndObject();
        }

        var added = Encoding.UTF8.GetString(bytes.WrittenSpan);
        var known = metadata is null ? "{" : metadata.TrimEnd()[..^1].TrimEnd();
        var whole = known.EndsWith('{') ? known + added[1..] : $"{known},{added[1..]}";
        var size = Encoding.UTF8.GetByteCount(whole);
        return size <= FactLimits.MetadataBytesMax
            ? whole
            : throw CliException.Refused($"Line {fact.Line}: with the data of its origin, the metadata of {fact.Fact.Stream} v{fact.Version} has {size:N0} bytes; at most {FactLimits.MetadataBytesMax:N0} are possible.");
    }
}
