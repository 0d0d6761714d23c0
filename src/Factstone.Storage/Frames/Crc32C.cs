using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Factstone.Storage;

/// <summary>CRC-32C (Castagnoli, RFC 3720 §12.1), by the processor's instruction where it has one.</summary>
internal static class Crc32C
{
    const uint Start = 0xFFFFFFFF;

    public static uint Of(ReadOnlySpan<byte> bytes) => ~Append(Start, bytes);

    /// <summary>The state that every checksum of a segment starts from, so that no payload and no recycled block passes for one of its frames.</summary>
    public static uint Seed(ulong nonce) => BitOperations.Crc32C(Start, nonce);

    public static uint Of(uint seed, ReadOnlySpan<byte> bytes) => ~Append(seed, bytes);

    public static uint Append(uint state, uint value) => BitOperations.Crc32C(state, value);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Append(uint state, ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        for (; bytes.Length - at >= sizeof(ulong); at += sizeof(ulong))
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]));
        for (; at < bytes.Length; at++)
            state = BitOperations.Crc32C(state, bytes[at]);
        return state;
    }
}
