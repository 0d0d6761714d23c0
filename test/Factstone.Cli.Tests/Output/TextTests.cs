using Factstone.Cli.Output;

namespace Factstone.Cli.Tests;

public sealed class TextTests
{
    [Theory]
    [InlineData("2026-01-31", "2026-01-31T00:00:00.000000Z")]
    [InlineData("2026-01-31T08:15", "2026-01-31T08:15:00.000000Z")]
    [InlineData("2026-01-31 08:15:30", "2026-01-31T08:15:30.000000Z")]
    [InlineData("2026-01-31t08:15:30.1234567891z", "2026-01-31T08:15:30.123456Z")]
    [InlineData("2026-01-31T08:15:30+05:30", "2026-01-31T02:45:30.000000Z")]
    [InlineData("0001-01-01", "0001-01-01T00:00:00.000000Z")]
    [InlineData("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z")]
    public void A_time_without_a_zone_is_UTC(string text, string exact)
    {
        Assert.True(TimeParsing.TryParse(text, out var time));
        Assert.Equal(exact, TimeText.Exact(time));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026")]
    [InlineData("31.01.2026")]
    [InlineData("2026-02-30")]
    [InlineData("2026-01-31T24:00")]
    [InlineData("2026-01-31T08:15:30.")]
    [InlineData("10000-01-01")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    [InlineData("1700000000")]
    public void What_is_no_time_is_not_guessed_at(string text) => Assert.False(TimeParsing.TryParse(text, out _));

    // Every length is tested, so that no cut separates the two halves of a character.
    [Fact]
    public void A_shortened_text_is_text_and_fits()
    {
        const string Text = "a🎈b🎈\u0007c\nd";
        for (var columns = 1; columns < 30; columns++)
        {
            foreach (var fitted in new[] { TextFit.Fit(Text, columns), TextFit.FitEnd(Text, columns) })
            {
                Assert.True(fitted.Length <= columns);
                Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(fitted)));
                Assert.DoesNotContain(fitted, char.IsControl);
            }
        }
        Assert.Equal("a🎈b🎈\\u0007c\\nd", TextFit.Fit(Text, 30));
    }
}
