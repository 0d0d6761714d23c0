using System.Globalization;
using System.Text;
using Xunit;

namespace Factstone;

/// <summary>
/// The engine finds the end of strings and numbers in blocks of bytes, the
/// test byte by byte. Both must agree, including faults and their offsets.
/// </summary>
public sealed class JsonTokenTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4711)]
    [InlineData(990_017)]
    public void A_random_string_ends_where_a_reading_byte_by_byte_ends(int seed)
    {
        string[] parts = ["a", "some longer plain text ", "é", "😂", "\u007f", "\\n", "\\\"", "\\u00e9", "\\ud83d\\ude02", "\\ud83d", "\\udc00", "\\u12", "\\x", "\\", "\"", "\u001f", "\0"];
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            // Most characters are plain, so that many strings are longer than the widest block.
            var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(90)).Select(_ => parts[random.Next(8) > 0 ? random.Next(2) * random.Next(2) : random.Next(parts.Length)])));
            var at = random.Next(text.Length + 1);
            var end = JsonString.FindEnd(text, at, out var escaped);
            Assert.True((end, escaped) == StringEnd(text, at), $"seed {seed}, text {i} from {at}: {end}, {escaped}: {Convert.ToHexString(text)}");
        }
    }

    [Fact]
    public void A_run_of_digits_ends_at_every_other_byte_at_every_place()
    {
        for (var length = 1; length <= 20; length++)
        {
            for (var location = 0; location < length; location++)
            {
                for (var value = 0; value <= byte.MaxValue; value++)
                {
                    var text = Encoding.ASCII.GetBytes(new string('9', length));
                    text[location] = (byte)value;
                    AssertEndsTheSame(text, $"{Convert.ToHexString(text)}");
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4711)]
    [InlineData(990_017)]
    public void A_random_number_ends_where_a_reading_byte_by_byte_ends(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 50_000; i++)
        {
            var text = new byte[random.Next(1, 30)];
            for (var j = 0; j < text.Length; j++) text[j] = random.Next(12) == 0 ? (byte)random.Next(256) : "01234567890123456789-+.eE,"u8[random.Next(26)];
            AssertEndsTheSame(text, $"seed {seed}, text {i}: {Convert.ToHexString(text)}");
        }
    }

    static void AssertEndsTheSame(byte[] text, string about)
    {
        if (text[0] != '-' && !char.IsAsciiDigit((char)text[0])) return;
        for (var at = 0; at < Math.Min(text.Length, 3); at++)
        {
            if (text[at] != '-' && !char.IsAsciiDigit((char)text[at])) continue;
            var (end, expected) = (JsonNumber.FindEnd(text, at), NumberEnd(text, at));
            Assert.True(end == expected, string.Create(CultureInfo.InvariantCulture, $"{end} instead of {expected} from {at}: {about}"));
        }
    }

    static (int End, bool Escaped) StringEnd(byte[] text, int at)
    {
        var escaped = false;
        while (at < text.Length)
        {
            if (text[at] == '"') return (at, escaped);
            if (text[at] < ' ') return (~at, escaped);
            if (text[at] != '\\')
            {
                at++;
                continue;
            }

            escaped = true;
            var rest = Encoding.Latin1.GetString(text, at + 1, text.Length - at - 1);
            if (rest.Length > 0 && "\"\\/bfnrt".Contains(rest[0], StringComparison.Ordinal)) at += 2;
            else if (CodeUnit(rest) is { } unit && !char.IsSurrogate(unit)) at += 6;
            else if (CodeUnit(rest) is { } high && char.IsHighSurrogate(high) && rest.Length >= 11 && rest[5] == '\\' && CodeUnit(rest[6..]) is { } low && char.IsLowSurrogate(low)) at += 12;
            else return (~at, escaped);
        }

        return (~at, escaped);
    }

    static char? CodeUnit(string escape) =>
        escape.Length >= 5 && escape[0] == 'u' && escape[1..5].All(char.IsAsciiHexDigit) ? (char)Convert.ToInt32(escape[1..5], 16) : null;

    static int NumberEnd(byte[] text, int at)
    {
        if (text[at] == '-') at++;
        var digits = at;
        PassDigits();
        if (at == digits) return ~at;
        if (text[digits] == '0' && at > digits + 1) return ~(digits + 1);
        if (at < text.Length && text[at] == '.')
        {
            digits = ++at;
            PassDigits();
            if (at == digits) return ~at;
        }

        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            at++;
            if (at < text.Length && text[at] is (byte)'+' or (byte)'-') at++;
            digits = at;
            PassDigits();
            if (at == digits) return ~at;
        }

        return at;

        void PassDigits()
        {
            while (at < text.Length && char.IsAsciiDigit((char)text[at])) at++;
        }
    }
}
