using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Factstone;

public sealed class FactQueryTextTests
{
    const int Runs = 200;

    static string Refused(string text)
    {
        Assert.False(FactQuery.TryParse(text, out var query, out var error), text);
        Assert.Null(query);
        Assert.Equal(error, Assert.Throws<FormatException>(() => FactQuery.Parse(text)).Message);
        return error;
    }

    [Fact]
    public void A_text_is_read_as_the_query_that_it_says()
    {
        void Says(string text, FactQuery query) => Assert.Equal(query, FactQuery.Parse(text));

        Says("all", FactQuery.All);
        Says(" \t all \r\n", FactQuery.All);
        Says("store=orders", FactQuery.Store("orders"));
        Says("store=orders key=42", FactQuery.Stream("orders/42"));
        Says("key=42 store=orders", FactQuery.Stream("orders/42"));
        Says("store=orders key=\"\"", FactQuery.Stream("orders/"));
        Says("store=files prefix=src/", [new() { Store = "files", KeyPrefix = "src/" }]);
        Says("type=placed,paid", FactQuery.Types("placed", "paid"));
        Says("tag=x tag=y", FactQuery.Tags("x", "y"));
        Says("tag=x type=a store=s tag=y", [new() { Store = "s", Types = ["a"], Tags = ["x", "y"] }]);
        Says("type=a|tag=b", [new() { Types = ["a"] }, new() { Tags = ["b"] }]);
        Says("  type=a\n|\ttag=b  tag=c ", [new() { Types = ["a"] }, new() { Tags = ["b", "c"] }]);
        Says("store=\"my store\" key=\"a|b\" type=\"paid, late\",x,\"\\\"\\u0041\\ud83d\\ude02\\/\"", [new() { Store = "my store", Key = "a|b", Types = ["paid, late", "x", "\"A😂/"] }]);
        Says("tag=a=b tag=c\\d tag='e' tag=all tag=tag=", FactQuery.Tags("a=b", "c\\d", "'e'", "all", "tag="));
        Says("store=$receipts", FactQuery.Store("$receipts"));
        Says("store=all", FactQuery.Store("all"));
    }

    [Fact]
    public void A_query_writes_itself_in_the_shortest_form()
    {
        Assert.Equal("all", FactQuery.All.ToString());
        Assert.Equal("store=orders type=placed,paid tag=x tag=\"y z\" | store=s key=\"\" | store=s prefix=\"a\\\"\"",
            FactQuery.Create(
                new() { Tags = ["x", "y z"], Types = ["placed", "paid"], Store = "orders" },
                new() { Store = "s", Key = "" },
                new() { Store = "s", KeyPrefix = "a\"" }).ToString());
        Assert.Equal("tag=a tag=b", new FactQueryItem { Tags = ["a", "b"] }.ToString());
    }

