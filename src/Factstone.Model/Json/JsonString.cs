using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace Factstone;

/// <summary>JSON strings as UTF-8 bytes: finds the end of a string, and decodes its escapes.</summary>
/// <remarks>"Raw" is the text between the quotes, with its escapes.</remarks>
internal static class JsonString
{
    /// <summary>Finds the quote that ends the string whose first raw byte is at <paramref name="at"/>.</summary>
    /// <returns>The offset of the quote, or the complement of the offset of the fault, which <see cref="FaultAt"/> names.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FindEnd(ReadOnlySpan<byte> text, int at, out bool escaped)
    {
        escaped = false;

        // Names and short values end within the first block, most of them with the quote.
        if (text.Length - at >= Vector128<byte>.Count)
        {
            var bits = SpecialBits(text, at);
            var end = at + BitOperations.TrailingZeroCount(bits);
            if (bits != 0 && text[end] == '"') return end;
        }

        return FindFurtherEnd(text, at, out escaped);
    }

    static int FindFurtherEnd(ReadOnlySpan<byte> text, int at, out bool escaped)
    {
        escaped = false;
        while (true)
        {
            at = FindSpecial(text, at);
            if (at == text.Length) return ~at;
            if (text[at] == '"') return at;
            if (text[at] != '\\') return ~at;

            escaped = true;
            var length = EscapeLength(text[at..]);
            if (length == 0) return ~at;
            at += length;
        }
    }

    /// <summary>What is wrong at the place where <see cref="FindEnd"/> stopped.</summary>
    public static JsonFault FaultAt(ReadOnlySpan<byte> text, int at)
    {
        var rest = text[at..];
        var isSurrogate = rest is [(byte)'\\', (byte)'u', ..] && CodeUnit(rest[2..]) is >= 0xD800 and <= 0xDFFF;
        return isSurrogate ? JsonFault.LoneSurrogate : JsonFault.Syntax;
    }

    /// <summary>Decodes a checked raw string to UTF-8, which is never longer than the raw form.</summary>
    /// <returns>The bytes written.</returns>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> destination)
    {
        var written = 0;
        while (true)
        {
            var plain = raw.IndexOf((byte)'\\');
            if (plain < 0)
            {
                raw.CopyTo(destination[written..]);
                return written + raw.Length;
            }

            raw[..plain].CopyTo(destination[written..]);
            raw = raw[plain..];
            written += plain;
            written += Escaped(raw).EncodeToUtf8(destination[written..]);
            raw = raw[EscapeLength(raw)..];
        }
    }

    /// <summary>Whether two checked raw strings decode to the same text.</summary>
    public static bool AreEqual(ReadOnlySpan<byte> raw, bool escaped, ReadOnlySpan<byte> otherRaw, bool otherEscaped)
    {
        if (!escaped && !otherEscaped) return raw.SequenceEqual(otherRaw);

        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length + otherRaw.Length);
        var text = buffer.AsSpan(0, Unescape(raw, buffer));
        var otherText = buffer.AsSpan(raw.Length, Unescape(otherRaw, buffer.AsSpan(raw.Length)));
        var areEqual = text.SequenceEqual(otherText);
        ArrayPool<byte>.Shared.Return(buffer);
        return areEqual;
    }

    /// <summary>The next quote, backslash or control character, or the end of the text.</summary>
    static int FindSpecial(ReadOnlySpan<byte> text, int at)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            for (; text.Length - at >= Vector256<byte>.Count; at += Vector256<byte>.Count)
            {
                var bits = WideSpecialBits(text, at);
                if (bits != 0) return at + BitOperations.TrailingZeroCount(bits);
            }
        }

        for (; text.Length - at >= Vector128<byte>.Count; at += Vector128<byte>.Count)
        {
            var bits = SpecialBits(text, at);
            if (bits != 0) return at + BitOperations.TrailingZeroCount(bits);
        }
        if (text.Length < Vector128<byte>.Count)
        {
            while (at < text.Length && text[at] is not ((byte)'"' or (byte)'\\' or < (byte)' ')) at++;
            return at;
        }

        // The last block overlaps bytes that were examined already.
        var last = text.Length - Vector128<byte>.Count;
        var rest = SpecialBits(text, last) >> (at - last);
        return rest == 0 ? text.Length : at + BitOperations.TrailingZeroCount(rest);
    }

    /// <summary>One bit for each byte of a block, set where the byte is special.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint SpecialBits(ReadOnlySpan<byte> text, int at)
    {
        var block = Vector128.Create(text.Slice(at, Vector128<byte>.Count));
        var special = Vector128.Equals(block, Vector128.Create((byte)'"'))
            | Vector128.Equals(block, Vector128.Create((byte)'\\'))
            | Vector128.LessThan(block, Vector128.Create((byte)' '));
        return special.ExtractMostSignificantBits();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint WideSpecialBits(ReadOnlySpan<byte> text, int at)
    {
        var block = Vector256.Create(text.Slice(at, Vector256<byte>.Count));
        var special = Vector256.Equals(block, Vector256.Create((byte)'"'))
            | Vector256.Equals(block, Vector256.Create((byte)'\\'))
            | Vector256.LessThan(block, Vector256.Create((byte)' '));
        return special.ExtractMostSignificantBits();
    }

    /// <summary>The length of the escape at the beginning of the text, a surrogate pair counting as one; 0 if it is incomplete.</summary>
    static int EscapeLength(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2) return 0;
        if (text[1] is (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t') return 2;
        if (text[1] != 'u') return 0;

        var unit = CodeUnit(text[2..]);
        if (unit is >= 0 and (< 0xD800 or > 0xDFFF)) return 6;
        return unit is >= 0xD800 and < 0xDC00 && LowSurrogate(text) >= 0 ? 12 : 0;
    }

    /// <summary>The character of the escape at the beginning of the text, which was checked.</summary>
    static Rune Escaped(ReadOnlySpan<byte> text)
    {
        switch (text[1])
        {
            case (byte)'b': return new Rune('\b');
            case (byte)'f': return new Rune('\f');
            case (byte)'n': return new Rune('\n');
            case (byte)'r': return new Rune('\r');
            case (byte)'t': return new Rune('\t');
            case (byte)'u': break;
            default: return new Rune(text[1]);
        }

        var unit = (char)CodeUnit(text[2..]);
        return char.IsHighSurrogate(unit) ? new Rune(unit, (char)LowSurrogate(text)) : new Rune(unit);
    }

    /// <summary>The second half of a surrogate pair, if the text begins with the escape of the first; negative if there is none.</summary>
    static int LowSurrogate(ReadOnlySpan<byte> text)
    {
        if (text.Length < 12 || text[6] != '\\' || text[7] != 'u') return -1;
        var unit = CodeUnit(text[8..]);
        return unit is >= 0xDC00 and <= 0xDFFF ? unit : -1;
    }

    /// <summary>Four hex digits; negative if the text does not begin with them.</summary>
    static int CodeUnit(ReadOnlySpan<byte> text)
    {
        if (text.Length < 4) return -1;
        var unit = 0;
        foreach (var digit in text[..4])
        {
            var value = digit switch
            {
                >= (byte)'0' and <= (byte)'9' => digit - '0',
                >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
                >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
                _ => -1,
            };
            if (value < 0) return -1;
            unit = unit << 4 | value;
        }
        return unit;
    }
}
