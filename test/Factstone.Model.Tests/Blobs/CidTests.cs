using System.Text.Json;
using Xunit;

namespace Factstone;

/// <summary>The CID of content is the one that others compute, and no other text is taken for one.</summary>
public sealed class CidTests
{
    const string Hello = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq";

    // Computed by the npm package multiformats 14.0.5: CID.create(1, raw.code, await sha256.digest(bytes)).toString().
    // Byte i of the content is (i * 31 + (i >> 8) * 7 + (i >>> 16)) & 255.
    [Theory]
    [InlineData(0, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku")]
    [InlineData(1, "bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu")]
    [InlineData(2, "bafkreigy65zaxv3lrycifcnt53v4lva6edbvqiwumurwjjbjvn6lp2tld4")]
    [InlineData(31, "bafkreihmmjwcckrd6n4gaz5tqm3rohtcgxf23g5drbuygaaz4vzznlrzxm")]
    [InlineData(32, "bafkreid7dntsicxzlvp4z6wx42a54pdasvz7gvex5fennopgkdqxcwsfpe")]
    [InlineData(33, "bafkreibsluh3pfkvxctriludvqu7xeetqup56njgfa7r2gpwxe7d7imqne")]
    [InlineData(1_000, "bafkreidhzfns7y3ya6sis75zvwdr2upqgoqu3dz6jshn6ohmqmjchc262i")]
    [InlineData(65_535, "bafkreicf6nvf7hsoyl3a2byjfkwcqhc7piz2ozorxtx4z2gxb35j5dxpfm")]
    [InlineData(65_536, "bafkreidz24uiwcookyp6xhwt3vylvetay65cvn325rum3dm6dsltctqmei")]
    [InlineData(262_143, "bafkreic6qomxptxdayqjbwulj7qcdynjjglwzdlw75rws3un3ngwfr7kw4")]
    [InlineData(262_144, "bafkreig6febf2je4comsmuz7bfvdv6uj2ombaa4lfmvojmj7ta3aju4z3i")]
    [InlineData(262_145, "bafkreigpbkxvricw2an7crh7eouwd7kzosq3bpsj5j353h4febzxdxjrfa")]
    [InlineData(1_048_576, "bafkreiekn66be3bseimndmqudmqtw4f24zeplklu4aj43jy4nyz6hca2r4")]
    [InlineData(3_145_729, "bafkreibthqnpbx6ho4tzhw6gjhiw443vtm6vxd2mc2nlfke2ydsllvjdaq")]
    [InlineData(5_242_880, "bafkreicgnbdm7ovwu3mpdu4cu46bya42isz2ueipfuwreulwgwh2segrbq")]
    public async Task A_cid_is_the_one_that_multiformats_computes(int size, string expected)
    {
        var content = new byte[size];
        for (var i = 0; i < size; i++) content[i] = (byte)((i * 31) + ((i >> 8) * 7) + (i >> 16));

        Assert.Equal(expected, Cid.Of(content).ToString());
        Assert.Equal(expected, (await Cid.OfAsync(new MemoryStream(content), TestContext.Current.CancellationToken)).ToString());
        Assert.Equal(Cid.Of(content), Cid.Parse(expected));
        Assert.Equal(Cid.Of(content), Cid.FromDigest(Cid.Parse(expected).ToDigest()));
    }

    // The texts of other CIDs of "hello" come from the same package.
    [Theory]
    [InlineData("", "empty")]
    [InlineData("QmRN6wdp1S2A5EtjW9A3M1vKSBuQQGcgvuhoMUoEz4iiT5", "version 0")]
    [InlineData("zb2rhZfjRh2FHHB2RkHVEvL2vJnCTcu7kwRqgVsf9gpkLgteo", "another base")]
    [InlineData("f015512202cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "another base")]
    [InlineData("BAFKREIBM6JG3UX5QUMHCN2B3FLC3TYU6DMLB4XA7U5BF44YEGNRJHC4YEQ", "lower case")]
    [InlineData("bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeQ", "upper case")]
    [InlineData("bafybeibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq", "codec is not raw")]
    [InlineData("baguqeeraftze3os7wcrq4jxihmvmlopctynrmhs4d6tuexttaqzwfe4ltasa", "codec is not raw")]
    [InlineData("bafkrgqe3ohjcjplc6n4f3fwunlj6upltggn7xqujbsvnvyw764srszz4u4rshq6ztos4chl4plgg4ffyyxnayrtdi5oc4xb2332g645433aeg", "not sha2-256")]
    [InlineData("bafkqablimvwgy3y", "not sha2-256")]
    [InlineData("bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4ye", "58 characters")]
    [InlineData(Hello + "a", "60 characters")]
    [InlineData("bafkre", "6 characters")]
    [InlineData("bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yer", "bits beyond the hash")]
    [InlineData(" " + Hello, "white space")]
    [InlineData(Hello + "\n", "white space")]
    [InlineData("bafkreibm6jg3ux5q mhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq", "white space")]
    [InlineData(Hello + "=====", "a to z and 2 to 7")]
    [InlineData("bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4ye1", "a to z and 2 to 7")]
    [InlineData("../../../../../../../../etc/passwd", "does not begin")]
    [InlineData("bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrj/../yeq", "a to z and 2 to 7")]
    public void Another_text_is_refused_and_the_message_says_why(string text, string saying)
    {
        Assert.Contains(saying, Assert.Throws<FormatException>(() => Cid.Parse(text)).Message, StringComparison.Ordinal);
        Assert.False(Cid.TryParse(text, null, out var none));
        Assert.Equal(default, none);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Cid>(JsonSerializer.Serialize(text)));
    }

    // There is one text for each CID, so a text that is changed in any way is another CID or none.
    [Fact]
    public void A_changed_character_is_another_cid_or_none()
    {
        var accepted = 0;
        for (var at = 0; at < Hello.Length; at++)
            foreach (var unit in "abcdefghijklmnopqrstuvwxyz0123456789A /")
            {
                var text = $"{Hello[..at]}{unit}{Hello[(at + 1)..]}";
                if (!Cid.TryParse(text, null, out var cid)) continue;
                Assert.Equal(text, cid.ToString());
                Assert.Equal(text == Hello, cid == Cid.Parse(Hello));
                accepted++;
            }

        // 50 characters have 5 bits of the hash, the one before them has 3, and so has the last one; and 7 are fixed.
        Assert.Equal((50 * 32) + 8 + 8 + 7, accepted);
    }

    [Fact]
    public void A_hash_of_another_length_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Cid.FromDigest(new byte[31]));
        Assert.Throws<ArgumentException>(() => Cid.FromDigest(new byte[64]));
        Assert.Equal(Cid.Of("hello"u8), Cid.Parse(Hello));
        Assert.Equal(Hello, JsonSerializer.Deserialize<Cid>($"\"{Hello}\"").ToString());
    }

    [Fact]
    public void A_reference_is_written_and_read_as_json()
    {
        var reference = new BlobReference(Cid.Parse(Hello), 5, "text/plain");
        var json = $$"""{"cid":"{{Hello}}","size":5,"mime":"text/plain"}""";

        Assert.Equal(json, JsonSerializer.Serialize(reference));
        Assert.Equal(json, JsonSerializer.Serialize(reference, TestBlobJson.Default.BlobReference));
        Assert.Equal(reference, JsonSerializer.Deserialize<BlobReference>(json));
        Assert.Equal(reference, JsonSerializer.Deserialize($$"""{"mime":"text/plain","more":1,"size":5,"cid":"{{Hello}}"}""", TestBlobJson.Default.BlobReference));
        Assert.Equal("application/octet-stream", new BlobReference(Cid.Parse(Hello), 0).Mime);
    }

    [Theory]
    [InlineData("""{"cid":"bafkrei","size":5,"mime":"text/plain"}""", "7 characters")]
    [InlineData("""{"cid":"bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq","size":-1,"mime":"text/plain"}""", "size")]
    [InlineData("""{"cid":"bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq","size":1.5,"mime":"text/plain"}""", "size")]
    [InlineData("""{"cid":"bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq","size":5}""", "mime")]
    [InlineData("""{"cid":"bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq","size":5,"mime":"plain"}""", "not a mime type")]
    [InlineData("""[1]""", "no JSON object")]
    public void Other_json_is_not_a_reference(string json, string saying) =>
        Assert.Contains(saying, Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<BlobReference>(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("image/png", null)]
    [InlineData("text/plain; charset=utf-8", null)]
    [InlineData("application/vnd.openxmlformats-officedocument.presentationml.presentation", null)]
    [InlineData("", "empty")]
    [InlineData("png", "not a mime type")]
    [InlineData("/png", "not a mime type")]
    [InlineData("image/", "not a mime type")]
    [InlineData("image /png", "not a mime type")]
    [InlineData("image/p/ng", "not a mime type")]
    [InlineData("image/png\r\nX: y", "control character")]
    [InlineData("text/pläin", "not ASCII")]
    public void A_mime_type_is_a_type_and_a_subtype(string mime, string? saying)
    {
        if (saying is null) Assert.Equal(mime, new BlobReference(default, 1, mime).Mime);
        else Assert.Contains(saying, Assert.Throws<ArgumentException>(() => new BlobReference(default, 1, mime)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mime_type_has_at_most_255_bytes()
    {
        var longest = $"text/{new string('x', FactLimits.BlobMimeBytesMax - 5)}";
        Assert.Equal(longest, new BlobReference(default, 1, longest).Mime);
        Assert.Contains("at most 255", Assert.Throws<ArgumentException>(() => new BlobReference(default, 1, longest + "x")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new BlobReference(default, -1));
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(BlobReference))]
internal sealed partial class TestBlobJson : System.Text.Json.Serialization.JsonSerializerContext;
