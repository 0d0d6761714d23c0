namespace Factstone;

/// <summary>Orders UTF-8 as RFC 8785, section 3.2.3, orders names: by their UTF-16 code units.</summary>
/// <remarks>
/// That is the order of the bytes with one exception: in UTF-16, characters from U+10000 on are surrogates (D800 to DFFF),
/// which come before U+E000 to U+FFFF; in UTF-8 they come after.
/// </remarks>
internal static class Utf16Order
{
    public static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var same = a.CommonPrefixLength(b);
        if (same == a.Length || same == b.Length) return a.Length.CompareTo(b.Length);
        return Rank(a[same]).CompareTo(Rank(b[same]));
    }

    /// <summary>Lead bytes of characters from U+10000 on are F0 to F4; of U+E000 to U+FFFF, EE and EF.</summary>
    static int Rank(byte value) => value is 0xEE or 0xEF ? value + 0x10 : value;
}
