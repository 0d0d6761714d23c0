using Xunit;

namespace Factstone;

public sealed class LedgerCursorTests
{
    const string Id = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

    [Theory]
    [InlineData($"{Id}/1@0", null)]
    [InlineData($"{Id}/1@1000", null)]
    [InlineData($"{Id}/4294967295@4398046511103", null)]
    [InlineData($"{Id}/1@1000.1a2b3c4d", 0x1a2b3c4du)]
    [InlineData($"{Id}/2@1.00000000", 0u)]
    [InlineData($"{Id}/2@1.ffffffff", uint.MaxValue)]
    public void A_cursor_comes_back_from_its_text_with_a_leaf_and_without_one(string text, uint? leaf)
    {
        var cursor = LedgerCursor.Parse(text);
        Assert.Equal(leaf, cursor.Leaf);
        Assert.Equal(text, cursor.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData(Id)]
    [InlineData($"{Id}/1")]
    [InlineData($"{Id}/0@1")]
    [InlineData($"{Id}/4294967296@1")]
    [InlineData($"{Id}/1@4398046511104")]
    [InlineData($"{Id}/1@-1")]
    [InlineData($"{Id}/1@0.1a2b3c4d")]
    [InlineData($"{Id}/1@1000.")]
    [InlineData($"{Id}/1@1000.1a2b3c4")]
    [InlineData($"{Id}/1@1000.1a2b3c4d5")]
    [InlineData($"{Id}/1@1000.1A2B3C4D")]
    [InlineData($"{Id}/1@1000. 1a2b3c4")]
    [InlineData($"{Id}/1@1000.1a2b3c4d.")]
    [InlineData($"{Id}/1@.1a2b3c4d")]
    [InlineData("6f9619ff8b864d01b42d00cf4fc964ff/1@1")]
    public void Any_other_text_is_no_cursor(string? text)
    {
        Assert.False(LedgerCursor.TryParse(text, out _));
        if (text is not null) Assert.Throws<FormatException>(() => LedgerCursor.Parse(text));
    }

    [Fact]
    public void Cursors_with_different_leaves_are_different() =>
        Assert.NotEqual(LedgerCursor.Parse($"{Id}/1@1000.1a2b3c4d"), LedgerCursor.Parse($"{Id}/1@1000"));
}
