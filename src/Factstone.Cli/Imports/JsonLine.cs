using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Factstone.Cli.Output;

namespace Factstone.Cli.Imports;

/// <summary>One line of an import, whose fields are read by name.</summary>
internal sealed class JsonLine : IDisposable
{
    // As deep as a payload may be, so that the ledger's own message is shown for the whole line.
    static readonly JsonDocumentOptions Strict = new() { MaxDepth = 129, AllowDuplicateProperties = false };

    readonly JsonDocument _document;
    readonly JsonElement _root;
    readonly long _number;

    JsonLine(JsonDocument document, long number)
    {
        _document = document;
        _root = document.RootElement;
        _number = number;
    }

    public static JsonLine Parse(ReadOnlyMemory<byte> bytes, long number)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes, Strict);
        }
        catch (JsonException wrong)
        {
            throw CliException.Refused(bytes.Span is [0xEF, 0xBB, 0xBF, ..]
                ? $"Line {number} begins with a byte order mark (EF BB BF), which JSON does not have. Leave out its 3 bytes."
                : $"Line {number} is not JSON that can be imported: {Sentence(wrong.Message)}", wrong);
        }
        catch (InvalidOperationException wrong)
        {
            throw CliException.Refused($"Line {number} has a name that is not valid UTF-8, or half of a surrogate pair.", wrong);
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object) return new JsonLine(document, number);
        document.Dispose();
        throw CliException.Refused($"Line {number} is not a JSON object.");
    }

    public void Dispose() => _document.Dispose();

    /// <summary>The fields in their order.</summary>
    public JsonElement.ObjectEnumerator Fields => _root.EnumerateObject();

    public bool Has(string field) => _root.TryGetProperty(field, out _);

    /// <summary>A field as text: a text unchanged, a number or truth value as written; null if it is absent or null.</summary>
    public string? Text(string field)
    {
        if (!TryFind(field, out var value)) return null;
        return Text(value, field);
    }

    public string RequiredText(string field) => Text(field) ?? throw Refused($"has no field '{field}'");

    /// <summary>A field as several texts: the elements of an array, or the single text.</summary>
    public IEnumerable<string> Texts(string field)
    {
        if (!TryFind(field, out var value)) return [];
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(element => Text(element, field)) : [Text(value, field)];
    }

    /// <summary>A field as a time: a number in the given unit, or a text by RFC 3339.</summary>
    public DateTimeOffset? Time(string field, TimeUnit unit)
    {
        if (!TryFind(field, out var value)) return null;
        if (value.ValueKind == JsonValueKind.String)
            return TimeParsing.TryParse(Text(value, field), out var time) ? time : throw Refused($"has no time in '{field}': '{Text(value, field)}' is not RFC 3339, or not within the years 1 to 9999");
        if (value.ValueKind != JsonValueKind.Number || !decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            throw Refused($"has no time in '{field}': {TextFit.Fit(value.GetRawText(), 60)}");

        var ticksPerUnit = unit switch { TimeUnit.Seconds => TimeSpan.TicksPerSecond, TimeUnit.Milliseconds => TimeSpan.TicksPerMillisecond, _ => TimeSpan.TicksPerMicrosecond };
        var range = (decimal)DateTimeOffset.MaxValue.UtcTicks / ticksPerUnit;
        var sinceYearOne = number + ((decimal)DateTimeOffset.UnixEpoch.UtcTicks / ticksPerUnit);
        return sinceYearOne >= 0 && sinceYearOne <= range
            ? new DateTimeOffset((long)(sinceYearOne * ticksPerUnit), TimeSpan.Zero)
            : throw Refused($"has a time in '{field}' that is not within the years 1 to 9999: {number} (is --time-unit right?)");
    }

    /// <summary>An object of these fields, each value as written; fields that the line does not have are left out.</summary>
    public ReadOnlyMemory<byte> Subset(IReadOnlyList<string> fields)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            foreach (var field in fields)
            {
                if (!_root.TryGetProperty(field, out var value)) continue;
                json.WritePropertyName(field);
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
            }
            json.WriteEndObject();
        }
        return bytes.WrittenMemory;
    }

    string Text(JsonElement value, string field)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
                _ => throw Refused($"has no text in '{field}', but {(value.ValueKind == JsonValueKind.Null ? "null" : value.ValueKind == JsonValueKind.Array ? "an array" : "an object")}"),
            };
        }
        catch (InvalidOperationException)
        {
            throw Refused($"has a text in '{field}' that is not valid UTF-8, or half of a surrogate pair");
        }
    }

    bool TryFind(string field, out JsonElement value) => _root.TryGetProperty(field, out value) && value.ValueKind != JsonValueKind.Null;

    CliException Refused(string what) => CliException.Refused($"Line {_number} {what}.");

    /// <summary>The parser's message without the line number, because the parser sees each line as a file of one line.</summary>
    static string Sentence(string message)
    {
        var at = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return at < 0 ? message : $"{message[..at]} (at byte {message[(message.LastIndexOf(' ') + 1)..].TrimEnd('.')})";
    }
}