    [Theory]
    [InlineData("", 0, "it is empty")]
    [InlineData("  \t", 3, "it is empty")]
    [InlineData("|", 0, "expected a term")]
    [InlineData("store=a |", 9, "expected a term")]
    [InlineData("store=a || tag=b", 9, "expected a term")]
    [InlineData("| store=a", 0, "expected a term")]
    [InlineData("orders", 0, "'orders' is not a term")]
    [InlineData("store=a colour=red", 8, "'colour' is not a term. A term is store=, key=, prefix=, type= or tag=")]
    [InlineData("Store=a", 0, "'Store' is not a term")]
    [InlineData("ALL", 0, "'ALL' is not a term")]
    [InlineData("all | store=a", 0, "'all' cannot be combined with terms")]
    [InlineData("store=a | all", 10, "'all' cannot be combined with terms")]
    [InlineData("store=a all", 8, "'all' cannot be combined with terms")]
    [InlineData("=a", 0, "expected a term, but there is '='")]
    [InlineData("store=a \"b\"", 8, "expected a term, but there is '\"'")]
    [InlineData("store", 5, "expected '='")]
    [InlineData("store =a", 5, "expected '='")]
    [InlineData("store= a", 6, "expected a value after 'store='")]
    [InlineData("store=", 6, "expected a value after 'store='")]
    [InlineData("store=|tag=a", 6, "expected a value after 'store='")]
    [InlineData("store=a store=b", 8, "'store' occurs twice")]
    [InlineData("store=a key=b key=c", 14, "'key' occurs twice")]
    [InlineData("store=a prefix=b prefix=c", 17, "'prefix' occurs twice")]
    [InlineData("type=a type=b", 7, "'type' occurs twice in this item. Write type=a,b")]
    [InlineData("store=a key=b prefix=c", 14, "exclude each other")]
    [InlineData("tag=a key=b", 6, "'key' needs the store")]
    [InlineData("key=b", 0, "'key' needs the store")]
    [InlineData("store=a | prefix=b", 10, "'prefix' needs the store")]
    [InlineData("store=\"a", 6, "not closed")]
    [InlineData("store=\"a\\\"", 6, "not closed")]
    [InlineData("store=\"", 6, "not closed")]
    [InlineData("store=\"a\\", 6, "not closed")]
    [InlineData("store=\"a\"b", 9, "after the quotes, but there is 'b'")]
    [InlineData("store=\"a\",\"b\"", 9, "after the quotes, but there is ','")]
    [InlineData("store=a\"b\"", 7, "store=\"…\"")]
    [InlineData("tag=a,b", 5, "For two tags write tag=x tag=y")]
    [InlineData("type=a,", 7, "expected a value after 'type='")]
    [InlineData("type=,a", 5, "expected a value after 'type='")]
    [InlineData("type=a, b", 7, "expected a value after 'type='")]
    [InlineData("type=a ,b", 7, "expected a term, but there is ','")]
    [InlineData("tag=\"é\\x\"", 6, "something that a JSON string cannot contain")]
    [InlineData("tag=\"a\tb\"", 6, "something that a JSON string cannot contain")]
    [InlineData("tag=\"\\ud83d\"", 5, "half of a surrogate pair")]
    [InlineData("tag=a\0b", 4, "control character U+0000 at index 1")]
    [InlineData("tag=\"a\\u0000b\"", 4, "control character U+0000 at index 1")]
    [InlineData("tag=\"\"", 4, "The tag is empty")]
    [InlineData("type=a,\"\"", 7, "The type is empty")]
    [InlineData("store=..", 6, "cannot be named '..'")]
    [InlineData("store=a/b", 6, "contains a '/'")]
    public void What_is_no_query_is_refused_with_the_place_and_what_was_expected(string text, int index, string says)
    {
        var message = Refused(text);
        Assert.StartsWith($"The query is wrong at index {index}: ", message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
    }

    // The runner encodes theory data as UTF-8, which cannot represent half of a surrogate pair.
    [Fact]
    public void Half_of_a_surrogate_pair_is_refused()
    {
        Assert.StartsWith("The query is wrong at index 4: this value is refused. The tag contains half", Refused("tag=a\ud83d"), StringComparison.Ordinal);
        Assert.StartsWith("The query is wrong at index 4: the value contains half", Refused("tag=\"a\ud83d\""), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_no_query()
    {
        Assert.False(FactQuery.TryParse(null, out _, out var error));
        Assert.Contains("it is empty", error, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => FactQuery.Parse(null!));
    }

    [Fact]
    public void What_is_beyond_a_limit_is_refused_where_it_stands()
    {
        string Many(int count, string separator, string each) => string.Join(separator, Enumerable.Repeat(each, count));

        Assert.Equal(1_000, FactQuery.Parse(Many(1_000, "|", "tag=a")).Count);
        Assert.StartsWith("The query is wrong at index 6000: it has more than 1,000 items", Refused(Many(1_001, "|", "tag=a")), StringComparison.Ordinal);
        Assert.Contains("more than 1,000 items", Refused(Many(10_000, "|", "tag=a")), StringComparison.Ordinal);
        Assert.Equal(100, FactQuery.Parse($"type={Many(100, ",", "a")}")[0].Types.Count);
        Assert.StartsWith("The query is wrong at index 8: this item is refused. It names 101 types", Refused($"tag=a | type={Many(101, ",", "a")}"), StringComparison.Ordinal);
        Assert.Contains("65 tags; at most 64", Refused(Many(65, " ", "tag=a")), StringComparison.Ordinal);
        Assert.StartsWith("The query is wrong at index 0: The query names 10,100 types and tags; at most 10,000", Refused(Many(100, "|", $"type={Many(100, ",", "a")} tag=x")), StringComparison.Ordinal);
        Assert.StartsWith("The query is wrong at index 12: this value is refused. The key has 1,025 bytes", Refused($"store=s key={new string('k', 1_025)}"), StringComparison.Ordinal);
    }

    [Fact]
    public Task Whatever_a_query_names_its_text_says_the_same() => new SeedRuns(Runs).RunAsync(static (seed, _) =>
    {
        var random = new RandomQueries(seed);
        for (var i = 0; i < 100; i++)
        {
            var query = random.Query();
            Assert.True(query.Wrong is null, query.Wrong);
            var text = query.ToString();
            Assert.True(FactQuery.TryParse(text, out var read, out var error), $"{text}: {error}");
            Assert.True(query.Equals(read), $"{text} was read as {read}");
            Assert.True(text == read.ToString(), $"{text} became {read}");
        }
    });

    [Fact]
    public async Task Whatever_text_is_read_is_a_query_that_can_be_used_or_has_an_error_that_names_a_place_in_it()
    {
        var counts = await new SeedRuns(Runs).RunAsync(static (seed, counts) =>
        {
            var random = new RandomQueries(seed);
            for (var i = 0; i < 100; i++)
            {
                var text = random.Mutate(random.Query().ToString());
                if (FactQuery.TryParse(text, out var query, out var error))
                {
                    counts.Count("read");
                    Assert.True(query.Wrong is null, $"{text}: {query.Wrong}");
                    Assert.True(FactQuery.TryParse(query.ToString(), out var again, out error) && query.Equals(again), $"{text} became {query}: {error}");
                    continue;
                }

                counts.Count("refused");
                var location = Regex.Match(error, "^The query is wrong at index ([0-9]+): .+[.]$", RegexOptions.Singleline);
                Assert.True(location.Success && int.Parse(location.Groups[1].Value, CultureInfo.InvariantCulture) <= text.Length, $"{text}: {error}");
            }
        });

        if (counts.Seeds < Runs) return;
        Assert.All(["read", "refused"], what => Assert.True(counts[what] > 20, what));
    }

    [Fact]
    public void The_documents_examples_are_queries()
    {
        var examples = DocumentSection.Read("docs/cli.md", "Queries").Lines("query");
        Assert.True(examples.Count >= 10);
        foreach (var example in examples) Assert.Equal(example, FactQuery.Parse(example).ToString());
    }
}
