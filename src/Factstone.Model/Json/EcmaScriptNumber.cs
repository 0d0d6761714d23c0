using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Factstone;

/// <summary>
/// Writes doubles as ECMAScript does: with the fewest digits that read back as the same double, the nearest of these, and on a tie the even one.
/// </summary>
/// <remarks>Source: ECMA-262, Number::toString with radix 10 and its second note, as RFC 8785, section 3.2.2.3, requires.</remarks>
internal static class EcmaScriptNumber
{
    /// <summary>Enough for every double: sign, "0.00000", 17 digits.</summary>
    public const int BytesMax = 32;

    const int DigitsMax = 17;

    /// <summary>Two different decimals with at most this many digits have different doubles (IEEE 754, normal range).</summary>
    const int DistinctDigits = 15;

    const double NormalMin = 2.2250738585072014E-308;

    /// <summary>Writes a finite double; negative zero is written as zero.</summary>
    /// <returns>The bytes written.</returns>
    public static int Write(double value, Span<byte> destination)
    {
        if (value == 0)
        {
            destination[0] = (byte)'0';
            return 1;
        }

        Span<byte> digits = stackalloc byte[DigitsMax];
        var magnitude = Math.Abs(value);
        if (!TryGetShortDigits(magnitude, digits, out var count, out var point)) GetDigits(magnitude, digits, out count, out point);

        var written = 0;
        if (value < 0) destination[written++] = (byte)'-';
        return written + LayOut(digits[..count], point, destination[written..]);
    }

    /// <summary>The value is 0.digits × 10^point.</summary>
    static int LayOut(ReadOnlySpan<byte> digits, int point, Span<byte> destination)
    {
        switch (point)
        {
            case > 21 or <= -6:
                destination[0] = digits[0];
                var at = 1;
                if (digits.Length > 1)
                {
                    destination[at++] = (byte)'.';
                    digits[1..].CopyTo(destination[at..]);
                    at += digits.Length - 1;
                }
                destination[at++] = (byte)'e';
                destination[at++] = point > 0 ? (byte)'+' : (byte)'-';
                Utf8Formatter.TryFormat(Math.Abs(point - 1), destination[at..], out var exponentLength);
                return at + exponentLength;

            case <= 0:
                "0."u8.CopyTo(destination);
                destination.Slice(2, -point).Fill((byte)'0');
                digits.CopyTo(destination[(2 - point)..]);
                return 2 - point + digits.Length;

            default:
                if (digits.Length <= point)
                {
                    digits.CopyTo(destination);
                    destination[digits.Length..point].Fill((byte)'0');
                    return point;
                }
                digits[..point].CopyTo(destination);
                destination[point] = (byte)'.';
                digits[point..].CopyTo(destination[(point + 1)..]);
                return digits.Length + 1;
        }
    }

    /// <summary>
    /// Takes the digits from the base library if that is safe: if there are so few that no other decimal as short has the same double.
    /// </summary>
    /// <remarks>
    /// The library's shortest form is not always the shortest, and does not always read back: .NET 10 writes 2^-25 as
    /// 2.980232238769531E-08, which is another double. Such forms are long.
    /// </remarks>
    static bool TryGetShortDigits(double value, Span<byte> digits, out int count, out int point)
    {
        count = point = 0;
        if (value < NormalMin) return false;

        Span<byte> text = stackalloc byte[BytesMax];
        if (!value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture)) return false;
        text = text[..length];
        if (double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture) != value) return false;

        var exponent = 0;
        if (text.IndexOf((byte)'E') is >= 0 and var e)
        {
            exponent = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }
        var dot = text.IndexOf((byte)'.');
        point = exponent + (dot < 0 ? text.Length : dot);
        foreach (var character in text)
        {
            if (character == '.') continue;
            if (character == '0' && count == 0) point--;
            else if (count == DigitsMax) return false;
            else digits[count++] = character;
        }
        while (digits[count - 1] == '0') count--;
        return count <= DistinctDigits;
    }

    /// <summary>Computes the digits by exact arithmetic.</summary>
    /// <remarks>
    /// Source: Burger and Dybvig, "Printing Floating-Point Numbers Quickly and Accurately" (1996), the free-format algorithm. The value
    /// is numerator/denominator; every number between the value − below/denominator and the value + above/denominator reads back as it.
    /// </remarks>
    static void GetDigits(double value, Span<byte> digits, out int count, out int point)
    {
        var bits = Unsafe.BitCast<double, ulong>(value);
        var fraction = bits & ((1UL << 52) - 1);
        var biased = (int)(bits >> 52);
        var exponent = Math.Max(biased, 1) - 1075;
        var significand = biased == 0 ? fraction : fraction | 1UL << 52;

        // At a power of two the distance to the next double below is half of that to the next one above.
        var isPower = fraction == 0 && biased > 1;
        var numerator = new BigInteger(significand) << (Math.Max(exponent, 0) + (isPower ? 2 : 1));
        var denominator = BigInteger.One << (Math.Max(-exponent, 0) + (isPower ? 2 : 1));
        var below = BigInteger.One << Math.Max(exponent, 0);
        var above = isPower ? below << 1 : below;

        // A decimal halfway between two doubles is read as the even one.
        var isEven = (significand & 1) == 0;

        point = (int)Math.Ceiling(Math.Log10(value) - 1e-10);
        if (point >= 0) denominator *= BigInteger.Pow(10, point);
        else
        {
            var scale = BigInteger.Pow(10, -point);
            numerator *= scale;
            below *= scale;
            above *= scale;
        }
        if (ReachesUp(numerator, above, denominator, isEven))
        {
            denominator *= 10;
            point++;
        }

        count = 0;
        while (true)
        {
            below *= 10;
            above *= 10;
            var digit = (int)BigInteger.DivRem(numerator * 10, denominator, out numerator);
            var lowReadsBack = isEven ? numerator <= below : numerator < below;
            var highReadsBack = ReachesUp(numerator, above, denominator, isEven);

            if (lowReadsBack || highReadsBack)
            {
                var half = (numerator * 2).CompareTo(denominator);
                if (!lowReadsBack || highReadsBack && (half > 0 || half == 0 && (digit & 1) == 1)) digit++;
                digits[count++] = (byte)('0' + digit);
                return;
            }
            digits[count++] = (byte)('0' + digit);
        }
    }

    static bool ReachesUp(BigInteger numerator, BigInteger above, BigInteger denominator, bool isEven)
    {
        var comparison = (numerator + above).CompareTo(denominator);
        return isEven ? comparison >= 0 : comparison > 0;
    }
}
