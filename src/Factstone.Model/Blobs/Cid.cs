using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>The name of a blob, computed from its content: a CID of version 1, with codec raw and hash sha2-256, as base32 in lower case (59 characters, such as <c>bafkrei…</c>).</summary>
/// <remarks>
/// The same content has the same CID everywhere; the rules are those of <see href="https://github.com/multiformats/cid"/>.
/// IPFS gives a file this CID if it is added as one raw block (at most 1 MiB by default; a larger file is divided there, and its CID names the root of a tree).
/// The default value is the CID of a hash of zeros, which no content is known to have.
/// </remarks>
[JsonConverter(typeof(LedgerJsonConverter))]
public readonly record struct Cid : ISpanParsable<Cid>
{
    readonly UInt128 _high;
    readonly UInt128 _low;

    Cid(ReadOnlySpan<byte> digest) => (_high, _low) = (BinaryPrimitives.ReadUInt128BigEndian(digest), BinaryPrimitives.ReadUInt128BigEndian(digest[(DigestBytes / 2)..]));

    /// <summary>Bytes of the SHA-256 hash in a CID.</summary>
    public const int DigestBytes = SHA256.HashSizeInBytes;

    /// <summary>The CID of some content.</summary>
    public static Cid Of(ReadOnlySpan<byte> content)
    {
        Span<byte> digest = stackalloc byte[DigestBytes];
        SHA256.HashData(content, digest);
        return new Cid(digest);
    }

    /// <summary>The CID of content that is read to its end, in pieces.</summary>
    public static async ValueTask<Cid> OfAsync(Stream content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        return new Cid(await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The CID of content whose SHA-256 hash is known.</summary>
    /// <param name="digest">The hash, 32 bytes.</param>
    /// <exception cref="ArgumentException">The hash has another length.</exception>
    public static Cid FromDigest(ReadOnlySpan<byte> digest) =>
        digest.Length == DigestBytes ? new Cid(digest) : throw new ArgumentException($"The hash has {digest.Length} bytes, and SHA-256 has {DigestBytes}.", nameof(digest));

    /// <summary>The SHA-256 hash of the content, 32 bytes.</summary>
    public byte[] ToDigest()
    {
        var digest = new byte[DigestBytes];
        WriteDigest(digest);
        return digest;
    }

    /// <summary>Reads the text of a CID, which has one form only.</summary>
    /// <exception cref="FormatException">The text is anything else: another version, base, codec or hash, upper case, white space, or bits beyond the hash. The message says which.</exception>
    public static Cid Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static Cid Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        Read(s, out var cid) is { } wrong ? throw new FormatException($"'{NameCheck.Shown(s)}' is not the CID of a blob: {wrong}") : cid;

    /// <summary>Reads the text of a CID; false if the text is anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Cid result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc cref="TryParse(string?, IFormatProvider?, out Cid)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Cid result) => Read(s, out result) is null;

    /// <summary>The text, 59 characters of ASCII.</summary>
    public override string ToString()
    {
        Span<byte> digest = stackalloc byte[DigestBytes];
        WriteDigest(digest);
        return CidText.Write(digest);
    }

    /// <returns>What is wrong, as a sentence; null if nothing is.</returns>
    static string? Read(ReadOnlySpan<char> text, out Cid cid)
    {
        Span<byte> digest = stackalloc byte[DigestBytes];
        var wrong = CidText.Read(text, digest);
        cid = wrong is null ? new Cid(digest) : default;
        return wrong;
    }

    void WriteDigest(Span<byte> digest)
    {
        BinaryPrimitives.WriteUInt128BigEndian(digest, _high);
        BinaryPrimitives.WriteUInt128BigEndian(digest[(DigestBytes / 2)..], _low);
    }
}
