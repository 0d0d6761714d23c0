using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Factstone;

/// <summary>The hashes that prove a fact. All are SHA-256, 32 bytes.</summary>
public static class FactHash
{
    /// <summary>Bytes of the random salt that is kept beside each payload and erased with it.</summary>
    public const int SaltBytes = 16;

    /// <summary>Bytes of each hash here.</summary>
    public const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>SHA-256(salt ‖ metadata length as 4 bytes little-endian ‖ metadata ‖ payload), over the bytes as the writer gave them.</summary>
    public static byte[] PayloadDigest(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> metadata, ReadOnlySpan<byte> payload)
    {
        if (salt.Length != SaltBytes) throw new ArgumentException($"A salt has {SaltBytes} bytes.", nameof(salt));

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32LittleEndian(length, metadata.Length);
        hash.AppendData(salt);
        hash.AppendData(length);
        hash.AppendData(metadata);
        hash.AppendData(payload);
        return hash.GetHashAndReset();
    }

    /// <summary>SHA-256(0x00 ‖ header ‖ payload digest): the leaf of a fact in the hash tree (RFC 6962 §2.1), at index position − 1.</summary>
    public static byte[] Leaf(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payloadDigest) => Prefixed(0x00, header, payloadDigest);

    /// <summary>SHA-256(0x01 ‖ left ‖ right): a node of the hash tree (RFC 6962 §2.1).</summary>
    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => Prefixed(0x01, left, right);

    static byte[] Prefixed(byte prefix, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([prefix]);
        hash.AppendData(first);
        hash.AppendData(second);
        return hash.GetHashAndReset();
    }
}
