using System.Globalization;
using Xunit;

namespace Factstone;

/// <summary>Names and numbers come from routes and queries as text, so a bad text is an answer, not an exception.</summary>
public sealed class ParsingTests
{
    const string Id = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

    static readonly string[] Hostile =
    [
        "", " ", "-1", "+1", " 7", "7 ", "7\0", "\0", "7.0", "1e3", "0x7", "٧", "９", "1,000", "\n", "\u2028", "\uD800", "@", "@@7", "@-1", "@7\0", "/\0", "a/\u0085", "a/\uDC00", "../x", "./x",
        "/x", new('9', 100_000), new('/', 100_000), new string('a', 100_000) + "/", "a/" + new string('é', 600), "a/" + new string('k', 1_025), new string('@', 100_000),
        $"{Id}/1@-7", $"{Id}/1@7\0", $"{Id}/0@7", $" {Id}/1@7", "{6f9619ff-8b86-4d01-b42d-00cf4fc964ff}", $"{Id} ", $"\0{Id}", "+f9619ff-8b86-4d01-b42d-00cf4fc964ff", "0x9619ff-8b86-4d01-b42d-00cf4fc964ff",
    ];

    /// <summary>A culture in which 1 is a sign: it must not matter.</summary>
    static readonly NumberFormatInfo Strange = new() { PositiveSign = "1", NegativeSign = "7" };

    /// <summary>As a route value or a query parameter of a minimal API is read.</summary>
    static T? Read<T>(string? text) where T : struct, ISpanParsable<T>
    {
        var isRead = T.TryParse(text, Strange, out var value);
        Assert.Equal(isRead, T.TryParse(text.AsSpan(), provider: null, out var again));
        Assert.Equal(value, again);
        if (!isRead) Assert.Equal(default, value);
        return isRead ? value : null;
    }

    static void ComesBack<T>(T value, string text) where T : struct, ISpanParsable<T>
    {
        Assert.Equal(text, value.ToString());
        Assert.Equal(value, Read<T>(text));
        Assert.Equal(value, T.Parse(text, provider: null));
        Assert.Equal(value, T.Parse(text.AsSpan(), provider: null));
    }

    static void IsRefused<T>(string text) where T : struct, ISpanParsable<T>
    {
        Assert.Null(Read<T>(text));
        foreach (var error in new[] { Assert.Throws<FormatException>(() => T.Parse(text, provider: null)), Assert.Throws<FormatException>(() => T.Parse(text.AsSpan(), provider: null)) })
        {
            Assert.InRange(error.Message.Length, 20, 400);
            Assert.DoesNotContain(error.Message, char.IsControl);
        }
    }

    [Fact]
    public void Names_and_numbers_come_back_from_their_text()
    {
        ComesBack(Position.None, "0");
        ComesBack(new Position(1_000), "1000");
        ComesBack(new Position(Position.MaxValue), "4398046511103");
        ComesBack(new StreamVersion(7), "7");
        ComesBack(new CellVersion(long.MaxValue), "9223372036854775807");
        ComesBack(new StreamName("orders", "42"), "orders/42");
        ComesBack(new StreamName("files", "src/a b/é"), "files/src/a b/é");
        ComesBack(new StreamName("$receipts", "repair"), "$receipts/repair");
        ComesBack(new StreamName(new string('s', 128), new string('k', 1_024)), $"{new string('s', 128)}/{new string('k', 1_024)}");
        ComesBack(new CellName("settings", ""), "settings/");
        ComesBack(new LedgerId(Guid.Parse(Id)), Id);
        ComesBack(new LedgerCursor(new LedgerId(Guid.Parse(Id)), 1, new Position(1_000)) { Leaf = 0x1a2b3c4d }, $"{Id}/1@1000.1a2b3c4d");
        ComesBack(LedgerTime.Latest, "latest");
        ComesBack(LedgerTime.AtPosition(new Position(7)), "@7");
        ComesBack(LedgerTime.RecordedBy(DateTimeOffset.UnixEpoch.AddMicroseconds(1)), "1970-01-01T00:00:00.000001Z");
    }

    [Fact]
    public void Nothing_is_no_name_and_no_number()
    {
        Assert.Null(Read<Position>(null));
        Assert.Null(Read<StreamName>(null));
        Assert.Null(Read<LedgerTime>(null));
        Assert.Throws<ArgumentNullException>(() => Position.Parse(null!));
        Assert.Throws<ArgumentNullException>(() => StreamName.Parse(null!));
        Assert.Throws<ArgumentNullException>(() => LedgerCursor.Parse(null!));
    }

    [Fact]
    public void Hostile_texts_are_refused_without_an_exception()
    {
        foreach (var text in Hostile)
        {
            IsRefused<Position>(text);
            IsRefused<StreamVersion>(text);
            IsRefused<LedgerCursor>(text);
            IsRefused<LedgerId>(text);
            IsRefused<LedgerTime>(text);
            IsRefused<CellVersion>(text);
        }

        foreach (var text in Hostile.Where(text => !text.StartsWith(Id, StringComparison.Ordinal) && !text.StartsWith(' ')))
        {
            IsRefused<StreamName>(text);
            IsRefused<CellName>(text);
        }

        IsRefused<Position>("4398046511104");
        IsRefused<StreamVersion>("4398046511104");
        IsRefused<CellVersion>("9223372036854775808");
    }

    [Fact]
    public void An_error_says_what_to_write()
    {
        static void Says<T>(string text, params string[] parts) where T : struct, ISpanParsable<T>
        {
            var message = Assert.Throws<FormatException>(() => T.Parse(text, provider: null)).Message;
            foreach (var part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
        }

        Says<Position>("-1", "'-1'", "a position", "from 0 to 4398046511103");
        Says<StreamName>("orders", "STORE/KEY");
        Says<StreamName>("orders/a\0b", "U+0000");
        Says<StreamName>("orders/" + new string('k', 1_025), "1,025 bytes");
        Says<CellName>("settings", "BUCKET/NAME");
        Says<LedgerId>("7", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff");
        Says<LedgerTime>("tomorrow", "@7", "2026-01-31");
    }

    // A name in code is converted before it is used, and refused where it is used: with the index of its fact.
    [Fact]
    public void A_conversion_checks_only_the_slash()
    {
        StreamName name = "/\0";
        Assert.Equal(("", "\0"), (name.Store, name.Key));
    }
}
