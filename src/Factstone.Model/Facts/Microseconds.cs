using System.Globalization;

namespace Factstone;

/// <summary>Times as the ledger stores them: whole microseconds since 1970-01-01T00:00:00Z.</summary>
internal static class Microseconds
{
    /// <summary>0001-01-01T00:00:00Z, the first valid time that can be stored.</summary>
    public static readonly long Min = From(DateTimeOffset.MinValue);

    /// <summary>9999-12-31T23:59:59.999999Z, the last one.</summary>
    public static readonly long Max = From(DateTimeOffset.MaxValue);

    /// <summary>Truncates to whole microseconds, toward the past.</summary>
    public static long From(DateTimeOffset time) =>
        (time.UtcTicks / TimeSpan.TicksPerMicrosecond) - (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond);

    /// <summary>The first microsecond at or after a time. A fact that was recorded in the microsecond of a finer time was recorded before that time.</summary>
    public static long AtOrAfter(DateTimeOffset time) => From(time) + (time.UtcTicks % TimeSpan.TicksPerMicrosecond == 0 ? 0 : 1);

    public static DateTimeOffset ToTime(long microseconds) =>
        new(DateTime.UnixEpoch.Ticks + (microseconds * TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    public static bool IsInRange(long microseconds) => microseconds >= Min && microseconds <= Max;

    /// <summary>RFC 3339, UTC, with six digits.</summary>
    public static string ToText(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
