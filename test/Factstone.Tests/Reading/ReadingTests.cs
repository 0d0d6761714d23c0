namespace Factstone.Tests;

/// <summary>Edge cases of reads.</summary>
public sealed class ReadingTests
{
    static readonly string[] KeysInOrder = ["", "!", "a", "a/b", "ab", "b", "é", "\uE000", "\uFFFD", "😀", "😁"];

    // The order of UTF-16, which .NET uses for strings, would put the surrogates of 😀 before U+E000.
    [Fact]
    public async Task Keys_are_listed_in_the_order_of_their_utf8_bytes()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        foreach (var key in KeysInOrder.Reverse()) await ledger.AppendAsync(new NewFact(new StreamName("s", key), null, "1"));

        Assert.Equal(KeysInOrder, await Keys(ledger, new ListOptions()));
        Assert.Equal(["a", "a/b", "ab"], await Keys(ledger, new ListOptions { Prefix = "a" }));
        Assert.Empty(await Keys(ledger, new ListOptions { Prefix = "c" }));
        Assert.Equal(["😀", "😁"], await Keys(ledger, new ListOptions { After = "\uFFFD" }));
        Assert.Equal(["ab"], await Keys(ledger, new ListOptions { Prefix = "a", After = "a/b" }));
        Assert.Equal(["a", "a/b"], await Keys(ledger, new ListOptions { Prefix = "a", After = "", Limit = 2 }));
        Assert.Empty(await Keys(ledger, new ListOptions { Prefix = "a", After = "b" }));
        for (var i = 0; i < KeysInOrder.Length; i++) // by pages of one
            Assert.Equal([KeysInOrder[i]], await Keys(ledger, new ListOptions { After = i == 0 ? null : KeysInOrder[i - 1], Limit = 1 }));
    }

    [Fact]
    public async Task A_retraction_hides_a_key_until_it_is_written_again()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync([new NewFact("s/a", null, "1"), new NewFact("s/b", null, "2")]);
        await ledger.AppendAsync(NewFact.Retraction("s/a"));
        Assert.Equal(["b"], await Keys(ledger, new ListOptions()));
        Assert.Null(await ledger.ReadLatestAsync("s/a"));
        Assert.Equal(["a", "b"], await Keys(ledger, new ListOptions { AsOf = new Position(2) }));
        Assert.Equal("1", (await ledger.ReadLatestAsync("s/a", new Position(2)))!.Json);

        var receipt = await ledger.AppendAsync(new NewFact("s/a", null, "3"));

        Assert.Equal(new StreamVersion(3), receipt.StreamVersion);
        Assert.Equal(["a", "b"], await Keys(ledger, new ListOptions()));
        Assert.Equal([false, true, false], (await ledger.ReadHistoryAsync("s/a").ToListAsync()).Select(fact => fact.Retracts));
    }

    // The largest possible version was passed as "from the end". The read computed the version after it, which overflowed.
    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(4)]
    [InlineData(3)]
    public async Task Reading_backward_from_at_or_beyond_the_end_begins_with_the_last_fact(long from)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync([.. Enumerable.Range(1, 3).Select(i => new NewFact("s/1", null, $"{i}"))]);

        Assert.Equal(["3", "2", "1"], (await ledger.ReadStreamAsync("s/1", new StreamReadOptions { From = new StreamVersion(from), Backward = true }).ToListAsync()).Select(fact => fact.Json!));
        Assert.Equal(["3", "2", "1"], (await ledger.ReadAsync(new ReadOptions { From = new Position(from), Backward = true }).ToListAsync()).Select(fact => fact.Json!));
    }

    [Fact]
    public async Task A_read_ends_where_the_head_was_when_it_began()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync([new NewFact("s/1", null, "1"), new NewFact("s/1", null, "2")]);
        var read = 0;
        await foreach (var fact in ledger.ReadAsync())
        {
            await ledger.AppendAsync(new NewFact("s/1", null, "3"));
            read++;
        }

        Assert.Equal(2, read);
    }

    [Fact]
    public async Task What_cannot_be_read_is_refused_by_name()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync(new NewFact("s/1", null, "1"));

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.ReadAsync(new ReadOptions { From = new Position(-1) }).ToListAsync());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.ReadAsync(new ReadOptions { Limit = -1 }).ToListAsync());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.ReadStreamAsync("s/1", new StreamReadOptions { From = -1 }).ToListAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.ReadStreamAsync(new StreamName("a/b", "1")).ToListAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.ReadLatestAsync(default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.GetVersionAsync("../1"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.ListAsync("..").ToListAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.ListAsync("").ToListAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.FindAppendAsync(""));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.FindAppendAsync(new string('x', 129)));
    }

    // Half of a surrogate pair cannot be encoded in UTF-8, so no key can begin with it. Compared as UTF-16, it matched the first half of 😀.
    [Fact]
    public async Task A_prefix_that_is_no_text_is_refused()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync(new NewFact("s/😀", null, "1"));

        await Assert.ThrowsAsync<ArgumentException>(async () => await Keys(ledger, new ListOptions { Prefix = "\uD83D" }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Keys(ledger, new ListOptions { After = "\uD83D" }));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Keys(ledger, new ListOptions { Prefix = null! }));
    }

    [Fact]
    public async Task A_store_that_is_not_there_and_an_empty_ledger_have_nothing_to_list()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        Assert.Empty(await Keys(ledger, new ListOptions()));
        Assert.Empty(await ledger.ReadAsync().ToListAsync());
        Assert.Empty(await ledger.ReadAsync(new ReadOptions { Backward = true }).ToListAsync());
        Assert.Empty(await ledger.ReadStreamAsync("s/1").ToListAsync());
        Assert.Empty(await ledger.ListAsync("$descriptors").ToListAsync()); // Factstone's own stores may be read
    }

    static async Task<List<string>> Keys(Ledger ledger, ListOptions options) =>
        [.. (await ledger.ListAsync("s", options).ToListAsync()).Select(fact => fact.Stream.Key)];
}
