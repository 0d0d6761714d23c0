using System.Text.Json.Nodes;

namespace Factstone.Conformance.Claims;

internal static class UpcastClaims
{
    const string Customer = "customers/7";
    const string First = """{"customer":"Ada","address":"Main 1, UK"}""";
    const string Second = """{"name":"Bob","address":"High 2"}""";

    static readonly Projection<string> Countries = new() { Name = "countries", Seed = "", Step = static (countries, fact) => fact.Value is CustomerMoved moved ? $"{countries}{moved.Country};" : countries };

    public static ClaimList All { get; } = new("upcast")
    {
        {
            "A fact of an older schema is read in the shape of today, through every step", async c =>
            {
                await AppendOldAsync(c);
                Check.Sequence<object?>([new CustomerMoved("Ada", "Main 1", "UK"), new CustomerMoved("Bob", "High 2", "unknown")], await ValuesAsync(c));
            }
        },
        {
            "Old and new facts are folded together", async c =>
            {
                await AppendOldAsync(c);
                await c.AppendAsync(Customer, new CustomerMoved("Ada", "Rue 3", "FR"));
                Check.Equal("UK;unknown;FR;", (await c.Ledger.ProjectAsync(Countries, Customer, c.CancellationToken)).State);
            }
        },
        {
            "Stream, version, type and times of an old fact are as stored", async c =>
            {
                var then = new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero);
                var receipt = await c.AppendAsync(new NewFact(Customer, ClaimTypes.Moved, First) { ValidFrom = then });
                var fact = (await c.StreamAsync(Customer))[0];
                Check.True(fact.Value is CustomerMoved);
                Check.Equal((new StreamName("customers", "7"), 1L, ClaimTypes.Moved, receipt.RecordedAt), (fact.Stream, fact.StreamVersion.Value, fact.Type, fact.RecordedAt));
                Check.Equal((1L, then), (fact.SchemaVersion, fact.ValidFrom));
            }
        },
        {
            "What is stored does not change", async c =>
            {
                await AppendOldAsync(c);
                await ValuesAsync(c);
                Check.Sequence([First, Second], (await c.StreamAsync(Customer)).Select(static fact => fact.Json));
            }
        },
        {
            "A fact of an unregistered type is passed through, without a value", async c =>
            {
                await c.AppendAsync(new NewFact(Customer, "customer-seen", """{"at":"noon"}"""));
                var fact = (await c.StreamAsync(Customer))[0];
                Check.Equal(null, fact.Value);
                Check.Equal("""{"at":"noon"}""", fact.Json);
            }
        },
        {
            "A new fact is stored with the schema version of today", async c =>
            {
                await c.AppendAsync(Customer, new CustomerMoved("Ada", "Rue 3", "FR"));
                var fact = (await c.StreamAsync(Customer))[0];
                Check.Equal(3L, fact.SchemaVersion);
                Check.Equal<object?>(new CustomerMoved("Ada", "Rue 3", "FR"), fact.Value);
            }
        },
        {
            "Every way to read gives the shape of today", async c =>
            {
                var position = (await c.AppendAsync(new NewFact(Customer, ClaimTypes.Moved, First))).LastPosition;
                var today = new CustomerMoved("Ada", "Main 1", "UK");
                Check.Equal<object?>(today, (await c.Ledger.ReadAtAsync(position, c.CancellationToken))?.Value);
                Check.Equal<object?>(today, (await c.Ledger.ReadLatestAsync(Customer, cancellationToken: c.CancellationToken))?.Value);
                Check.Equal<object?>(today, (await c.ReadAsync(FactQuery.Types(ClaimTypes.Moved)))[0].Value);
                Check.Equal<object?>(today, (await c.ReadAllAsync())[0].Value);
                Check.Equal<object?>(today, await c.Ledger.FoldAsync((object?)null, static (ref value, in fact) =>
                {
                    value = fact.ReadValue();
                    return true;
                }, cancellationToken: c.CancellationToken));
            }
        },
        {
            "A follower gives the shape of today", async c =>
            {
                await AppendOldAsync(c);
                Check.Sequence<object?>([new CustomerMoved("Ada", "Main 1", "UK"), new CustomerMoved("Bob", "High 2", "unknown")],
                    (await c.Ledger.OpenFollower(FactQuery.All).TakeAsync(2, c.CancellationToken)).Select(static fact => fact.Value));
            }
        },
        {
            "Registering gives a new registry, and leaves the old one as it was", c =>
            {
                var before = ClaimTypes.WithoutMoved;
                var names = before.Names;
                var after = before.Add<CustomerMoved>(ClaimTypes.Moved, schemaVersion: 2);
                Check.Sequence(names, before.Names);
                Check.Sequence([.. names.Append(ClaimTypes.Moved).Order(StringComparer.Ordinal)], after.Names);
                return Task.CompletedTask;
            }
        },
        {
            "Facts that were stored before a type was registered get a value when it is", async c =>
            {
                await c.ReopenAsync(ClaimTypes.WithoutMoved);
                await AppendOldAsync(c);
                Check.Sequence<object?>([null, null], await ValuesAsync(c));
                await c.ReopenAsync(ClaimTypes.All);
                Check.True((await ValuesAsync(c)).All(static value => value is CustomerMoved), "every fact has a value");
            }
        },
        {
            "A schema grows by a step, and facts of all versions are read", async c =>
            {
                await c.ReopenAsync(ClaimTypes.WithoutMoved);
                await AppendOldAsync(c);
                await c.ReopenAsync(ClaimTypes.All);
                await c.AppendAsync(Customer, new CustomerMoved("Cid", "Rue 3", "FR"));
                await c.ReopenAsync();
                Check.Sequence(["Ada", "Bob", "Cid"], (await ValuesAsync(c)).Select(static value => ((CustomerMoved)value!).Name));
            }
        },
        {
            "A payload that does not become a value names its fact, and can still be read", async c =>
            {
                await c.AppendAsync(new NewFact(Customer, "deposited", """{"amount":"many"}"""));
                var fact = (await c.StreamAsync(Customer))[0];
                var failure = await Check.ThrowsAsync<FactValueException>(() => Task.FromResult(fact.Value));
                Check.Equal(fact.Position, failure.Fact.Position);
                Check.Equal("""{"amount":"many"}""", fact.Json);
            }
        },
        {
            "Old and new facts of callers at once are read in the shape of today, also after a reopen", async c =>
            {
                await AtOnceAsync(6, caller => c.AppendAsync(caller % 2 == 0 ? new NewFact(Customer, ClaimTypes.Moved, First) : new NewFact(Customer, new CustomerMoved("Ada", "Main 1", "UK"))));
                await c.ReopenAsync();
                Check.Sequence(Enumerable.Repeat<object?>(new CustomerMoved("Ada", "Main 1", "UK"), 6), await ValuesAsync(c));
            }
        },
        {
            "A step that could never be used is refused", async c =>
            {
                static JsonObject Same(JsonObject old) => old;
                foreach (var from in new[] { 0L, 1, 3, 4 }) await Check.ThrowsAsync<ArgumentException>(() => Task.FromResult(ClaimTypes.All.Upcast(ClaimTypes.Moved, from, Same)), $"from {from}");
                await Check.ThrowsAsync<ArgumentException>(() => Task.FromResult(ClaimTypes.All.Upcast("no-such-type", 1, Same)));
            }
        },
    };

    static async Task AppendOldAsync(ClaimContext c)
    {
        await c.AppendAsync(new NewFact(Customer, ClaimTypes.Moved, First));
        await c.AppendAsync(new NewFact(Customer, ClaimTypes.Moved, Second) { SchemaVersion = 2 });
    }

    static async Task<List<object?>> ValuesAsync(ClaimContext c) => [.. (await c.StreamAsync(Customer)).Select(static fact => fact.Value)];
}
