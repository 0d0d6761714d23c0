namespace Factstone.Conformance.Claims;

internal static class QueryClaims
{
    public static ClaimList All { get; } = new("query")
    {
        { "A query of a store has the facts of all its streams", async c => await SelectsAsync(c, FactQuery.Store("orders"), 1, 2, 3, 6) },
        { "A query of a stream has the facts of that stream", async c => await SelectsAsync(c, FactQuery.Stream("orders/1"), 1, 3) },
        { "A query of a type has the facts of that type in every store", async c => await SelectsAsync(c, FactQuery.Types("paid"), 3, 5) },
        { "A query of several types has the facts of any of them", async c => await SelectsAsync(c, FactQuery.Types("paid", "sent"), 3, 5, 6) },
        { "A query of several tags has the facts that have all of them", async c => await SelectsAsync(c, FactQuery.Tags("vip", "eu"), 2, 5) },
        { "A query of a prefix has the streams whose keys begin so", async c => await SelectsAsync(c, FactQuery.Create(new FactQueryItem { Store = "orders", KeyPrefix = "1" }), 1, 3, 6) },
        { "A fact matches a query if it matches any of its items, and is returned once", async c => await SelectsAsync(c, FactQuery.Parse("type=placed tag=vip | store=orders key=2 | type=sent"), 2, 6) },
        { "A query that nothing matches is empty", async c => await SelectsAsync(c, FactQuery.Parse("store=orders type=refunded")) },
        { "A query of everything has every fact", async c => await SelectsAsync(c, FactQuery.All, 1, 2, 3, 4, 5, 6) },
        {
            "A text of a query selects what the query selects", async c =>
            {
                var query = FactQuery.Create(new FactQueryItem { Store = "orders", Types = ["placed", "paid"] }, new FactQueryItem { Tags = ["vip"] });
                Check.Equal(query, FactQuery.Parse(query.ToString()));
                await SelectsAsync(c, FactQuery.Parse(query.ToString()), 1, 2, 3, 5);
            }
        },
        {
            "The facts that match are counted", async c =>
            {
                await FillAsync(c);
                Check.Equal(4L, await c.Ledger.CountAsync(FactQuery.Store("orders"), cancellationToken: c.CancellationToken));
                Check.Equal(0L, await c.Ledger.CountAsync(FactQuery.Store("nothing"), cancellationToken: c.CancellationToken));
            }
        },
        {
            "A query reads from a position, backward, and up to a limit", async c =>
            {
                var positions = await FillAsync(c);
                Check.Sequence(["3", "6"], await JsonAsync(c, FactQuery.Store("orders"), new ReadOptions { From = positions[2] }));
                Check.Sequence(["6", "3"], await JsonAsync(c, FactQuery.Store("orders"), new ReadOptions { Backward = true, Limit = 2 }));
                Check.Sequence([], await JsonAsync(c, FactQuery.Store("orders"), new ReadOptions { Limit = 0 }));
            }
        },
        {
            "A query reads facts that were recorded between two times, both included", async c =>
            {
                var positions = await FillAsync(c);
                var (from, to) = (await TimeAsync(c, positions[1]), await TimeAsync(c, positions[4]));
                Check.Sequence(["2", "3", "4", "5"], await JsonAsync(c, FactQuery.All, new ReadOptions { RecordedFrom = from, AsOf = LedgerTime.RecordedBy(to) }));
                Check.Sequence(["3", "4", "5", "6"], await JsonAsync(c, FactQuery.All, new ReadOptions { RecordedFrom = from.AddTicks(10) }));
            }
        },
        {
            "A query as of a position has nothing later", async c =>
            {
                var positions = await FillAsync(c);
                Check.Sequence(["1", "2", "3"], await JsonAsync(c, FactQuery.Store("orders"), new ReadOptions { AsOf = positions[3] }));
                Check.Equal(3L, await c.Ledger.CountAsync(FactQuery.Store("orders"), positions[3], c.CancellationToken));
            }
        },
        {
            "Facts are selected and counted by any predicate of the caller", async c =>
            {
                await c.DepositAsync(Account, 5, 50, 500);
                var large = (await c.ReadAsync(FactQuery.Stream(Account))).Where(static fact => fact.Value is Deposited { Amount: >= 50 }).ToList();
                Check.Sequence([50L, 500], large.Amounts());
                Check.Equal(2, await c.Ledger.FoldAsync(FactQuery.Stream(Account), 0, static (ref count, in fact) =>
                {
                    count += fact.ReadValue() is Deposited { Amount: >= 50 } ? 1 : 0;
                    return true;
                }, cancellationToken: c.CancellationToken));
            }
        },
        {
            "A fold of a query is given what the read returns, and ends when it is told", async c =>
            {
                await FillAsync(c);
                var seen = await c.Ledger.FoldAsync(FactQuery.Types("placed"), "", static (ref seen, in fact) =>
                {
                    seen += fact.Json;
                    return seen.Length < 2;
                }, cancellationToken: c.CancellationToken);
                Check.Equal("12", seen);
            }
        },
        {
            "Random facts are found by the same rule as in a plain list", async c =>
            {
                var random = new Random(3);
                string[] stores = ["a", "b"], types = ["t1", "t2", "t3"], tags = ["x", "y", "z"];
                await c.Ledger.AppendAsync([.. Enumerable.Range(0, 120).Select(i => new NewFact(new StreamName(stores[random.Next(2)], $"{random.Next(4)}"), types[random.Next(3)], $"{i}") { Tags = [.. tags.Where(_ => random.Next(2) == 0)] })], c.CancellationToken);
                var all = await c.ReadAllAsync();
                foreach (var text in new[] { "store=a", "store=a key=2", "type=t1,t3", "tag=x tag=y", "store=b type=t2 tag=z", "store=a key=1 | tag=z | type=t1 tag=x" })
                {
                    var query = FactQuery.Parse(text);
                    Check.Sequence(all.Where(query.Matches).Select(static fact => fact.Json), await JsonAsync(c, query), text);
                }
            }
        },
        {
            "Queries are the same after a reopen", async c =>
            {
                await FillAsync(c);
                await c.ReopenAsync();
                Check.Sequence(["2", "5"], await JsonAsync(c, FactQuery.Tags("vip", "eu")));
            }
        },
        {
            "A query that selects nothing by its form is refused", async c =>
            {
                await Check.ThrowsAsync<ArgumentException>(() => c.ReadAsync(FactQuery.Create()));
                await Check.ThrowsAsync<ArgumentException>(() => c.ReadAsync(FactQuery.Create(new FactQueryItem())));
                Check.True(!FactQuery.TryParse("stor=a", out _, out var error) && error is not null, "a text that is no query is refused with a message");
            }
        },
    };

