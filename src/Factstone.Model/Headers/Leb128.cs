using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>Unsigned LEB128 in its minimal form, and zig-zag for signed values.</summary>
internal static class Leb128
{
    public const int BytesMax = 10;

    public static int Size(ulong value)
    {
        var size = 1;
        while (value >= 0x80)
        {
            value >>= 7;
            size++;
        }

        return size;
    }

    /// <summary>Writes the value and returns the bytes it took.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> target, ulong value)
    {
        var at = 0;
        while (value >= 0x80)
        {
            target[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[at++] = (byte)value;
        return at;
    }

    /// <summary>Reads a value and moves past it. False, without moving, if the source ends early or the form is not minimal.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, ref int at, out ulong value)
    {
        value = 0;
        var shift = 0;
        for (var i = at; i < source.Length && i - at < BytesMax; i++)
        {
            var octet = source[i];
            if (shift == 63 && octet > 1) return false;
            value |= (ulong)(octet & 0x7F) << shift;
            if (octet < 0x80)
            {
                // A last byte of zero adds nothing: the value has a shorter form.
                if (octet == 0 && i > at) return false;
                at = i + 1;
                return true;
            }

            shift += 7;
        }

        return false;
    }

    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    public static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
