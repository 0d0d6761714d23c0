using System.Globalization;

namespace Factstone.Cli.Arguments;

/// <summary><c>--expect N|none|exists</c> as a condition: on the stream for a fact, on the record for a value, on the cell for a cell.</summary>
internal static class Expectation
{
    public static AppendCondition? OfStream(string? text, StreamName stream) => text switch
    {
        null => null,
        "none" => AppendCondition.StreamMissing(stream),
        "exists" => AppendCondition.StreamExists(stream),
        _ => AppendCondition.StreamAt(stream, Version(text)),
    };

    public static AppendCondition? OfRecord(string? text, StreamName stream) => text switch
    {
        null => null,
        "none" => AppendCondition.RecordMissing(stream),
        "exists" => throw CliException.Usage("--expect exists: give the version of the record instead, or 'none' for no value."),
        _ => AppendCondition.RecordAt(stream, Version(text)),
    };

    public static AppendCondition? OfCell(string? text, CellName cell) => text switch
    {
        null => null,
        "none" => AppendCondition.CellAbsent(cell.Bucket, cell.Name),
        "exists" => throw CliException.Usage("--expect exists: give the version of the cell instead, or 'none' for no value."),
        _ => AppendCondition.CellAt(cell.Bucket, cell.Name, Version(text).Value),
    };

    // Only a number is required here; the ledger checks whether it can be a version.
    static StreamVersion Version(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var version)
            ? new StreamVersion(version)
            : throw CliException.Usage($"--expect: '{text}' is neither a version nor 'none' nor 'exists'.");
}
