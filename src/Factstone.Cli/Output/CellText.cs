using System.Text.Unicode;

namespace Factstone.Cli.Output;

/// <summary>A cell for people.</summary>
internal static class CellText
{
    /// <summary>One line for each field.</summary>
    public static IEnumerable<string> Fields(Cell cell)
    {
        yield return FactText.Field("cell", $"{cell.Bucket}/{cell.Name}  (version {cell.Version})");
        yield return FactText.Field("recorded at", TimeText.Exact(cell.RecordedAt));
        yield return FactText.Field("value", Utf8.IsValid(cell.Value.Span) ? cell.Text : $"({cell.Value.Length:N0} bytes)");
    }
}
