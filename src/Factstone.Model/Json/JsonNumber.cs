namespace Factstone;

/// <summary>Number tokens by the grammar of RFC 8259, section 6.</summary>
internal static class JsonNumber
{
    /// <summary>Finds where the number ends that begins at <paramref name="at"/>, with a minus or a digit.</summary>
    /// <returns>The offset behind it; or the complement of the offset where a digit is missing.</returns>
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

    static int SkipDigits(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && (uint)(text[at] - '0') <= 9) at++;
        return at;
    }
}
