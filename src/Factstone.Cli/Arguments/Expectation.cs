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
        "exists" => throw CliException.Usage("--expect exists: give the version that the record is at instead, or 'none' for no value."),
        _ => AppendCondition.RecordAt(stream, Version(text)),
    };

    public static AppendCondition? OfCell(string? text, CellName cell) => text switch
    {
        null => null,
        "none" => AppendCondition.CellAbsent(cell.Bucket, cell.Name),
        "exists" => throw CliException.Usage("--expect exists: give the version that the cell is at instead, or 'none' for no value."),
        _ => AppendCondition.CellAt(cell.Bucket, cell.Name, Version(text).Value),
    };

    // Whether a version can be is for the ledger to say; here it only has to be a number.
    static StreamVersion Version(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var version)
            ? new StreamVersion(version)
            : throw CliException.Usage($"--expect: '{text}' is neither a version nor 'none' nor 'exists'.");
}
