using System.Text.Json;

namespace Factstone.Cli.Output;

/// <summary>The receipt of a truncation as text and as JSON.</summary>
internal static class ReceiptText
{
    public static string Sentence(TruncationReceipt receipt, bool isDryRun)
    {
        if (receipt.FirstVersion > receipt.Through) return $"Nothing {(isDryRun ? "would be" : "was")} dropped: {receipt.Stream} was dropped before through v{receipt.Through}.";
        var what = $"{Counted.Text(receipt.Facts, "fact")} of {receipt.Stream}, {Extent(receipt)}";
        return isDryRun
            ? $"Would drop {what}. Nothing was changed."
            : $"Dropped {what}. The receipt is at @{receipt.Position}: factstone receipts";
    }

    public static string Line(TruncationReceipt receipt) =>
        $"{(receipt.IsDelete ? "deleted" : "truncated")} {receipt.Stream}, {Extent(receipt)}: {Counted.Text(receipt.Facts, "fact")}; {receipt.Reason}{(receipt.By is { } by ? $" ({by})" : "")}";

    public static void Write(Utf8JsonWriter json, TruncationReceipt receipt)
    {
        json.WriteStartObject();
        TruncationReceiptJson.WriteFields(json, receipt);
        if (receipt.Position > Position.None) json.WriteNumber("receipt", receipt.Position.Value);
        json.WriteEndObject();
    }

    static string Extent(TruncationReceipt receipt) => $"v{receipt.FirstVersion} to v{receipt.Through}";
}
