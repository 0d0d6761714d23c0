using System.Text.RegularExpressions;

namespace Factstone;

/// <summary>What stands under one heading of a Markdown document: its tables and its blocks of code.</summary>
sealed class DocumentSection
{
    readonly List<string> _lines;

    DocumentSection(List<string> lines) => _lines = lines;

    /// <summary>The section with a heading, up to the next heading of the same or a higher level.</summary>
    public static DocumentSection Read(string path, string heading)
    {
        var lines = Repository.Read(path).Split('\n').ToList();
        var start = lines.FindIndex(line => line.TrimStart('#') == $" {heading}" && line[0] == '#');
        if (start < 0) throw new InvalidOperationException($"{path} has no section '{heading}'.");
        var level = lines[start].TakeWhile(unit => unit == '#').Count();
        var isCode = false;
        var end = start + 1;
        for (; end < lines.Count; end++)
        {
            if (lines[end].StartsWith("```", StringComparison.Ordinal)) isCode = !isCode;
            if (!isCode && lines[end].StartsWith('#') && lines[end].TakeWhile(unit => unit == '#').Count() <= level) break;
        }

        return new DocumentSection(lines[(start + 1)..end]);
    }

    /// <summary>The rows of all tables whose header begins with these cells, without the header; table by table.</summary>
    public IReadOnlyList<IReadOnlyList<string[]>> Tables(params string[] header)
    {
        var tables = new List<IReadOnlyList<string[]>>();
        for (var i = 0; i + 1 < _lines.Count; i++)
        {
            if (!_lines[i].StartsWith('|') || !_lines[i + 1].StartsWith("|--", StringComparison.Ordinal)) continue;
            var isWanted = Cells(_lines[i]).Take(header.Length).SequenceEqual(header);
            var rows = _lines.Skip(i + 2).TakeWhile(line => line.StartsWith('|')).Select(Cells).ToList();
            if (isWanted) tables.Add(rows);
            i += rows.Count + 1;
        }

        return tables;
    }

    /// <summary>The rows of the only such table.</summary>
    public IReadOnlyList<string[]> Table(params string[] header) => Tables(header) is [var only]
        ? only
        : throw new InvalidOperationException($"There is not exactly one table with the header '{string.Join(" | ", header)}'.");

    /// <summary>The lines of the blocks of a language, each up to two blanks, behind which it has words.</summary>
    public IReadOnlyList<string> Lines(string language)
    {
        var found = new List<string>();
        for (var i = 0; i < _lines.Count; i++)
        {
            if (_lines[i] != $"```{language}") continue;
            var block = _lines.Skip(i + 1).TakeWhile(line => line != "```").ToList();
            found.AddRange(block.Select(line => line.Split("  ")[0]));
            i += block.Count;
        }

        return found;
    }

    /// <summary>The bytes that stand in the blocks of a language, paragraph by paragraph. Behind two blanks a line has words.</summary>
    public IReadOnlyList<string> Hex(string language)
    {
        var found = new List<string>();
        for (var i = 0; i < _lines.Count; i++)
        {
            if (_lines[i] != $"```{language}") continue;
            var block = _lines.Skip(i + 1).TakeWhile(line => line != "```").ToList();
            found.AddRange(string.Join('\n', block).Split("\n\n").Select(paragraph => string.Concat(paragraph.Split('\n').Select(HexOf))));
            i += block.Count;
        }

        return found;
    }

    static string HexOf(string line) => Regex.Replace(line.Trim().Split("  ")[0], " ", "");

    static string[] Cells(string line) => [.. line.Trim().Trim('|').Split('|').Select(cell => cell.Trim())];
}
