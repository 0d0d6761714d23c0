using Xunit;

namespace Factstone;

public sealed class Leb128Tests
{
    [Theory]
    [InlineData(0UL, "00")]
    [InlineData(1UL, "01")]
    [InlineData(127UL, "7F")]
    [InlineData(128UL, "8001")]
    [InlineData(300UL, "AC02")]
    [InlineData(16_383UL, "FF7F")]
    [InlineData(16_384UL, "808001")]
    [InlineData(624_485UL, "E58E26")]
    [InlineData(uint.MaxValue, "FFFFFFFF0F")]
    [InlineData(ulong.MaxValue, "FFFFFFFFFFFFFFFFFF01")]
    public void A_value_has_these_bytes(ulong value, string hex)
    {
        Assert.Equal(hex, Hex.OfLength(value));
        Assert.Equal(hex.Length / 2, Leb128.Size(value));
        var at = 0;
        Assert.True(Leb128.TryRead(Convert.FromHexString(hex), ref at, out var read));
        Assert.Equal(value, read);
        Assert.Equal(hex.Length / 2, at);
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("8000")] // not minimal
    [InlineData("FF00")]
    [InlineData("808000")]
    [InlineData("FFFFFFFFFFFFFFFFFF02")] // 65 bits
    [InlineData("FFFFFFFFFFFFFFFFFF8100")] // eleven bytes
    [InlineData("80808080808080808000")]
    public void What_is_cut_or_not_minimal_or_too_long_is_no_value_and_moves_nowhere(string hex)
    {
        var at = 0;
        Assert.False(Leb128.TryRead(Convert.FromHexString(hex), ref at, out _));
        Assert.Equal(0, at);
    }

    [Fact]
    public void Every_power_of_two_and_its_neighbours_come_back_from_any_offset()
    {
        Span<byte> bytes = stackalloc byte[Leb128.BytesMax + 3];
        for (var power = 0; power < 64; power++)
        {
            foreach (var value in new[] { (1UL << power) - 1, 1UL << power, (1UL << power) + 1 })
            {
                bytes.Fill(0xFF);
                var size = Leb128.Write(bytes[3..], value);
                Assert.Equal(Leb128.Size(value), size);
                var at = 3;
                Assert.True(Leb128.TryRead(bytes, ref at, out var read));
                Assert.Equal(value, read);
                Assert.Equal(3 + size, at);
            }
        }
    }

    [Theory]
    [InlineData(0, 0UL)]
    [InlineData(-1, 1UL)]
    [InlineData(1, 2UL)]
    [InlineData(-2, 3UL)]
    [InlineData(long.MaxValue, ulong.MaxValue - 1)]
    [InlineData(long.MinValue, ulong.MaxValue)]
    public void Zig_zag_puts_small_numbers_of_either_sign_first(long value, ulong zigZag)
    {
        Assert.Equal(zigZag, Leb128.ZigZag(value));
        Assert.Equal(value, Leb128.UnZigZag(zigZag));
    }
}
