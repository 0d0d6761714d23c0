using System.Buffers.Binary;

namespace Factstone.Bench;

/// <summary>A number for a fact that was read: of its version and of bytes near its payload's end, so that both have to be there. Numbers of several facts are added.</summary>
internal static class FactDigest
{
    const int FromEnd = 10;

    public static long Of(long version, ReadOnlySpan<byte> payload) =>
        unchecked((version * 1_000_003) + BinaryPrimitives.ReadInt64LittleEndian(payload[^FromEnd..]));
}
