using Xunit;

namespace Factstone;

public sealed class StreamNameTests
{
    [Theory]
    [InlineData("orders/42", "orders", "42")]
    [InlineData("orders/", "orders", "")]
    [InlineData("files/src/a.cs", "files", "src/a.cs")]
    [InlineData("files//", "files", "/")]
    [InlineData("orders/..", "orders", "..")]
    public void A_text_is_split_at_its_first_slash_and_comes_back(string text, string store, string key)
    {
        var name = StreamName.Parse(text);
        Assert.Equal((store, key), (name.Store, name.Key));
        Assert.Equal(new StreamName(store, key), name);
        Assert.Equal(text, name.ToString());
        StreamName converted = text;
        Assert.Equal(name, converted);
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("")]
    public void A_text_without_slash_names_no_stream_and_the_error_says_what_to_write(string text)
    {
        Assert.False(StreamName.TryParse(text, out _));
        var error = Assert.Throws<FormatException>(() => StreamName.Parse(text));
        Assert.Contains("STORE/KEY", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_names_no_stream()
    {
        Assert.False(StreamName.TryParse(null, out var name));
        Assert.Equal(default, name);
        Assert.Throws<ArgumentNullException>(() => new StreamName(null!, "42"));
        Assert.Throws<ArgumentNullException>(() => new StreamName("orders", null!));
    }
}
