using System.Buffers.Binary;

namespace Factstone.Bench;

/// <summary>A number for a fact that was read, from its version and from bytes near the end of its payload, so that both must have been read. The numbers of several facts are added.</summary>
internal static class FactDigest
{
    const int FromEnd = 10;

    public static long Of(long version, ReadOnlySpan<byte> payload) =>
        unchecked((version * 1_000_003) + BinaryPrimitives.ReadInt64LittleEndian(payload[^FromEnd..]));
}
