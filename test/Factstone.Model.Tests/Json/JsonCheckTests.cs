using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Factstone;

public sealed class JsonCheckTests
{
    static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = JsonCheck.DepthMax };

    static JsonFault Check(string text) => JsonCheck.Check(Encoding.UTF8.GetBytes(text));

    static string Describe(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return JsonCheck.Describe(utf8, JsonCheck.Check(utf8));
    }

    static string Nested(int depth) => new string('[', depth) + new string(']', depth);

    static string ObjectWith(IEnumerable<string> names) => "{" + string.Join(",", names.Select(name => $"\"{name}\":0")) + "}";

    [Fact]
    public void One_value_of_any_kind_is_accepted()
    {
        string[] texts =
        [
            "null", "true", "false", "0", "-0", "10", "-1.5", "1e5", "1E-5", "1.25e+300", "1e400", "\"\"", "\"a\"", "[]", "{}", "[1,2]", "[[],{}]",
            "{\"a\":1}", "{\"a\":{\"a\":[]},\"b\":null}", " \t\r\n[ 1 , { \"a\" : 2 } ]\n", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude02\"", "\"é€😂\u007f\"",
        ];
        foreach (var text in texts) Assert.True(Check(text) == JsonFault.None, $"{text}: {Describe(text)}");
    }

    [Fact]
    public void What_is_not_exactly_one_value_by_the_grammar_is_refused()
    {
        string[] texts =
        [
            "nul", "True", "NaN", "Infinity", "-Infinity", "01", "-", "-a", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x1", "1_0", "'a'", "\"", "\"a", "\"\\\"", "\"\\",
            "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "\"a\nb\"", "\"\u0000\"", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
            "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":}", "{\"a\":1]", "{,}", "1 2", "{}{}", "null,", "// c\n1", "1 /* c */", "\u00a01", "\f1",
        ];
        foreach (var text in texts) Assert.True(Check(text) == JsonFault.Syntax, $"{text} is {Check(text)}");
    }

    [Fact]
    public void Nothing_but_white_space_is_empty()
    {
        Assert.Equal(JsonFault.Empty, Check(""));
        Assert.Equal(JsonFault.Empty, Check(" \t\r\n"));
    }

    [Fact]
    public void A_byte_order_mark_is_refused_in_front_and_is_a_character_in_a_string()
    {
        Assert.Equal(JsonFault.ByteOrderMark, Check("\ufeff{}"));
        Assert.Equal(JsonFault.None, Check("\"\ufeff\""));
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_wherever_they_are()
    {
        byte[][] wrong = [[0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8], [0xFF]];
        foreach (var bytes in wrong)
        {
            byte[] text = [.. "[\"é"u8, .. bytes, .. "\"]"u8];
            Assert.Equal(JsonFault.NotUtf8, JsonCheck.Check(text));
            Assert.Contains("byte 4", JsonCheck.Describe(text, JsonFault.NotUtf8), StringComparison.Ordinal);
            Assert.Equal(JsonFault.NotUtf8, JsonCheck.Check([.. "1"u8, .. bytes]));
        }
    }

    [Fact]
    public void Names_are_duplicates_when_they_are_equal_after_unescaping()
    {
        string[] duplicates =
        [
            "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"\\u0061\":1,\"a\":2}", "{\"\\u0061\":1,\"\\u0061\":2}", "{\"\":1,\"\":2}", "{\"/\":1,\"\\/\":2}",
            "{\"😂\":1,\"\\ud83d\\uDE02\":2}", "{\"\\n\":1,\"\\u000A\":2}", "[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]", "{\"a\":{\"b\":1},\"b\":[{\"a\":1}],\"a\":2}",
        ];
        foreach (var text in duplicates) Assert.True(Check(text) == JsonFault.DuplicateName, $"{text} is {Check(text)}");

        string[] distinct = ["{\"a\":1,\"A\":2}", "{\"a\":{\"a\":{\"a\":1}}}", "[{\"a\":1},{\"a\":1}]", "{\"é\":1,\"e\\u0301\":2}", "{\"\":1,\"\\u0000\":2}", "{\"a\":1,\"\\\\u0061\":2}"];
        foreach (var text in distinct) Assert.True(Check(text) == JsonFault.None, $"{text} is {Check(text)}");
    }

    // The check compares the names of small objects and hashes those of large ones. The change between the two must lose no name.
    [Fact]
    public void A_duplicate_is_found_at_every_place_in_objects_of_every_size_about_the_change_to_hashing()
    {
        for (var size = 1; size <= 70; size++)
        {
            var names = Enumerable.Range(0, size).Select(i => $"name{i}").ToArray();
            Assert.Equal(JsonFault.None, Check(ObjectWith(names)));
            for (var again = 0; again < size; again++)
            {
                Assert.Equal(JsonFault.DuplicateName, Check(ObjectWith([.. names, names[again]])));
                Assert.Equal(JsonFault.DuplicateName, Check(ObjectWith([.. names, $"n\\u0061me{again}"])));
            }
        }
    }

    [Fact]
    public void A_large_object_has_its_names_to_itself()
    {
        var names = Enumerable.Range(0, 500).Select(i => $"n{i}").ToArray();
        var inner = ObjectWith(names);
        var members = string.Join(",", names.Select((name, i) => $"\"{name}\":{(i % 100 == 40 ? inner : "0")}"));

        Assert.Equal(JsonFault.None, Check($"{{{members}}}"));
        Assert.Equal(JsonFault.None, Check($"[{inner},{{{members}}},{inner}]"));
        Assert.Equal(JsonFault.DuplicateName, Check($"{{{members},\"n0\":1}}"));
        Assert.Equal(JsonFault.DuplicateName, Check($"{{{members},\"n499\":1}}"));
        Assert.Equal(JsonFault.DuplicateName, Check($"{{\"x\":{{{members}}},\"y\":{{{members},\"n41\":{inner}}}}}"));

        // The state of a refused text must not affect the next one.
        Assert.Equal(JsonFault.None, Check(inner));
    }

    [Fact]
    public void An_object_of_a_hundred_thousand_names_takes_a_moment_even_if_they_are_made_to_collide()
    {
        var alike = Enumerable.Range(0, 100_000).Select(i => $"aaaaaaaa{i:x5}zzzzzzzz").ToArray();
        var texts = new[] { ObjectWith(alike), ObjectWith(Enumerable.Range(0, 100_000).Select(i => $"\\u0061{i}")) };

        var watch = Stopwatch.StartNew();
        foreach (var text in texts) Assert.Equal(JsonFault.None, Check(text));
        Assert.Equal(JsonFault.DuplicateName, Check(ObjectWith([.. alike, alike[77_777]])));

        // A comparison of each with each would take minutes.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"took {watch.Elapsed}");
    }

    // The check searches strings in blocks of 32 and of 16 bytes. The last block overlaps the one before.
    [Fact]
    public void A_control_character_is_found_at_every_place_of_a_string_of_every_length()
    {
        for (var length = 1; length <= 70; length++)
        {
            for (var behind = 0; behind <= 17; behind++)
            {
                var text = Encoding.ASCII.GetBytes($"\"{new string('x', length)}\"{new string(' ', behind)}");
                Assert.Equal(JsonFault.None, JsonCheck.Check(text));
                for (var at = 1; at <= length; at++)
                {
                    text[at] = 0x1F;
                    Assert.Contains($"at byte {at} is 0x1F", JsonCheck.Describe(text, JsonFault.Syntax), StringComparison.Ordinal);
                    text[at] = (byte)'x';
                }
            }
        }
    }

    [Fact]
    public void An_escape_of_one_code_unit_is_accepted_unless_it_is_a_surrogate()
    {
        for (var unit = 0; unit <= 0xFFFF; unit++)
        {
            var expected = char.IsSurrogate((char)unit) ? JsonFault.LoneSurrogate : JsonFault.None;
            Assert.Equal(expected, Check(string.Create(CultureInfo.InvariantCulture, $"\"\\u{unit:x4}\"")));
        }
    }

    [Fact]
    public void Surrogates_are_accepted_as_a_pair_only_in_values_and_in_names()
    {
        Assert.Equal(JsonFault.None, Check("\"\\ud800\\udc00\\uDBFF\\uDFFF\""));
        string[] lone = ["\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800\\ud800\\udc00", "\\ud800a", "\\ud800\\n", "\\ud800\\u0041", "\\ud800\\udc00\\udc00", "\\ud83d😂"];
        foreach (var raw in lone)
        {
            Assert.Equal(JsonFault.LoneSurrogate, Check($"\"{raw}\""));
            Assert.Equal(JsonFault.LoneSurrogate, Check($"{{\"{raw}\":1}}"));
            Assert.Equal(JsonFault.LoneSurrogate, Check($"[\"0123456789abcdef{raw}\"]"));
        }
    }

    [Fact]
    public void Nesting_is_accepted_to_128_and_refused_at_129()
    {
        Assert.Equal(JsonFault.None, Check(Nested(128)));
        Assert.Equal(JsonFault.TooDeep, Check(Nested(129)));

        static string Objects(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
        Assert.Equal(JsonFault.None, Check(Objects(128)));
        Assert.Equal(JsonFault.TooDeep, Check(Objects(129)));
        Assert.Equal(JsonFault.None, Check($"[{string.Join(",", Enumerable.Repeat(Nested(127), 200))}]"));
    }

    [Fact]
    public void Nesting_a_million_deep_is_refused_at_the_129th_bracket_without_memory()
    {
        var text = Encoding.UTF8.GetBytes(new string('[', 1_000_000));
        var fault = JsonFault.None;
        Assert.Equal(0, Allocated.Least(() => fault = JsonCheck.Check(text)));
        Assert.Equal(JsonFault.TooDeep, fault);
        Assert.Contains("byte 128", JsonCheck.Describe(text, JsonFault.TooDeep), StringComparison.Ordinal);
    }

    [Fact]
    public void An_ordinary_text_is_checked_without_allocation()
    {
        var text = Encoding.UTF8.GetBytes(ObjectWith(Enumerable.Range(0, 32).Select(i => $"\\u006eame{i}")));
        var fault = JsonFault.TooDeep;
        Assert.Equal(0, Allocated.Least(() => fault = JsonCheck.Check(text)));
        Assert.Equal(JsonFault.None, fault);
    }

    [Fact]
    public void A_description_says_what_is_wrong_and_at_which_byte()
    {
        Assert.Equal("The text is not JSON: at byte 6 is ']', where a value should be.", Describe("[\"é\",]"));
        Assert.Equal("The text is not JSON: it ends at byte 6, where ',' or '}' should be.", Describe("{\"a\":1"));
        Assert.Equal("The name \"a\" at byte 9 is in its object already. Names are compared after unescaping.", Describe("{\"a\": 1, \"a\": 2}"));
        Assert.Equal("The escape \\ud800 at byte 2 is half of a surrogate pair and encodes no character.", Describe("[\"\\ud800\"]"));
        Assert.Equal("The text is empty; JSON is exactly one value.", Describe(" "));
        Assert.Equal("The text is JSON.", Describe("{}"));
    }

    [Fact]
    public void Every_text_of_up_to_three_tokens_is_judged_as_the_reader_of_the_base_library_does()
    {
        string[] tokens = ["{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\"", "0", "1", "-", ".", "e", " ", "\\", "null"];
        string[] orNone = ["", .. tokens];
        var texts =
            from first in orNone
            from second in orNone
            from third in orNone
            select first + second + third;

        foreach (var text in texts.Distinct()) AssertAgreesWithReader(Encoding.UTF8.GetBytes(text), text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20260)]
    [InlineData(77003)]
    public void A_random_text_whole_or_damaged_is_judged_as_the_reader_of_the_base_library_does(int seed)
    {
        var json = new RandomJson(seed);
        for (var i = 0; i < 1500; i++)
        {
            var text = json.Write(json.Value());
            Assert.True(JsonCheck.Check(text) == JsonFault.None, $"seed {seed}, text {i}: {Encoding.UTF8.GetString(text)}");

            var damaged = json.Mutate(text);
            AssertAgreesWithReader(damaged, $"seed {seed}, text {i}: {Convert.ToHexString(damaged)} {Encoding.UTF8.GetString(damaged)}");
        }
    }

    // The reader does not check the encoding of strings, halves of surrogate pairs, or equal names. All other results must be the same.
    static void AssertAgreesWithReader(byte[] text, string about)
    {
        var fault = JsonCheck.Check(text);
        Assert.NotEmpty(JsonCheck.Describe(text, fault));
        if (fault is JsonFault.NotUtf8 or JsonFault.LoneSurrogate) return;

        var accepts = ReaderAccepts(text);
        if (accepts) Assert.True(fault == (HasEqualNames(text) ? JsonFault.DuplicateName : JsonFault.None), $"{fault}: {about}");
        else Assert.True(fault != JsonFault.None, $"{fault}: {about}");
    }

    static bool ReaderAccepts(byte[] text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, ReaderOptions);
            while (reader.Read()) { }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Whether a text that the reader accepts contains an object with two equal names.</summary>
    static bool HasEqualNames(byte[] text)
    {
        var open = new Stack<HashSet<string>>();
        var reader = new Utf8JsonReader(text, ReaderOptions);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartObject) open.Push([]);
            if (reader.TokenType == JsonTokenType.EndObject) open.Pop();
            if (reader.TokenType == JsonTokenType.PropertyName && !open.Peek().Add(reader.GetString()!)) return true;
        }
        return false;
    }
}
