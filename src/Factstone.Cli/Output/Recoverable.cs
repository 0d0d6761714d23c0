namespace Factstone.Cli.Output;

/// <summary>Appends that lie behind the published end, in words.</summary>
internal static class Recoverable
{
    public static string Text(long facts, Position head) =>
        facts > 0 ? $"{Counted.Text(facts, "fact")} behind @{head}, up to @{head.Value + facts}," : $"Appends without facts behind @{head}";
}
