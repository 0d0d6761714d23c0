using System.Globalization;

namespace Factstone.Cli.Output;

/// <summary>Times as text, in UTC.</summary>
internal static class TimeText
{
    /// <summary>With six digits and a Z, as everywhere in the JSON.</summary>
    public static string Exact(DateTimeOffset time) => Microseconds.ToText(time);

    /// <summary>To the second, for people.</summary>
    public static string Short(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The day, for people.</summary>
    public static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
