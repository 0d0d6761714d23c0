using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Factstone;

/// <summary>The identity of a ledger: 16 random bytes, drawn when it is created and kept for ever.</summary>
/// <param name="Value">The bytes, in RFC 9562 order.</param>
public readonly record struct LedgerId(Guid Value)
{
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
