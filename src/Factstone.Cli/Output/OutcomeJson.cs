using System.Text.Json;

namespace Factstone.Cli.Output;

/// <summary>What became of an append, as one JSON object. See docs/cli.md.</summary>
internal static class OutcomeJson
{
    public static void WriteReceipt(Utf8JsonWriter json, string outcome, AppendReceipt receipt, string? appendId)
    {
        json.WriteStartObject();
        json.WriteString("outcome", outcome);
        if (appendId is not null) json.WriteString("appendId", appendId);
        json.WriteNumber("first", receipt.FirstPosition.Value);
        json.WriteNumber("last", receipt.LastPosition.Value);
        json.WriteString("recordedAt", TimeText.Exact(receipt.RecordedAt));
        json.WriteStartObject("versions");
        foreach (var (stream, version) in receipt.Versions) json.WriteNumber(stream.ToString(), version.Value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteConflict(Utf8JsonWriter json, AppendOutcome.Conflict conflict)
    {
        json.WriteStartObject();
        json.WriteString("outcome", "conflict");
        json.WriteString("condition", conflict.Condition.ToString());
        json.WriteNumber("actualVersion", conflict.ActualVersion.Value);
        json.WriteStartArray("facts");
        foreach (var fact in conflict.Facts) FactJson.Write(json, fact);
        json.WriteEndArray();
        json.WriteBoolean("complete", conflict.IsComplete);
        json.WriteEndObject();
    }
}
