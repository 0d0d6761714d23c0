using Xunit;

namespace Factstone;

public sealed class FactQueryTests
{
    static Fact Stored(string store, string key, string? type, params string[] tags)
    {
        var bytes = new byte[4_096];
        var header = new HeaderWriter(bytes);
        header.Start();
        header.Integer(HeaderField.Position, 1);
        header.Integer(HeaderField.StreamVersion, 1);
        header.Time(HeaderField.RecordedAt, 1);
        header.Text(HeaderField.Store, store);
        header.Text(HeaderField.Key, key);
        if (type is not null) header.Text(HeaderField.Type, type);
        if (tags.Length > 0) header.Tags(tags);
        Array.Resize(ref bytes, header.Length);
        Assert.True(HeaderView.TryRead(bytes, out var view));
        return new Fact(view, bytes, new byte[FactHash.SaltBytes], default, default, ledgerTag: 1);
    }

    static readonly Fact Placed = Stored("orders", "42", "placed", "eu", "vip");

    static void Matches(FactQuery query) => Assert.True(query.Matches(Placed), query.ToString());

    static void Misses(FactQuery query) => Assert.False(query.Matches(Placed), query.ToString());

    static string Refused(FactQuery query)
    {
        var message = Assert.Throws<ArgumentException>(() => query.Matches(Placed)).Message;
        Assert.Equal(message, query.Wrong);
        return message;
    }

    [Fact]
    public void An_item_matches_what_has_all_that_it_names()
    {
        Matches([new() { Store = "orders", Key = "42", Types = ["placed"], Tags = ["vip", "eu"] }]);
        Misses([new() { Store = "order", Key = "42", Types = ["placed"], Tags = ["vip", "eu"] }]);
        Misses([new() { Store = "orders", Key = "4", Types = ["placed"], Tags = ["vip", "eu"] }]);
        Misses([new() { Store = "orders", Key = "42", Types = ["Placed"], Tags = ["vip", "eu"] }]);
        Misses([new() { Store = "orders", Key = "42", Types = ["placed"], Tags = ["vip", "us"] }]);
    }

    [Fact]
    public void A_fact_has_any_of_the_types_and_all_of_the_tags()
    {
        Matches(FactQuery.Types("paid", "placed"));
        Misses(FactQuery.Types("paid", "place"));
        Matches(FactQuery.Tags("vip", "eu"));
        Misses(FactQuery.Tags("vip", "eu", "us"));
        Assert.False(FactQuery.Types("placed").Matches(Stored("orders", "42", type: null)));
        Assert.True(FactQuery.Store("orders").Matches(Stored("orders", "42", type: null)));
    }

    [Fact]
    public void A_key_is_the_whole_key_and_a_prefix_its_beginning()
    {
        Matches([new() { Store = "orders", KeyPrefix = "4" }]);
        Matches([new() { Store = "orders", KeyPrefix = "42" }]);
        Matches([new() { Store = "orders", KeyPrefix = "" }]);
        Misses([new() { Store = "orders", KeyPrefix = "2" }]);
        Misses([new() { Store = "orders", KeyPrefix = "421" }]);
        Misses([new() { Store = "orders", Key = "" }]);
        Assert.True(FactQuery.Stream("orders/").Matches(Stored("orders", "", type: null)));
        Matches(FactQuery.Stream("orders/42"));
        // A comparison by culture would ignore some characters and treat some different texts as equal.
        Misses([new() { Store = "orders", KeyPrefix = "\u00ad4" }]);
    }

    [Fact]
    public void A_query_matches_what_any_of_its_items_matches()
    {
        Matches([new() { Store = "other" }, new() { Types = ["placed"] }]);
        Misses([new() { Store = "other" }, new() { Types = ["paid"] }]);
        FactQuery one = FactQuery.Store("other"), two = FactQuery.Tags("vip");
        Matches([.. one, .. two]);
    }

