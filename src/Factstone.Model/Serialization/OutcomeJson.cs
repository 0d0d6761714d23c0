using System.Text.Json;

namespace Factstone;

/// <summary>The outcome of an append as one JSON object. See docs/cli.md.</summary>
internal static class OutcomeJson
{
    /// <summary>The names of the outcomes in the JSON.</summary>
    public const string Committed = "committed", Duplicate = "duplicate", Conflict = "conflict", AppendIdReused = "append-id-reused", Rejected = "rejected", Unknown = "unknown";

    public static void Write(Utf8JsonWriter json, AppendOutcome outcome)
    {
        switch (outcome)
        {
            case AppendOutcome.Committed committed: WriteReceipt(json, Committed, committed.Receipt, appendId: null); break;
            case AppendOutcome.Duplicate duplicate: WriteReceipt(json, Duplicate, duplicate.Receipt, appendId: null, duplicate.Difference); break;
            case AppendOutcome.Conflict conflict: WriteConflict(json, conflict); break;
            case AppendOutcome.AppendIdReused reused: WriteReused(json, reused); break;
            case AppendOutcome.Rejected rejected: WriteRejected(json, rejected); break;
            case AppendOutcome.Unknown unknown: WriteUnknown(json, unknown); break;
            default: throw new InvalidOperationException("Not an outcome of an append.");
        }
    }

    public static AppendOutcome Read(JsonElement json) => JsonMembers.Text(json, "outcome") switch
    {
        Committed => new AppendOutcome.Committed(ReadReceipt(json)),
        Duplicate => new AppendOutcome.Duplicate(ReadReceipt(json)) { Difference = json.TryGetProperty("difference", out _) ? JsonMembers.Text(json, "difference") : null },
        AppendIdReused => new AppendOutcome.AppendIdReused(JsonMembers.Text(json, "appendId"), ReadReceipt(json), JsonMembers.Text(json, "difference")),
        Rejected => new AppendOutcome.Rejected(JsonMembers.Text(json, "by"), JsonMembers.Text(json, "reason")),
        Conflict => throw new NotSupportedException("A conflict cannot be made from its JSON, which has its condition as a phrase, and its facts without header and salt. Read the JSON as a type of your own."),
        Unknown => throw new NotSupportedException("An unknown outcome cannot be made from its JSON, which has its cause as a message. Read the JSON as a type of your own."),
        var other => throw new JsonException($"There is no outcome '{NameCheck.Shown(other.AsSpan())}'."),
    };

    /// <summary>A receipt without what became of its append.</summary>
    public static void WriteReceipt(Utf8JsonWriter json, AppendReceipt receipt) => WriteReceipt(json, outcome: null, receipt, appendId: null);

    public static AppendReceipt ReadReceipt(JsonElement json)
    {
        var last = new Position(JsonMembers.Number(json, "last", Position.MaxValue));
        return new AppendReceipt
        {
            FirstPosition = json.TryGetProperty("first", out _) ? new Position(JsonMembers.Number(json, "first", last.Value, min: 1)) : last.Next(),
            LastPosition = last,
            RecordedAt = JsonMembers.Time(json, "recordedAt"),
            Versions = JsonMembers.Versions(json, "versions", Position.MaxValue, (StreamName stream, long version) => new StreamAndVersion(stream, version)),
            CellVersions = JsonMembers.Versions(json, "cells", long.MaxValue, (CellName cell, long version) => new CellAndVersion(cell, version)),
        };
    }

    public static void WriteReceipt(Utf8JsonWriter json, string? outcome, AppendReceipt receipt, string? appendId, string? difference = null)
    {
        json.WriteStartObject();
        if (outcome is not null) json.WriteString("outcome", outcome);
        WriteReceiptMembers(json, receipt, appendId, difference);
        json.WriteEndObject();
    }

    static void WriteReceiptMembers(Utf8JsonWriter json, AppendReceipt receipt, string? appendId, string? difference = null)
    {
        if (appendId is not null) json.WriteString("appendId", appendId);
        if (difference is not null) json.WriteString("difference", difference);
        // An append without facts has no first one; the last is the one before it.
        if (receipt.Count > 0) json.WriteNumber("first", receipt.FirstPosition.Value);
        json.WriteNumber("last", receipt.LastPosition.Value);
        json.WriteString("recordedAt", Microseconds.ToText(receipt.RecordedAt));
        json.WriteStartObject("versions");
        foreach (var (stream, version) in receipt.Versions) json.WriteNumber(stream.ToString(), version.Value);
        json.WriteEndObject();
        if (receipt.CellVersions.Count > 0)
        {
            json.WriteStartObject("cells");
            foreach (var (cell, version) in receipt.CellVersions) json.WriteNumber(cell.ToString(), version.Value);
            json.WriteEndObject();
        }
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
        json.WriteString("outcome", Conflict);
        json.WriteString("condition", conflict.Condition.ToString());
        WriteActual(json, conflict);
        json.WriteStartArray("facts");
        foreach (var fact in conflict.Facts) FactJson.Write(json, fact);
        json.WriteEndArray();
        json.WriteBoolean("complete", conflict.IsComplete);
        if (conflict.RetentionPassed is { } dropped) DroppedJson.Write(json, "retentionPassed", dropped);
        json.WriteEndObject();
    }

    static void WriteReused(Utf8JsonWriter json, AppendOutcome.AppendIdReused reused)
    {
        json.WriteStartObject();
        json.WriteString("outcome", AppendIdReused);
        WriteReceiptMembers(json, reused.Receipt, reused.AppendId);
        json.WriteString("difference", reused.Difference);
        json.WriteEndObject();
    }

    static void WriteRejected(Utf8JsonWriter json, AppendOutcome.Rejected rejected)
    {
        json.WriteStartObject();
        json.WriteString("outcome", Rejected);
        json.WriteString("by", rejected.By);
        json.WriteString("reason", rejected.Reason);
        json.WriteEndObject();
    }

    static void WriteUnknown(Utf8JsonWriter json, AppendOutcome.Unknown unknown)
    {
        json.WriteStartObject();
        json.WriteString("outcome", Unknown);
        if (unknown.AppendId is { } id) json.WriteString("appendId", id);
        if (unknown.FirstPosition <= unknown.LastPosition) json.WriteNumber("first", unknown.FirstPosition.Value);
        json.WriteNumber("last", unknown.LastPosition.Value);
        json.WriteString("message", unknown.Cause.Message);
        json.WriteEndObject();
    }
}
