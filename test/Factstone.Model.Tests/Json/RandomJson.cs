using System.Globalization;
using System.Text;

namespace Factstone;

/// <summary>JSON texts drawn from a seed. One value can be written with different spaces, escapes and orders of members.</summary>
sealed class RandomJson(int seed)
{
    static readonly string[] Characters = ["a", "b", "Z", "0", " ", "\"", "\\", "/", "\n", "\u0001", "\u007f", "é", "€", "\ufb33", "😂", "\U0010FFFF"];
    static readonly string[] Numbers =
        ["0", "-0", "7", "-12", "9007199254740993", "-123456789012345678901234567890", "0.5", "-0.0", "1e3", "1E+21", "2.5e-7", "1e-400", "4.50"];

    readonly Random _random = new(seed);

    public Random Random => _random;

    /// <summary>Draws a value: null, a bool, a number as text, a string, an array of values, or members with distinct names.</summary>
    public object? Value(int depth = 4) => _random.Next(depth > 0 ? 7 : 4) switch
    {
        0 => null,
        1 => _random.Next(2) == 0,
        2 => new Number(Numbers[_random.Next(Numbers.Length)]),
        3 => Text(),
        4 => Enumerable.Range(0, _random.Next(4)).Select(_ => Value(depth - 1)).ToArray(),
        _ => Enumerable.Range(0, _random.Next(_random.Next(10) == 0 ? 60 : 5)).Select(_ => Text()).Distinct()
            .Select(name => (name, Value(depth - 1))).ToArray(),
    };

    /// <summary>Writes the value in one of its forms.</summary>
    public byte[] Write(object? value)
    {
        var text = new StringBuilder();
        Write(value, text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Changes, removes, doubles or swaps one to three bytes.</summary>
    public byte[] Mutate(byte[] text)
    {
        var bytes = text.ToList();
        for (var times = _random.Next(1, 4); times > 0 && bytes.Count > 0; times--)
        {
            var at = _random.Next(bytes.Count);
            switch (_random.Next(5))
            {
                case 0: bytes[at] = (byte)_random.Next(256); break;
                case 1: bytes[at] = "{}[]\",:\\0-+.eEu1tfn /*"u8[_random.Next(22)]; break;
                case 2: bytes.RemoveAt(at); break;
                case 3: bytes.Insert(at, bytes[_random.Next(bytes.Count)]); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }
        return [.. bytes];
    }

    string Text() => string.Concat(Enumerable.Range(0, _random.Next(5)).Select(_ => Characters[_random.Next(Characters.Length)]));

    void Write(object? value, StringBuilder text)
    {
        Space(text);
        switch (value)
        {
            case null: text.Append("null"); break;
            case bool flag: text.Append(flag ? "true" : "false"); break;
            case Number number: text.Append(number.Token); break;
            case string characters: WriteText(characters, text); break;
            case object?[] items:
                text.Append('[');
                Separated(items, item => Write(item, text), text);
                text.Append(']');
                break;
            case (string, object?)[] members:
                var shuffled = members.ToArray();
                _random.Shuffle(shuffled);
                text.Append('{');
                Separated(shuffled, member =>
                {
                    Space(text);
                    WriteText(member.Item1, text);
                    Space(text);
                    text.Append(':');
                    Write(member.Item2, text);
                }, text);
                text.Append('}');
                break;
        }
        Space(text);
    }

    void Separated<T>(T[] items, Action<T> write, StringBuilder text)
    {
        Space(text);
        for (var i = 0; i < items.Length; i++)
        {
            if (i > 0) text.Append(',');
            write(items[i]);
        }
    }

    void WriteText(string characters, StringBuilder text)
    {
        text.Append('"');
        var escapeAll = _random.Next(4) == 0;
        foreach (var rune in characters.EnumerateRunes())
        {
            if (escapeAll || rune.Value < ' ' || rune.Value is '"' or '\\')
            {
                foreach (var unit in rune.ToString())
                    text.Append("\\u").Append(((int)unit).ToString(_random.Next(2) == 0 ? "x4" : "X4", CultureInfo.InvariantCulture));
            }
            else if (rune.Value == '/' && _random.Next(2) == 0) text.Append("\\/");
            else text.Append(rune.ToString());
        }
        text.Append('"');
    }

    void Space(StringBuilder text)
    {
        if (_random.Next(6) == 0) text.Append(" \t\r\n"[_random.Next(4)]);
    }

    public sealed record Number(string Token);
}
