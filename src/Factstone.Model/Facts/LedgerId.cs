using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>The identity of a ledger: 16 random bytes, drawn when it is created and kept for ever.</summary>
/// <param name="Value">The bytes, in RFC 9562 order.</param>
[JsonConverter(typeof(LedgerJsonConverter))]
public readonly record struct LedgerId(Guid Value) : ISpanParsable<LedgerId>
{
    const int Length = 36;

    static readonly SearchValues<char> Characters = SearchValues.Create("0123456789abcdefABCDEF-");

    /// <summary>Reads hexadecimal digits with hyphens, such as <c>6f9619ff-8b86-4d01-b42d-00cf4fc964ff</c>.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static LedgerId Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static LedgerId Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException($"'{NameCheck.Shown(s)}' is not the id of a ledger: an id has the form 6f9619ff-8b86-4d01-b42d-00cf4fc964ff.");

    /// <summary>Reads hexadecimal digits with hyphens; false if the text is anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out LedgerId result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc cref="TryParse(string?, IFormatProvider?, out LedgerId)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out LedgerId result)
    {
        // The framework also takes blanks at both ends, and signs and prefixes within the groups.
        var isId = Guid.TryParseExact(s, "D", out var id) && s.Length == Length && !s.ContainsAnyExcept(Characters);
        result = new LedgerId(isId ? id : Guid.Empty);
        return isId;
    }

    /// <summary>The first 32 bits of SHA-256 of the id. Frames contain them, and the first 20 bits are part of every fact's id.</summary>
    internal uint Tag
    {
        get
        {
            Span<byte> id = stackalloc byte[16];
            Value.TryWriteBytes(id, bigEndian: true, out _);
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(id, hash);
            return BinaryPrimitives.ReadUInt32BigEndian(hash);
        }
    }

    /// <summary>The id as hexadecimal digits with hyphens.</summary>
    public override string ToString() => Value.ToString("D");
}
