using System.Text.Json;

namespace Factstone.Cli.Output;

/// <summary>The outcome of an append as one JSON object. See docs/cli.md.</summary>
internal static class OutcomeJson
{
    public static void WriteReceipt(Utf8JsonWriter json, string outcome, AppendReceipt receipt, string? appendId, string? difference = null)
    {
        json.WriteStartObject();
        json.WriteString("outcome", outcome);
        if (appendId is not null) json.WriteString("appendId", appendId);
        if (difference is not null) json.WriteString("difference", difference);
        // An append without facts has no first one; the last is the one before it.
        if (receipt.Count > 0) json.WriteNumber("first", receipt.FirstPosition.Value);
        json.WriteNumber("last", receipt.LastPosition.Value);
        json.WriteString("recordedAt", TimeText.Exact(receipt.RecordedAt));
        json.WriteStartObject("versions");
        foreach (var (stream, version) in receipt.Versions) json.WriteNumber(stream.ToString(), version.Value);
        json.WriteEndObject();
        if (receipt.CellVersions.Count > 0)
        {
            json.WriteStartObject("cells");
            foreach (var (cell, version) in receipt.CellVersions) json.WriteNumber(cell.ToString(), version.Value);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>For a conflict: the version of the stream or cell, or the first position that matches.</summary>
    public static void WriteActual(Utf8JsonWriter json, AppendOutcome.Conflict conflict)
    {
        if (conflict.Condition.Query is not null) json.WriteNumber("firstMatch", conflict.FirstMatch.Value);
        else json.WriteNumber("actualVersion", conflict.Condition.IsOnCell ? conflict.ActualCellVersion.Value : conflict.ActualVersion.Value);
    }

    public static void WriteConflict(Utf8JsonWriter json, AppendOutcome.Conflict conflict)
    {
        json.WriteStartObject();
        json.WriteString("outcome", "conflict");
        json.WriteString("condition", conflict.Condition.ToString());
        WriteActual(json, conflict);
        json.WriteStartArray("facts");
        foreach (var fact in conflict.Facts) FactJson.Write(json, fact);
        json.WriteEndArray();
        json.WriteBoolean("complete", conflict.IsComplete);
        json.WriteEndObject();
    }
}
