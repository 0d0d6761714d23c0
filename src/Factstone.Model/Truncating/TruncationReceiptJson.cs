using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Factstone;

/// <summary>The receipt of a truncation as JSON. See docs/format.md, "Receipt of a truncation".</summary>
internal static class TruncationReceiptJson
{
    public const string Type = "truncated";

    const string Truncate = "truncate";
    const string Delete = "delete";

    /// <summary>Without escapes that only HTML needs, so that it can be read by people. No field, so that a ledger without truncations does not load the JSON library.</summary>
    static JsonWriterOptions Written => new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The stream of the receipts. Every dropped fact has a lower position than the receipt of its truncation.</summary>
    public static StreamName Stream { get; } = new("$receipts", Truncate);

    public static NewFact ToFact(TruncationReceipt receipt)
    {
        var json = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(json, Written))
        {
            writer.WriteStartObject();
            WriteFields(writer, receipt);
            writer.WriteEndObject();
        }

        return new NewFact(Stream, Type, json.WrittenMemory) { IsOwn = true };
    }

    /// <summary>Writes the fields as members of an open object.</summary>
    public static void WriteFields(Utf8JsonWriter json, TruncationReceipt receipt)
    {
        json.WriteString("kind", receipt.IsDelete ? Delete : Truncate);
        json.WriteString("store", receipt.Stream.Store);
        json.WriteString("key", receipt.Stream.Key);
        json.WriteNumber("firstVersion", receipt.FirstVersion.Value);
        json.WriteNumber("through", receipt.Through.Value);
        json.WriteNumber("facts", receipt.Facts);
        json.WriteNumber("firstPosition", receipt.FirstPosition.Value);
        json.WriteNumber("lastPosition", receipt.LastPosition.Value);
        json.WriteString("reason", receipt.Reason);
        if (receipt.By is { } by) json.WriteString("by", by);
        json.WriteNumber("head", receipt.Head.Value);
    }

    /// <summary>The receipt in a fact; null if the fact is another receipt.</summary>
    public static TruncationReceipt? Read(Fact fact)
    {
        if (fact.Stream != Stream || fact.Type != Type) return null;
        using var parsed = JsonDocument.Parse(fact.Payload);
        var json = parsed.RootElement;
        return new TruncationReceipt
        {
            Stream = new StreamName(JsonMembers.Text(json, "store"), JsonMembers.Text(json, "key")),
            FirstVersion = JsonMembers.Number(json, "firstVersion", Position.MaxValue),
            Through = JsonMembers.Number(json, "through", Position.MaxValue),
            Facts = JsonMembers.Number(json, "facts", Position.MaxValue),
            FirstPosition = new Position(JsonMembers.Number(json, "firstPosition", Position.MaxValue)),
            LastPosition = new Position(JsonMembers.Number(json, "lastPosition", Position.MaxValue)),
            IsDelete = JsonMembers.Text(json, "kind") == Delete,
            Reason = JsonMembers.Text(json, "reason"),
            By = json.TryGetProperty("by", out _) ? JsonMembers.Text(json, "by") : null,
            Head = new Position(JsonMembers.Number(json, "head", Position.MaxValue)),
            Position = fact.Position,
        };
    }
}
