using System.Text.Json;

namespace Factstone.Storage;

/// <summary>The receipt of a restore: a fact of <c>$receipts/restore</c>, with the report as JSON. See docs/guarantees.md, "Backup and restore".</summary>
internal static class RestoreReceipt
{
    public static byte[] Payload(RestoreReport report)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            WriteFields(json, report);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Writes the fields of the report about the source of the ledger, as members of an open object.</summary>
    public static void WriteFields(Utf8JsonWriter json, RestoreReport report)
    {
        json.WriteNumber("epochBefore", report.EpochBefore);
        json.WriteNumber("epoch", report.Epoch);
        json.WriteNumber("lastCommonPosition", report.LastCommonPosition.Value);
        if (report.RecordedAt is { } recordedAt) json.WriteString("recordedAt", Microseconds.ToText(recordedAt));
        json.WriteString("backedUpAt", Microseconds.ToText(report.BackedUpAt));
    }
}
