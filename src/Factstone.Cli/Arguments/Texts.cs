using System.Globalization;
using Factstone.Cli.Output;

namespace Factstone.Cli.Arguments;

/// <summary>Parses the words of a command line; an invalid word is a usage error.</summary>
internal static class Texts
{
    public static StreamName Stream(string text) =>
        StreamName.TrySplit(text, out var stream)
            ? stream
            : throw CliException.Usage($"'{text}' names no stream: write STORE/KEY, such as orders/42. 'orders/' is the stream with the empty key.");

    public static CellName Cell(string text) =>
        CellName.TrySplit(text, out var cell)
            ? cell
            : throw CliException.Usage($"'{text}' names no cell: write BUCKET/NAME, such as settings/theme. 'settings/' is the cell with the empty name.");

    public static Cid Cid(string text)
    {
        try
        {
            return Factstone.Cid.Parse(text);
        }
        catch (FormatException wrong)
        {
            throw CliException.Usage(wrong.Message);
        }
    }

    /// <summary><c>@POSITION</c> or a time; the latest if nothing is given.</summary>
    public static LedgerTime AsOf(string? text)
    {
        if (text is null) return LedgerTime.Latest;
        if (text is ['@', ..]) return LedgerTime.AtPosition(At(text, "--as-of"));
        return TimeParsing.TryParse(text, out var time)
            ? LedgerTime.RecordedBy(time)
            : throw CliException.Usage($"'{text}' is neither a position nor a time: write @7, 2026-01-31 or 2026-01-31T08:15:00Z (years 1 to 9999, UTC if no zone is given).");
    }

    /// <summary><c>@POSITION</c>; the beginning or the end if nothing is given.</summary>
    public static Position From(string? text) => text is null ? Position.None : At(text, "--from");

    /// <summary><c>@POSITION</c>, a time or <c>now</c>; the beginning if nothing is given.</summary>
    public static FollowStart FollowFrom(string? text)
    {
        if (text is null) return FollowStart.Beginning;
        if (text == "now") return FollowStart.Now;
        if (text is ['@', ..]) return FollowStart.At(At(text, "--from"));
        return TimeParsing.TryParse(text, out var time)
            ? FollowStart.AtTime(time)
            : throw CliException.Usage($"--from: '{text}' is not a start: write @7, 2026-01-31, 2026-01-31T08:15:00Z (years 1 to 9999, UTC if no zone is given) or now.");
    }

    /// <summary>A cursor or <c>@POSITION</c>, the last fact that was processed.</summary>
    public static FollowStart FollowAfter(string text)
    {
        if (text is ['@', ..]) return FollowStart.After(At(text, "--after"));
        return LedgerCursor.TryParse(text, out var cursor)
            ? FollowStart.After(cursor)
            : throw CliException.Usage($"--after: '{text}' is not a cursor: write LEDGER/EPOCH@POSITION.LEAF, as 'follow' and 'stats' give it, or a position, such as @7.");
    }

    public static DateTimeOffset? Time(string? text, string option)
    {
        if (text is null) return null;
        return TimeParsing.TryParse(text, out var time)
            ? time
            : throw CliException.Usage($"{option}: '{text}' is not a time: write 2026-01-31 or 2026-01-31T08:15:00Z (years 1 to 9999, UTC if no zone is given).");
    }

    public static Guid? Id(string? text, string option)
    {
        if (text is null) return null;
        return Guid.TryParseExact(text, "D", out var id)
            ? id
            : throw CliException.Usage($"{option}: '{text}' is not the id of a fact: an id has the form 0198c2f4-5d1e-7abc-8000-000000712345.");
    }

    /// <summary><c>@POSITION</c>.</summary>
    public static Position At(string text, string option) =>
        text is ['@', .. var digits] && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= Position.MaxValue
            ? new Position(value)
            : throw CliException.Usage($"{option}: '{text}' is not a position: write @7 (whole numbers from 0 to {Position.MaxValue}).");
}