    [Fact]
    public void All_is_everything_and_absorbs_what_it_is_joined_with()
    {
        Matches(FactQuery.All);
        Assert.True(FactQuery.All.IsAll);
        FactQuery joined = [.. FactQuery.Store("other"), .. FactQuery.All];
        Assert.Same(FactQuery.All, joined);
        Assert.False(FactQuery.Store("other").IsAll);
    }

    // Receipts and descriptors are facts too. A fold over everything should not contain them.
    [Fact]
    public void Facts_of_stores_that_start_with_a_dollar_match_only_where_their_store_is_named()
    {
        var receipt = Stored("$receipts", "1", "repair", "vip");
        Assert.False(FactQuery.All.Matches(receipt));
        Assert.False(FactQuery.Types("repair").Matches(receipt));
        Assert.False(FactQuery.Tags("vip").Matches(receipt));
        Assert.False(FactQuery.Store("$descriptors").Matches(receipt));
        Assert.True(FactQuery.Store("$receipts").Matches(receipt));
        Assert.True(FactQuery.Stream("$receipts/1").Matches(receipt));
        Assert.True(FactQuery.Create(new() { Types = ["other"] }, new() { Store = "$receipts", Tags = ["vip"] }).Matches(receipt));
        Assert.True(FactQuery.All.Matches(Stored("a$", "$", "$", "$")));
    }

    [Fact]
    public void An_empty_query_and_an_empty_item_are_refused()
    {
        Assert.StartsWith("The query is empty", Refused([]), StringComparison.Ordinal);
        Assert.Contains("FactQuery.All", Refused([]), StringComparison.Ordinal);
        Assert.StartsWith("items[1] of the query: It is empty", Refused([new() { Store = "orders" }, new()]), StringComparison.Ordinal);
        Assert.StartsWith("items[0] of the query: It is null", Refused([null!]), StringComparison.Ordinal);
        Assert.Contains("It is empty", Refused(FactQuery.Types()), StringComparison.Ordinal);
        Assert.Contains("It is empty", Refused(FactQuery.Tags()), StringComparison.Ordinal);
        Assert.Contains("It is empty", Refused(FactQuery.Store(null!)), StringComparison.Ordinal);
        Assert.Contains("It is empty", Refused(FactQuery.Stream(default)), StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => new FactQueryItem { Types = null! });
        Assert.Throws<ArgumentNullException>(() => new FactQueryItem { Tags = null! });
        Assert.Throws<ArgumentNullException>(() => FactQuery.All.Matches(null!));
    }

