using Xunit;

namespace Factstone.Storage;

public sealed class Crc32CTests
{
    // RFC 3720 §B.4.
    [Theory]
    [InlineData("313233343536373839", 0xE3069283)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AA)]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43)]
    public void Known_bytes_have_their_checksum(string hex, uint checksum) => Assert.Equal(checksum, Crc32C.Of(Convert.FromHexString(hex)));

    // The processor computes long inputs in three lanes that are joined.
    // For every length, the result must equal the computation bit by bit.
    [Fact]
    public void Bytes_of_any_length_have_the_checksum_of_their_bits()
    {
        var bytes = new byte[20_011];
        new Random(7).NextBytes(bytes);
        var seed = Crc32C.Seed(0x8877665544332211);
        var states = new uint[bytes.Length + 1];
        states[0] = seed;
        for (var i = 0; i < bytes.Length; i++) states[i + 1] = BitByBit(states[i], bytes[i]);

        for (var length = 0; length < 5_000; length++) Assert.Equal(states[length], Crc32C.Append(seed, bytes.AsSpan(0, length)));
        for (var from = 0; from < 5_000; from += 7) Assert.Equal(states[^1], Crc32C.Append(states[from], bytes.AsSpan(from)));
    }

    static uint BitByBit(uint state, byte value)
    {
        state ^= value;
        for (var bit = 0; bit < 8; bit++) state = (state >> 1) ^ ((state & 1) == 0 ? 0 : 0x82F63B78);
        return state;
    }
}
