using System.Text.Encodings.Web;
using System.Text.Json;

namespace Factstone.Storage;

/// <summary>The receipt of a repair: a fact of <c>$receipts/repair</c>, with the report as JSON. See docs/guarantees.md, "Repair".</summary>
internal static class RepairReceipt
{
    /// <summary>Each list is cut at this number of entries; the total is always included. The log's frames of lost facts have all of them.</summary>
    const int ListedMax = 10_000;

    public static byte[] Payload(RepairReport report, string root)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteFields(json, report, root);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Writes the fields of a report as members of an open object.</summary>
    public static void WriteFields(Utf8JsonWriter json, RepairReport report, string root)
    {
        json.WriteNumber("epochBefore", report.EpochBefore);
        json.WriteNumber("epoch", report.Epoch);
        json.WriteNumber("lastCommonPosition", report.LastCommonPosition.Value);
        json.WriteNumber("factsLeft", report.FactsLeft);
        json.WriteNumber("factsLost", report.FactsLost);
        WriteList(json, "lost", report.Lost, Write);
        WriteList(json, "knownLost", report.KnownLost, Write);
        WriteList(json, "incompleteAppends", report.IncompleteAppends, Write);
        WriteList(json, "unknownAppendIds", report.UnknownAppendIds, Write);
        WriteList(json, "lostCells", report.LostCells, Write);
        if (report.MayHaveLostCells) json.WriteBoolean("mayHaveLostCells", true);
        WriteList(json, "quarantined", report.Quarantined, static (json, file) => json.WriteStringValue(file));
        WriteList(json, "damage", report.Damage, (json, damage) => Write(json, damage, root));
    }

    static void WriteList<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> list, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var one in list.Take(ListedMax)) write(json, one);
        json.WriteEndArray();
        if (list.Count > ListedMax) json.WriteNumber($"{name}Count", list.Count);
    }

    static void Write(Utf8JsonWriter json, PositionRange range)
    {
        json.WriteStartObject();
        WriteEnds(json, range);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, LostFact fact)
    {
        json.WriteStartObject();
        json.WriteNumber("position", fact.Position.Value);
        json.WriteString("store", fact.Stream.Store);
        json.WriteString("key", fact.Stream.Key);
        json.WriteNumber("version", fact.StreamVersion.Value);
        if (fact.Type is { } type) json.WriteString("type", type);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, LostCell cell)
    {
        json.WriteStartObject();
        json.WriteString("bucket", cell.Cell.Bucket);
        json.WriteString("name", cell.Cell.Name);
        json.WriteNumber("version", cell.Version.Value);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, IncompleteAppend append)
    {
        json.WriteStartObject();
        if (append.AppendId is { } id) json.WriteString("appendId", id);
        WriteEnds(json, append.Positions);
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, Damage damage, string root)
    {
        // The path of the ledger must not be stored in it for ever.
        var file = damage.File.StartsWith($"{root}/", StringComparison.Ordinal) ? damage.File[(root.Length + 1)..] : damage.File;
        json.WriteStartObject();
        json.WriteString("file", file);
        json.WriteNumber("fileOffset", damage.FileOffset);
        if (damage.FirstPosition > Position.None) WriteEnds(json, new PositionRange(damage.FirstPosition, damage.LastPosition));
        json.WriteString("what", damage.What);
        json.WriteEndObject();
    }

    static void WriteEnds(Utf8JsonWriter json, PositionRange range)
    {
        json.WriteNumber("first", range.First.Value);
        json.WriteNumber("last", range.Last.Value);
    }
}