    /// <summary>Six facts, each with its number as its payload.</summary>
    static async Task<Position[]> FillAsync(ClaimContext c)
    {
        NewFact[] facts =
        [
            new("orders/1", "placed", "1"),
            new("orders/2", "placed", "2") { Tags = ["vip", "eu"] },
            new("orders/1", "paid", "3") { Tags = ["eu"] },
            new("customers/1", "seen", "4"),
            new("invoices/1", "paid", "5") { Tags = ["eu", "vip", "old"] },
            new("orders/11", "sent", "6"),
        ];
        var positions = new List<Position>();
        foreach (var fact in facts) positions.Add((await c.AppendAsync(fact)).LastPosition);
        return [.. positions];
    }

    static async Task SelectsAsync(ClaimContext c, FactQuery query, params int[] numbers)
    {
        await FillAsync(c);
        Check.Sequence(numbers.Select(static number => $"{number}"), await JsonAsync(c, query), query.ToString());
    }

    static async Task<List<string?>> JsonAsync(ClaimContext c, FactQuery query, ReadOptions? options = null) => [.. (await c.ReadAsync(query, options)).Select(static fact => fact.Json)];

    static async Task<DateTimeOffset> TimeAsync(ClaimContext c, Position position) => Check.NotNull(await c.Ledger.ReadAtAsync(position, c.CancellationToken)).RecordedAt;
}
