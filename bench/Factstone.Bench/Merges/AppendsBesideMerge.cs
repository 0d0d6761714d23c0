namespace Factstone.Bench;

/// <summary>How long appends take while a large merge is under way on the same disk.</summary>
internal static class AppendsBesideMerge
{
    public static Task RunAsync(string directory, long terms, TextWriter output) => Task.CompletedTask;
}
