using System.Text;
using Xunit;

namespace Factstone;

public sealed class MetadataJsonTests
{
    static JsonFault CheckMetadata(string text) => MetadataJson.CheckMetadata(Encoding.UTF8.GetBytes(text));

    static JsonFault CheckProducer(string text) => MetadataJson.CheckProducer(Encoding.UTF8.GetBytes(text));

    [Fact]
    public void Metadata_is_an_object_of_strings()
    {
        foreach (var text in new[] { "{}", " { } ", "{\"user\":\"ada\",\"traceparent\":\"00-1\"}" }) Assert.Equal(JsonFault.None, CheckMetadata(text));
        foreach (var text in new[] { "[]", "\"a\"", "null", "1", "[{}]" }) Assert.Equal(JsonFault.NotAnObject, CheckMetadata(text));
        foreach (var value in new[] { "1", "null", "true", "{}", "[]", "{\"b\":\"c\"}" })
            Assert.Equal(JsonFault.ValueNotText, CheckMetadata($"{{\"ok\":\"yes\",\"a\":{value}}}"));
    }

    [Fact]
    public void Metadata_must_be_JSON_by_all_other_rules()
    {
        Assert.Equal(JsonFault.Empty, CheckMetadata(""));
        Assert.Equal(JsonFault.Syntax, CheckMetadata("{\"a\":\"b\""));
        Assert.Equal(JsonFault.DuplicateName, CheckMetadata("{\"a\":\"b\",\"\\u0061\":\"c\"}"));
        Assert.Equal(JsonFault.LoneSurrogate, CheckMetadata("{\"a\":\"\\udc00\"}"));
    }

    [Fact]
    public void A_producer_is_an_object_of_any_kind()
    {
        Assert.Equal(JsonFault.None, CheckProducer("{\"name\":\"shop\",\"version\":[1,{\"b\":null}]}"));
        Assert.Equal(JsonFault.NotAnObject, CheckProducer("[{}]"));
        Assert.Equal(JsonFault.TooDeep, CheckProducer("{\"a\":" + new string('[', 200)));
    }

    [Fact]
    public void Sizes_are_bounded()
    {
        static string OfSize(int bytes) => $"{{\"a\":\"{new string('x', bytes - 8)}\"}}";
        Assert.Equal(JsonFault.None, CheckMetadata(OfSize(16 * 1024)));
        Assert.Equal(JsonFault.TooLong, CheckMetadata(OfSize(16 * 1024 + 1)));
        Assert.Equal(JsonFault.None, CheckProducer(OfSize(4 * 1024)));
        Assert.Equal(JsonFault.TooLong, CheckProducer(OfSize(4 * 1024 + 1)));
    }

    [Fact]
    public void A_description_says_what_is_asked_for_and_what_is_wrong()
    {
        Assert.Equal("Metadata must be a JSON object whose values are all strings. The value at byte 5 must be a JSON string.",
            MetadataJson.DescribeMetadata("{\"a\":1}"u8, JsonFault.ValueNotText));
        Assert.Equal("The producer must be a JSON object. The value at byte 0 must be a JSON object.",
            MetadataJson.DescribeProducer("[]"u8, JsonFault.NotAnObject));
        Assert.Equal("The producer must be a JSON object. It has 5000 bytes; the most is 4096.",
            MetadataJson.DescribeProducer(new byte[5000], JsonFault.TooLong));
    }
}
