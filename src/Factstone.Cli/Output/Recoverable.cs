namespace Factstone.Cli.Output;

/// <summary>Describes the appends after the published end.</summary>
internal static class Recoverable
{
    public static string Text(long facts, Position head) =>
        facts > 0 ? $"{Counted.Text(facts, "fact")} after @{head}, up to @{head.Value + facts}," : $"Appends without facts after @{head}";
}
