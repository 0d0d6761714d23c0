using System.Text;

namespace Factstone;

/// <summary>The order of names, keys and tags everywhere: unsigned UTF-8 bytes, no normalisation.</summary>
/// <remarks>
/// That is the order of code points. .NET compares UTF-16 units, which puts surrogates (U+10000 and above) before
/// U+E000..U+FFFF. Shifting both ranges corrects that without encoding anything.
/// </remarks>
internal sealed class Utf8Order : IComparer<string>
{
    public static readonly Utf8Order Instance = new();

    public int Compare(string? x, string? y)
    {
        var a = x.AsSpan();
        var b = y.AsSpan();
        var same = a.CommonPrefixLength(b);
        if (same == a.Length || same == b.Length) return a.Length.CompareTo(b.Length);
        return Rank(a[same]).CompareTo(Rank(b[same]));
    }

    /// <summary>Sorts a few texts, most of which are in order already. Unlike the runtime's sort, it does not allocate.</summary>
    public static void Sort(Span<string> texts)
    {
        for (var i = 1; i < texts.Length; i++)
        {
            var text = texts[i];
            var at = i;
            for (; at > 0 && Instance.Compare(texts[at - 1], text) > 0; at--) texts[at] = texts[at - 1];
            texts[at] = text;
        }
    }

    static int Rank(char unit) => unit < 0xD800 ? unit : char.IsSurrogate(unit) ? unit + 0x2000 : unit - 0x800;

    /// <summary>The length of the text in UTF-8, or −1 if it has a lone surrogate, which UTF-8 cannot encode.</summary>
    public static int ByteCount(ReadOnlySpan<char> text)
    {
        try
        {
            return Strict.GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            return -1;
        }
    }

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
