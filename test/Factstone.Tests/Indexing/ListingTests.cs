using System.Text;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Indexing;

/// <summary>Pages of keys, merged from memory and runs, equal those of a sorted list of all keys.</summary>
public sealed class ListingTests
{
    // Some of these sort differently in UTF-16 and UTF-8, and some are a prefix of another.
    static readonly string[] Pieces = ["a", "b", " ", "~", "é", "\uD7FF", "\uE000", "\uFFFD", "\U00010000", "\U0010FFFF"];
    static readonly string[] Stores = ["s", "s\uE000", "s\U00010000"];

    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(30)]
    public async Task Keys_by_prefix_after_a_key_as_of_a_position_and_by_page_are_those_of_a_sorted_list(int memoryFactsMax)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var model = new ModelLedger();
        using var ledger = SmallLedger.Open(SmallLedger.Options(new MemoryFileSystem()) with { MemoryFactsMax = memoryFactsMax });
        for (var round = 0; round < 80; round++)
        {
            var facts = Enumerable.Range(0, random.Next(1, 6)).Select(_ => Draw(random, model)).ToArray();
            model.Append(new AppendRequest { Facts = facts }, round);
            await ledger.AppendAsync(facts, Now);
            for (var i = 0; i < 4; i++) await Same(random, model, ledger, $"seed {seed}, round {round}");
        }
    }

    // A page reads its facts in batches of 16 and its keys in batches of 256.
    [Theory]
    [InlineData(10)]
    [InlineData(300)]
    [InlineData(100_000)]
    public void Values_up_to_a_limit_are_the_first_ones_of_all_that_are_not_retracted(int memoryFactsMax)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var options = SmallLedger.Options(new MemoryFileSystem()) with { MemoryFactsMax = memoryFactsMax };
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        SortedDictionary<string, string> before;
        using (var ledger = SmallLedger.Open(options))
        {
            for (var i = 0; i < 1_000; i++) Append(ledger);
            before = new SortedDictionary<string, string>(values, StringComparer.Ordinal);
            var asOf = SmallLedger.Now(ledger.GetHeadAsync(Now));
            for (var i = 0; i < 1_000; i++) Append(ledger);
            Same(ledger, asOf);
        }

        using var again = SmallLedger.Open(options);
        Same(again, new Position(3_000));

        void Append(Ledger ledger)
        {
            // In some ranges of keys, nearly all are retracted.
            var facts = new NewFact[3];
            for (var i = 0; i < facts.Length; i++)
            {
                var key = $"{random.Next(900):D3}";
                var retracts = random.Next(100) < (key[0] is '2' or '3' or '4' ? 98 : 30);
                facts[i] = retracts ? NewFact.Retraction($"s/{key}") : new NewFact($"s/{key}", null, $"{random.Next(1_000)}");
                if (retracts) values.Remove(key);
                else values[key] = facts[i].PayloadText!;
            }

            SmallLedger.Now(ledger.AppendAsync(facts, Now));
        }

        void Same(Ledger ledger, Position asOf)
        {
            foreach (var limit in (long?[])[0, 1, 15, 16, 17, 255, 256, 257, 10_000, long.MaxValue, null])
            {
                foreach (var after in (string?[])[null, "", "1", "199", "2", $"{random.Next(900):D3}"])
                {
                    Assert.True(First(values, limit, after).SequenceEqual(Listed(ledger, new ListOptions { Limit = limit, After = after })), $"seed {seed}: {limit} after {after}");
                    Assert.True(First(before, limit, after).SequenceEqual(Listed(ledger, new ListOptions { Limit = limit, After = after, AsOf = asOf })), $"seed {seed}: {limit} after {after} as of {asOf}");
                }
            }
        }

        static IEnumerable<string> First(IEnumerable<KeyValuePair<string, string>> values, long? limit, string? after) =>
            values.Where(value => string.CompareOrdinal(value.Key, after) > 0).Take((int)Math.Min(limit ?? 1_000, 1_000)).Select(value => $"{value.Key} {value.Value}");

        static IEnumerable<string> Listed(Ledger ledger, ListOptions options) => ledger.ListAsync("s", options, Now).ToBlockingEnumerable(Now).Select(fact => $"{fact.Stream.Key} {fact.Json}");
    }

    [Fact]
    public async Task Whoever_ends_a_listing_gets_no_value_more()
    {
        using var ledger = SmallLedger.Open(new MemoryFileSystem());
        await ledger.AppendAsync([.. Enumerable.Range(0, 40).Select(i => new NewFact($"s/{i}", null, "1"))], Now);
        using var ending = new CancellationTokenSource();
        var listed = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var fact in ledger.ListAsync("s", cancellationToken: ending.Token))
                if (++listed == 3) await ending.CancelAsync();
        });
        Assert.Equal(3, listed);
    }

    static async Task Same(Random random, ModelLedger model, Ledger ledger, string why)
    {
        var store = Stores[random.Next(Stores.Length)];
        var known = Known(random, model);
        var prefix = random.Next(3) switch { 0 => "", 1 => known, _ => Text(random, 1) };
        var after = random.Next(5) switch { 0 => null, 1 => prefix, 2 => known, 3 => prefix + Text(random, 2), _ => Text(random, 2) };
        var options = new ListOptions { Prefix = prefix, After = after, AsOf = random.Next(2) == 0 ? model.Head : new Position(random.Next(1, model.Facts.Count + 1)), Limit = random.Next(1, 4) };

        var paged = new List<StreamSummary>();
        for (var next = options; next is not null;)
        {
            var page = await ledger.ListStreamsAsync(store, next, Now).ToListAsync();
            paged.AddRange(page);
            next = page.Count == options.Limit && paged.Count <= model.Facts.Count ? next with { After = page[^1].Stream.Key } : null;
        }

        var expected = model.Facts.Where(fact => fact.Position <= options.AsOf.Position && fact.Stream.Store == store)
            .GroupBy(fact => fact.Stream.Key)
            .Where(stream => stream.Key.StartsWith(prefix, StringComparison.Ordinal) && (after is null || ModelLedger.ByUtf8Bytes.Compare(stream.Key, after) > 0))
            .OrderBy(stream => stream.Key, ModelLedger.ByUtf8Bytes)
            .Select(stream => stream.Last())
            .Select(last => new StreamSummary(last.Stream, last.StreamVersion, last.Position, last.Proposed.Retracts));
        Assert.True(expected.SequenceEqual(paged), $"{why}: {store}, {options}");
    }

    static NewFact Draw(Random random, ModelLedger model)
    {
        var stream = new StreamName(Stores[random.Next(Stores.Length)], random.Next(3) == 0 ? Known(random, model) : Text(random, 4));
        return random.Next(5) == 0 ? NewFact.Retraction(stream) : new NewFact(stream, "made", "1");
    }

    static string Known(Random random, ModelLedger model) => model.Facts.Count == 0 ? "" : model.Facts[random.Next(model.Facts.Count)].Stream.Key;

    static string Text(Random random, int pieces)
    {
        var text = new StringBuilder();
        for (var i = random.Next(pieces + 1); i > 0; i--) text.Append(Pieces[random.Next(Pieces.Length)]);
        return text.ToString();
    }
}
