using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Factstone;

/// <summary>SHA-256 of a cell's value: whether two values are equal is known from it without reading either. Kept in memory only.</summary>
internal readonly record struct CellDigest(UInt128 High, UInt128 Low)
{
    /// <summary>False of the default, which is no value's digest.</summary>
    public bool IsKnown => this != default;

    public static CellDigest Of(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(value, hash);
        return new CellDigest(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
    }
}
