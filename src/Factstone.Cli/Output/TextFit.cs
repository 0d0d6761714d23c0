using System.Globalization;
using System.Text;

namespace Factstone.Cli.Output;

/// <summary>Makes any text fit for a terminal: one line, no control characters, no longer than the available columns.</summary>
internal static class TextFit
{
    /// <summary>The text without anything that a terminal would interpret; such characters are shown as escapes.</summary>
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

    /// <summary>The cleaned text. If it is too long, it is cut at a character and gets an ellipsis at the end.</summary>
    public static string Fit(string text, int columns)
    {
        text = Clean(text.Length > 4 * columns + 16 ? Cut(text, 4 * columns + 16) : text);
        return text.Length <= columns ? text : columns <= 1 ? "…"[..Math.Max(0, columns)] : Cut(text, columns - 1) + "…";
    }

    /// <summary>Like <see cref="Fit"/>, but keeps the end, which distinguishes paths.</summary>
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

    /// <summary>Characters that change the direction of writing or break lines, and so would change what a line seems to say.</summary>
    static bool IsFormatting(char unit) => unit is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u200e' or '\u200f' or '\u2028' or '\u2029' or '\ufeff';
}
