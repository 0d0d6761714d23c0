namespace Factstone.Tests.Guide;

/// <summary>The blocks of a language in a Markdown document, and the search for a block in source code.</summary>
internal static class CodeBlocks
{
    const string Fence = "```";

    /// <summary>The lines of each block, in the order of the document.</summary>
    public static IReadOnlyList<string[]> Of(string document, string language)
    {
        var blocks = new List<string[]>();
        var lines = document.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal)) continue;
            string[] block = [.. lines.Skip(i + 1).TakeWhile(static line => line != Fence)];
            if (lines[i] == Fence + language) blocks.Add(block);
            i += block.Length + 1;
        }

        return blocks;
    }

    /// <summary>The blocks of a guide that show output.</summary>
    public static IReadOnlyList<string[]> OutputOf(string guide) => Of(Repository.Read($"docs/guide/{guide}"), "text");

    /// <summary>Whether the lines of a block follow each other in the source, all with the same further indentation.</summary>
    public static bool Contains(string[] source, string[] block)
    {
        for (var at = 0; at + block.Length <= source.Length; at++)
        {
            if (!source[at].EndsWith(block[0], StringComparison.Ordinal)) continue;
            var indentation = source[at][..^block[0].Length];
            var indented = block.Select(line => line.Length == 0 ? line : indentation + line);
            if (string.IsNullOrWhiteSpace(indentation) && source.Skip(at).Take(block.Length).SequenceEqual(indented)) return true;
        }

        return false;
    }
}
