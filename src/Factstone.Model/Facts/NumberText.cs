using System.Globalization;

namespace Factstone;

/// <summary>The text of positions and versions: digits alone, in any culture.</summary>
internal static class NumberText
{
    /// <summary>Reads a whole number from 0; false for anything else, such as a sign, a blank, a NUL after the digits or a number above the largest.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, long max, out long number)
    {
        // The framework takes NULs behind the digits.
        if (!text.ContainsAnyExceptInRange('0', '9') && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= max) return true;
        number = 0;
        return false;
    }

    /// <param name="text">What is not a number.</param>
    /// <param name="what">What it should have been, with its article.</param>
    /// <param name="max">The largest.</param>
    public static FormatException Wrong(ReadOnlySpan<char> text, string what, long max) =>
        new(string.Create(CultureInfo.InvariantCulture, $"'{NameCheck.Shown(text)}' is not {what}: write a whole number from 0 to {max}, in digits alone."));
}
