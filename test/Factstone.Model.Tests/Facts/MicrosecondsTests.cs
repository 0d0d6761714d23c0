using System.Globalization;
using Xunit;

namespace Factstone;

public sealed class MicrosecondsTests
{
    static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1969-12-31T23:59:59.999999Z", -1)]
    [InlineData("2023-11-14T22:13:20.123456Z", 1_700_000_000_123_456)]
    [InlineData("2023-11-15T00:13:20.123456+02:00", 1_700_000_000_123_456)]
    [InlineData("0001-01-01T00:00:00Z", -62_135_596_800_000_000)]
    [InlineData("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999)]
    public void A_time_is_this_many_microseconds(string text, long microseconds)
    {
        Assert.Equal(microseconds, Microseconds.From(Time(text)));
        Assert.Equal(Time(text), Microseconds.ToTime(microseconds));
    }

    [Theory]
    [InlineData("1970-01-01T00:00:00.0000009Z", 0)]
    [InlineData("1969-12-31T23:59:59.9999999Z", -1)]
    public void What_is_finer_is_cut_off_toward_the_past(string text, long microseconds) => Assert.Equal(microseconds, Microseconds.From(Time(text)));

    [Fact]
    public void The_first_and_last_moments_are_in_range_and_their_neighbours_are_not()
    {
        Assert.Equal(DateTimeOffset.MinValue, Microseconds.ToTime(Microseconds.Min));
        Assert.Equal("9999-12-31T23:59:59.999999Z", Microseconds.ToText(Microseconds.ToTime(Microseconds.Max)));
        Assert.True(Microseconds.IsInRange(Microseconds.Min) && Microseconds.IsInRange(Microseconds.Max));
        Assert.False(Microseconds.IsInRange(Microseconds.Min - 1) || Microseconds.IsInRange(Microseconds.Max + 1));
        Assert.False(Microseconds.IsInRange(long.MinValue) || Microseconds.IsInRange(long.MaxValue));
    }

    [Fact]
    public void A_time_is_shown_in_UTC_with_six_digits() =>
        Assert.Equal("2024-02-29T22:30:00.000120Z", Microseconds.ToText(Time("2024-03-01T00:30:00.0001207+02:00")));
}
