using System.Globalization;

namespace Factstone;

/// <summary>Reads times in RFC 3339, and their shorter forms that leave out the zone, the seconds or the time of day.</summary>
internal static class TimeParsing
{
    const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
    const int FractionDigitsMax = 7;

    /// <summary>No time is this long; a longer text is refused before it is copied.</summary>
    const int LengthMax = 1_024;

    static readonly string[] Formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>Reads <c>2026-01-31</c>, <c>2026-01-31T08:15</c>, <c>2026-01-31T08:15:30.25+01:00</c>; false for anything else and for times outside of the years 1 to 9999.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset time)
    {
        time = default;
        text = text.Trim();
        if (text.Length > LengthMax) return false;
        var normal = text.ToString().ToUpperInvariant();
        if (normal.Length > 10 && normal[10] == ' ') normal = $"{normal[..10]}T{normal[11..]}";
        return DateTimeOffset.TryParseExact(WithoutFinestDigits(normal), Formats, CultureInfo.InvariantCulture, Utc, out time) && HasDigitsAfterPoint(normal);
    }

    /// <summary>The framework accepts a point without digits after it; RFC 3339 does not.</summary>
    static bool HasDigitsAfterPoint(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 || (dot + 1 < text.Length && char.IsAsciiDigit(text[dot + 1]));
    }

    /// <summary>Truncates to 100 ns, as the ledger truncates to microseconds.</summary>
    static string WithoutFinestDigits(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0) return text;
        var end = dot + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        var kept = Math.Min(end, dot + 1 + FractionDigitsMax);
        return end == dot + 1 ? text : text[..kept] + text[end..];
    }
}