    [Fact]
    public void A_key_or_a_prefix_needs_its_store_and_they_exclude_each_other()
    {
        Assert.Contains("names a key without its store", Refused([new() { Key = "42", Types = ["placed"] }]), StringComparison.Ordinal);
        Assert.Contains("names a key prefix without its store", Refused([new() { KeyPrefix = "4" }]), StringComparison.Ordinal);
        Assert.Contains("both a key and a key prefix", Refused([new() { Store = "orders", Key = "42", KeyPrefix = "4" }]), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_as_long_as_those_of_facts()
    {
        string Long(int bytes) => new('n', bytes);
        FactQueryItem[] allowed =
        [
            new() { Store = Long(128), Key = Long(1_024) }, new() { Store = "$receipts", KeyPrefix = Long(1_024) }, new() { Types = [Long(256)], Tags = [Long(256)] },
        ];
        foreach (var item in allowed) Assert.Null(FactQuery.Create(item).Wrong);

        FactQueryItem[] refused =
        [
            new() { Store = "" }, new() { Store = "." }, new() { Store = ".." }, new() { Store = "a/b" }, new() { Store = Long(129) }, new() { Store = "a\n" },
            new() { Store = "s", Key = Long(1_025) }, new() { Store = "s", Key = "\ud800" }, new() { Store = "s", KeyPrefix = Long(1_025) }, new() { Store = "s", KeyPrefix = "a\ud83d" },
            new() { Types = [""] }, new() { Types = [Long(257)] }, new() { Types = ["a", null!] }, new() { Tags = [""] }, new() { Tags = [Long(257)] }, new() { Tags = ["a", null!] },
            new() { Tags = ["a\u0085"] },
        ];
        foreach (var item in refused) Assert.StartsWith("items[0] of the query: ", Refused([item]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_query_names_no_more_than_its_limits_allow()
    {
        FactQueryItem Of(int types, int tags) =>
            new() { Types = [.. Enumerable.Range(0, types).Select(i => $"type{i}")], Tags = [.. Enumerable.Range(0, tags).Select(i => $"tag{i}")] };
        FactQuery Items(int count, FactQueryItem item) => [.. Enumerable.Repeat(item, count)];

        Assert.Null(Items(1_000, Of(5, 5)).Wrong);
        Assert.Null(Items(60, Of(100, 64)).Wrong);
        Assert.Contains("1,001 items; at most 1,000", Refused(Items(1_001, Of(1, 0))), StringComparison.Ordinal);
        Assert.Contains("10,000 items; at most 1,000", Refused(Items(10_000, Of(1, 0))), StringComparison.Ordinal);
        Assert.Contains("101 types; at most 100", Refused([Of(101, 0)]), StringComparison.Ordinal);
        Assert.Contains("65 tags; at most 64", Refused([Of(0, 65)]), StringComparison.Ordinal);
        Assert.Contains("11,000 types and tags; at most 10,000", Refused(Items(1_000, Of(6, 5))), StringComparison.Ordinal);
    }

    // An append is decided after the call, and the caller may change its lists in between.
    [Fact]
    public void A_query_stays_as_it_was_made()
    {
        var types = new List<string> { "placed" };
        var tags = new List<string> { "vip" };
        var items = new List<FactQueryItem> { new() { Types = types, Tags = tags } };
        FactQuery query = [.. items];
        (types[0], tags[0], items[0]) = ("paid", "us", new() { Store = "other" });
        types.Add("shipped");
        Matches(query);
        Assert.Equal("type=placed tag=vip", query.ToString());
    }

    [Fact]
    public void Queries_are_equal_when_they_name_the_same_in_the_same_order()
    {
        FactQuery Query(string store, string type, string tag) => [new() { Store = store, Types = [type], Tags = [tag] }, new() { Tags = [tag] }];
        Assert.Equal(Query("a", "b", "c"), Query("a", "b", "c"));
        Assert.Equal(Query("a", "b", "c").GetHashCode(), Query("a", "b", "c").GetHashCode());
        Assert.NotEqual(Query("a", "b", "c"), Query("x", "b", "c"));
        Assert.NotEqual(Query("a", "b", "c"), Query("a", "x", "c"));
        Assert.NotEqual(Query("a", "b", "c"), Query("a", "b", "x"));
        Assert.NotEqual(FactQuery.Types("a"), FactQuery.Tags("a"));
        Assert.NotEqual(FactQuery.Stream("a/b"), [new() { Store = "a", KeyPrefix = "b" }]);
        Assert.NotEqual(FactQuery.All, [new()]);
        Assert.Equal(FactQuery.All, FactQuery.Parse("all"));
    }

    [Fact]
    public void To_match_allocates_nothing()
    {
        FactQuery query = [new() { Store = "s", KeyPrefix = "k", Types = ["a", "b"], Tags = ["x", "y"] }, new() { Tags = ["y", "x"], Types = ["c"] }, .. FactQuery.Stream("s/k")];
        string[] tags = ["x", "y", "z"];
        var matches = 0;
        Assert.Equal(0, Allocated.Least(() =>
        {
            matches = 0;
            for (var i = 0; i < 10_000; i++)
            {
                if (query.Matches("s", "key", "b", tags)) matches++;
                if (query.Matches("t", "key", "c", tags)) matches++;
                if (query.Matches("t", "key", null, [])) matches++;
            }
        }));
        Assert.Equal(20_000, matches);
    }
}
