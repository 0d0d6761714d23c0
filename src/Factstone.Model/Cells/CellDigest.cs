using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Factstone;

/// <summary>SHA-256 of the value of a cell, to compare values without reading them. Kept in memory only.</summary>
internal readonly record struct CellDigest(UInt128 High, UInt128 Low)
{
    /// <summary>False for the default value, which is the digest of no value.</summary>
    public bool IsKnown => this != default;

    public static CellDigest Of(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(value, hash);
        return new CellDigest(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
    }
}
