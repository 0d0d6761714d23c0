namespace Factstone;

/// <summary>The text of a CID: <c>b</c>, and base32 of four bytes and the hash.</summary>
/// <remarks>The base is RFC 4648, section 6, in lower case without padding: https://github.com/multiformats/multibase. The four bytes are varints of https://github.com/multiformats/multicodec.</remarks>
internal static class CidText
{
    const char Base32 = 'b';
    public const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    const int BitsPerCharacter = 5;

    const byte Version = 1;
    const byte RawCodec = 0x55;
    const byte Sha256Hash = 0x12;

    const int VersionAt = 0;
    const int CodecAt = VersionAt + 1;
    const int HashAt = CodecAt + 1;
    const int HashBytesAt = HashAt + 1;
    const int DigestAt = HashBytesAt + 1;
    const int Bytes = DigestAt + Cid.DigestBytes;

    /// <summary>Characters that say everything but the hash.</summary>
    const int HeaderLength = 1 + ((DigestAt * 8 + BitsPerCharacter - 1) / BitsPerCharacter);

    public const int Length = 1 + ((Bytes * 8 + BitsPerCharacter - 1) / BitsPerCharacter);

    public static string Write(ReadOnlySpan<byte> digest)
    {
        Span<byte> bytes = [Version, RawCodec, Sha256Hash, Cid.DigestBytes, .. digest];
        Span<char> text = stackalloc char[Length];
        text[0] = Base32;
        var (bits, count, next) = (0, 0, 0);
        for (var i = 1; i < Length; i++)
        {
            if (count < BitsPerCharacter)
            {
                bits = ((bits << 8) | (next < Bytes ? bytes[next++] : 0)) & 0xFFFF;
                count += 8;
            }

            count -= BitsPerCharacter;
            text[i] = Alphabet[(bits >> count) & 0x1F];
        }

        return text.ToString();
    }

    /// <returns>What is wrong, as a sentence; null if nothing is.</returns>
    public static string? Read(ReadOnlySpan<char> text, Span<byte> digest)
    {
        if (text.IsEmpty) return "the text is empty.";
        foreach (var unit in text)
            if (char.IsWhiteSpace(unit)) return "it contains white space.";
        if (text[0] != Base32)
            return char.IsAsciiLetterUpper(text[0]) || text[0] is 'z' or 'f' or 'u' or 'm'
                ? "it is in another base, or of version 0. Write version 1 in base32 in lower case, which begins with 'bafkrei'."
                : "it does not begin with 'bafkrei'.";
        foreach (var unit in text)
        {
            if (char.IsAsciiLetterUpper(unit)) return "it contains upper case, and base32 that begins with 'b' is in lower case.";
            if (!Alphabet.Contains(unit, StringComparison.Ordinal)) return "it contains a character other than a to z and 2 to 7.";
        }

        if (text.Length < HeaderLength) return TooShortOrLong(text);
        Span<byte> bytes = stackalloc byte[Bytes];
        var rest = Decode(text[1..Math.Min(text.Length, Length)], bytes);
        if (bytes[VersionAt] != Version) return "its version is not 1.";
        if (bytes[CodecAt] != RawCodec) return "its codec is not raw (0x55). A blob is the content itself, not the root of a tree.";
        if (bytes[HashAt] != Sha256Hash) return "its hash is not sha2-256 (0x12).";
        if (bytes[HashBytesAt] != Cid.DigestBytes) return $"its hash does not have {Cid.DigestBytes} bytes.";
        if (text.Length != Length) return TooShortOrLong(text);
        if (rest != 0) return "its last character has bits beyond the hash, so it is not the text of any CID.";
        bytes[DigestAt..].CopyTo(digest);
        return null;
    }

    static string TooShortOrLong(ReadOnlySpan<char> text) => $"it has {text.Length:N0} characters, and a CID has {Length}.";

    /// <returns>The bits after the last whole byte.</returns>
    static int Decode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        var (bits, count, next) = (0, 0, 0);
        foreach (var unit in text)
        {
            bits = ((bits << BitsPerCharacter) | Alphabet.IndexOf(unit, StringComparison.Ordinal)) & 0xFFFF;
            count += BitsPerCharacter;
            if (count < 8 || next == bytes.Length) continue;
            count -= 8;
            bytes[next++] = (byte)(bits >> count);
        }

        return bits & ((1 << count) - 1);
    }
}
