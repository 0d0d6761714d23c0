using System.Globalization;

namespace Factstone.Cli.Output;

/// <summary>Times as text: RFC 3339, in UTC if no zone is given.</summary>
internal static class TimeText
{
    const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
    const int FractionDigitsMax = 7;

    static readonly string[] Formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>With six digits and a Z, as everywhere in the JSON.</summary>
    public static string Exact(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>To the second, for people.</summary>
    public static string Short(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The day, for people.</summary>
    public static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Reads <c>2026-01-31</c>, <c>2026-01-31T08:15</c>, <c>2026-01-31T08:15:30.25+01:00</c>; false for anything else and for times outside of the years 1 to 9999.</summary>
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        var normal = text.Trim().ToUpperInvariant();
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
