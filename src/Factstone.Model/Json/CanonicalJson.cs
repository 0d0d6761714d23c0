using System.Diagnostics.CodeAnalysis;

namespace Factstone;

/// <summary>The canonical form of JSON, called v1: two texts that mean the same have the same bytes.</summary>
/// <remarks>
/// RFC 8785 with one exception. The RFC turns every number into a double, so that 9007199254740993 would equal
/// 9007199254740992. Here an integer (a number without fraction and exponent) keeps its digits, and -0 is 0. Up to ±2^53 the
/// result is that of the RFC. Hashes and comparisons depend on this form: it never changes, and another form gets another name.
/// </remarks>
internal static class CanonicalJson
{
    /// <summary>Writes the canonical form of a JSON text.</summary>
    /// <exception cref="ArgumentException">
    /// The text is refused by <see cref="JsonCheck"/>, or a number with fraction or exponent is too large for a double.
    /// </exception>
    public static byte[] Encode(ReadOnlySpan<byte> utf8)
    {
        if (JsonCheck.Check(utf8) is not JsonFault.None and var fault)
            throw new ArgumentException(JsonCheck.Describe(utf8, fault), nameof(utf8));
        if (!CanonicalJsonWriter.TryWrite(utf8, out var canonical, out var numberTooLarge))
        {
            throw new ArgumentException(
                $"The number {numberTooLarge} is too large for a double, so that the text has no canonical form.", nameof(utf8));
        }
        return canonical;
    }

    /// <summary>Whether two texts have the same canonical form. A text without a canonical form equals only itself, byte for byte.</summary>
    public static bool AreEqual(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) =>
        a.SequenceEqual(b) || (TryEncode(a, out var canonical) && TryEncode(b, out var other) && canonical.AsSpan().SequenceEqual(other));

    static bool TryEncode(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out byte[]? canonical)
    {
        canonical = null;
        return JsonCheck.Check(utf8) == JsonFault.None && CanonicalJsonWriter.TryWrite(utf8, out canonical, out _);
    }
}
