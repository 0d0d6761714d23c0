using System.Globalization;
using System.Text;

namespace Factstone.Cli.Output;

/// <summary>Makes text of any origin fit for a terminal: one line, no control characters, no longer than there is room.</summary>
internal static class TextFit
{
    /// <summary>The text without anything that a terminal would obey; what is left out is shown as an escape.</summary>
    public static string Clean(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\u001f') && !text.AsSpan().ContainsAnyInRange('\u007f', '\u009f') && !HasFormatting(text)) return text;

        var clean = new StringBuilder(text.Length + 16);
        foreach (var unit in text)
        {
            if (unit is '\n') clean.Append("\\n");
            else if (unit is '\t') clean.Append("\\t");
            else if (char.IsControl(unit) || IsFormatting(unit)) clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            else clean.Append(unit);
        }
        return clean.ToString();
    }

    /// <summary>The text cleaned and, where it is longer, cut at a character, with an ellipsis at the end.</summary>
    public static string Fit(string text, int columns)
    {
        text = Clean(text.Length > 4 * columns + 16 ? Cut(text, 4 * columns + 16) : text);
        return text.Length <= columns ? text : columns <= 1 ? "…"[..Math.Max(0, columns)] : Cut(text, columns - 1) + "…";
    }

    /// <summary>As <see cref="Fit"/>, keeping the end, which is what tells paths apart.</summary>
    public static string FitEnd(string text, int columns)
    {
        text = Clean(text);
        if (text.Length <= columns) return text;
        if (columns <= 1) return "…"[..Math.Max(0, columns)];
        var start = text.Length - (columns - 1);
        if (char.IsLowSurrogate(text[start])) start++;
        return "…" + text[start..];
    }

    static string Cut(string text, int units) => text[..(units > 0 && char.IsHighSurrogate(text[units - 1]) ? units - 1 : units)];

    static bool HasFormatting(string text)
    {
        foreach (var unit in text)
            if (IsFormatting(unit)) return true;
        return false;
    }

    /// <summary>Marks that turn the direction of writing or break lines: they would make a line say something else than it does.</summary>
    static bool IsFormatting(char unit) => unit is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u200e' or '\u200f' or '\u2028' or '\u2029' or '\ufeff';
}
