using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>Number tokens by the grammar of RFC 8259, section 6.</summary>
internal static class JsonNumber
{
    /// <summary>Finds the end of the number that begins at <paramref name="at"/>, with a minus or a digit.</summary>
    /// <returns>The offset after it, or the complement of the offset where a digit is missing.</returns>
    public static int FindEnd(ReadOnlySpan<byte> text, int at)
    {
        if (text[at] == '-') at++;

        var digits = at;
        at = SkipDigits(text, at);
        if (at == digits) return ~at;
        if (text[digits] == '0' && at > digits + 1) return ~(digits + 1);

        if (at < text.Length && text[at] == '.')
        {
            digits = ++at;
            at = SkipDigits(text, at);
            if (at == digits) return ~at;
        }

        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            at++;
            if (at < text.Length && text[at] is (byte)'+' or (byte)'-') at++;
            digits = at;
            at = SkipDigits(text, at);
            if (at == digits) return ~at;
        }
        return at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int SkipDigits(ReadOnlySpan<byte> text, int at)
    {
        // Eight bytes at a time, because the processor cannot predict how many digits a number has.
        while (text.Length - at >= sizeof(ulong))
        {
            var others = NonDigits(BinaryPrimitives.ReadUInt64LittleEndian(text[at..]));
            if (others != 0) return at + BitOperations.TrailingZeroCount(others) / 8;
            at += sizeof(ulong);
        }

        return SkipLastDigits(text, at);
    }

    static int SkipLastDigits(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && (uint)(text[at] - '0') <= 9) at++;
        return at;
    }

    /// <summary>Zero if all bytes are digits; otherwise the lowest set bit is in the first byte that is not a digit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong NonDigits(ulong bytes)
    {
        const ulong HighNibbles = 0xF0F0F0F0F0F0F0F0;
        const ulong Digits = 0x3030303030303030;
        const ulong Six = 0x0606060606060606;

        // A byte from 0x30 to 0x3F is a digit if adding 6 does not carry it out of that range. A byte that overflows, 0xFA or
        // above, is not a digit itself, and changes only the bytes after it.
        return ((bytes & HighNibbles) ^ Digits) | (((bytes + Six) & HighNibbles) ^ Digits);
    }
}
