using System.Numerics;
using Xunit;

namespace Factstone;

// Other facts and other systems contain the ids of facts, so their layout never changes.
public sealed class FactIdTests
{
    static readonly LedgerId Ledger = new(new Guid("6f9619ff-8b86-4d01-b42d-00cf4fc964ff"));

    static long At(string time) => Microseconds.From(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("2023-11-14T22:13:20.123456Z", 1, "018bcfe5-687b-71c8-8000-000000173ac0")]
    [InlineData("2026-01-02T03:04:05.678901Z", Position.MaxValue, "019b7ca9-8f2e-7385-bfff-fffffff73ac0")]
    [InlineData("1970-01-01T00:00:00.000000Z", 42, "00000000-0000-7000-8000-000002a73ac0")]
    // A time before the epoch has no UUIDv7. The id is well-formed all the same, and yields the position.
    [InlineData("1969-12-31T23:59:59.999999Z", 7, "ffffffff-ffff-73e7-8000-000000773ac0")]
    public void A_fact_has_this_id(string recordedAt, long position, string id)
    {
        Assert.Equal(new Guid(id), FactId.Create(At(recordedAt), new Position(position), Ledger.Tag));
        Assert.True(FactId.TryGetPosition(new Guid(id), Ledger.Tag, out var found));
        Assert.Equal(position, found.Value);
    }

    // RFC 9562 §5.7: 48 bits milliseconds, 4 bits version, 12 bits, 2 bits variant, 62 bits.
    [Fact]
    public void The_parts_of_an_id_stand_where_the_layout_says()
    {
        var random = new Random(7);
        for (var round = 0; round < 10_000; round++)
        {
            var time = random.NextInt64(0, Microseconds.Max + 1);
            var position = new Position(random.NextInt64(1, Position.MaxValue + 1));
            var tag = (uint)random.NextInt64(0, 1L << 32);
            var bits = new BigInteger(FactId.Create(time, position, tag).ToByteArray(bigEndian: true), isUnsigned: true, isBigEndian: true);

            Assert.Equal(time / 1_000, Part(bits, 0, 48));
            Assert.Equal(7, Part(bits, 48, 4));
            Assert.Equal(time % 1_000, Part(bits, 52, 12));
            Assert.Equal(0b10, Part(bits, 64, 2));
            Assert.Equal(position.Value, Part(bits, 66, 42));
            Assert.Equal(tag >> 12, Part(bits, 108, 20));
            Assert.True(FactId.TryGetPosition(FactId.Create(time, position, tag), tag, out var found));
            Assert.Equal(position, found);
        }

        static long Part(BigInteger bits, int from, int count) => (long)((bits >> (128 - from - count)) & ((BigInteger.One << count) - 1));
    }

    [Fact]
    public void Ids_sort_by_time_and_then_by_position()
    {
        var first = FactId.Create(At("2026-01-02T03:04:05.678901Z"), new Position(9), Ledger.Tag);
        var nextInAppend = FactId.Create(At("2026-01-02T03:04:05.678901Z"), new Position(10), Ledger.Tag);
        var later = FactId.Create(At("2026-01-02T03:04:05.678902Z"), new Position(11), Ledger.Tag);
        Guid[] order = [first, nextInAppend, later];
        Assert.Equal(order, new[] { later, nextInAppend, first }.OrderBy(id => id.ToString(), StringComparer.Ordinal));
    }

    [Fact]
    public void An_id_of_another_ledger_is_refused()
    {
        var other = new LedgerId(new Guid("6f9619ff-8b86-4d01-b42d-00cf4fc96400"));
        Assert.NotEqual(Ledger.Tag >> 12, other.Tag >> 12);
        Assert.False(FactId.TryGetPosition(FactId.Create(0, new Position(1), other.Tag), Ledger.Tag, out _));
    }

    [Theory]
    [InlineData("018bcfe5-687b-41c8-8000-000000173ac0")] // version 4
    [InlineData("018bcfe5-687b-71c8-c000-000000173ac0")] // another variant
    [InlineData("018bcfe5-687b-71c8-8000-000000073ac0")] // position 0
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("ffffffff-ffff-ffff-ffff-ffffffffffff")]
    public void What_is_not_made_like_an_id_leads_nowhere(string id) => Assert.False(FactId.TryGetPosition(new Guid(id), Ledger.Tag, out _));

    // printf '6f9619ff8b864d01b42d00cf4fc964ff' | xxd -r -p | sha256sum
    [Fact]
    public void The_tag_of_a_ledger_is_the_beginning_of_the_SHA_256_of_its_id() => Assert.Equal(0x73AC0860u, Ledger.Tag);

    [Fact]
    public void A_ledgers_id_is_written_as_its_bytes_in_order() => Assert.Equal("6f9619ff-8b86-4d01-b42d-00cf4fc964ff", Ledger.ToString());
}
