using System.Text;

namespace Factstone.Conformance.Claims;

internal static class EventClaims
{
    static readonly DateTimeOffset Then = new(1999, 12, 31, 23, 59, 59, TimeSpan.Zero);

    public static ClaimList All { get; } = new("event")
    {
        {
            "A fact has the stream and the type that were given", async c =>
            {
                await c.AppendAsync(new NewFact("orders/42", "placed", "{}"));
                var fact = (await c.StreamAsync("orders/42"))[0];
                Check.Equal(new StreamName("orders", "42"), fact.Stream);
                Check.Equal("placed", fact.Type);
            }
        },
        {
            "A payload is kept byte for byte", async c =>
            {
                const string Json = """{ "b": 1.50,  "a": [ "\u00e9", null ] }""";
                await c.AppendAsync(new NewFact("orders/1", "placed", Json));
                Check.Equal(Json, (await c.StreamAsync("orders/1"))[0].Json);
            }
        },
        {
            "A payload of any bytes is kept with its content type", async c =>
            {
                var bytes = Enumerable.Range(0, 256).Select(static value => (byte)value).ToArray();
                await c.AppendAsync(NewFact.WithoutPayload("pictures/1", "added") with { Payload = bytes, ContentType = "image/png" });
                var fact = (await c.StreamAsync("pictures/1"))[0];
                Check.Sequence(bytes, fact.Payload.ToArray());
                Check.Equal("image/png", fact.ContentType);
                Check.Equal(null, fact.Json);
            }
        },
        {
            "A value comes back as an equal value", async c =>
            {
                await c.AppendAsync("orders/1", new OrderPlaced("ü-1", long.MaxValue));
                Check.Equal<object?>(new OrderPlaced("ü-1", long.MaxValue), (await c.StreamAsync("orders/1"))[0].Value);
            }
        },
        {
            "A fact without a payload is a fact", async c =>
            {
                await c.AppendAsync(NewFact.WithoutPayload("orders/1", "seen"));
                var fact = (await c.StreamAsync("orders/1"))[0];
                Check.True(fact.Payload.IsEmpty);
                Check.Equal("seen", fact.Type);
            }
        },
        {
            "JSON null is a value, and no retraction", async c =>
            {
                await c.AppendAsync(new NewFact("settings/theme", null, "null"));
                Check.Equal("null", (await c.Ledger.ReadLatestAsync("settings/theme", cancellationToken: c.CancellationToken))?.Json);
            }
        },
        {
            "The version is the place in the stream, from 1", async c =>
            {
                await c.DepositAsync(Account, 5, 6, 7);
                Check.Sequence([1L, 2, 3], (await c.StreamAsync(Account)).Versions());
            }
        },
        {
            "Valid times are those of the caller, whatever the clock says", async c =>
            {
                await c.AppendAsync(new NewFact(Account, new Deposited(1)) { ValidFrom = Then, ValidTo = Then.AddDays(1) });
                var fact = (await c.StreamAsync(Account))[0];
                Check.Equal(Then, fact.ValidFrom);
                Check.Equal(Then.AddDays(1), fact.ValidTo);
            }
        },
        {
            "A fact without a valid time has none", async c =>
            {
                await c.DepositAsync(Account, 1);
                var fact = (await c.StreamAsync(Account))[0];
                Check.Equal(null, fact.ValidFrom);
                Check.Equal(null, fact.ValidTo);
            }
        },
        {
            "Valid times do not change the order of a stream", async c =>
            {
                for (var day = 3; day >= 1; day--) await c.AppendAsync(new NewFact(Account, new Deposited(day)) { ValidFrom = Then.AddDays(day) });
                Check.Sequence([3L, 2, 1], await c.AmountsAsync(Account));
            }
        },
        {
            "Tags, metadata, correlation, producer and schema version are kept", async c =>
            {
                await c.AppendAsync(new NewFact("orders/1", "placed", "{}") { Tags = ["course:c1", "a"], Metadata = """{"user":"u1"}""", Correlation = "trace-7", Producer = """{"app":"shop"}""", SchemaVersion = 4 });
                var fact = (await c.StreamAsync("orders/1"))[0];
                Check.Sequence(["a", "course:c1"], fact.Tags);
                Check.Equal("""{"user":"u1"}""", fact.Metadata);
                Check.Equal("trace-7", fact.Correlation);
                Check.Equal("""{"app":"shop"}""", fact.Producer);
                Check.Equal(4L, fact.SchemaVersion);
            }
        },
        {
            "A cause within the append becomes the id of that fact", async c =>
            {
                var receipt = await c.Ledger.AppendAsync([new NewFact("a/1", "first", "1"), new NewFact("b/1", "second", "2") { CausationIndex = 0 }], c.CancellationToken);
                var cause = Check.NotNull(await c.Ledger.ReadAtAsync(receipt.FirstPosition, c.CancellationToken));
                Check.Equal<Guid?>(cause.Id, (await c.StreamAsync("b/1"))[0].Causation);
            }
        },
        {
            "The id of a fact leads to it, and is its alone", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                var facts = await c.StreamAsync(Account);
                Check.Equal(3, facts.Select(static fact => fact.Id).Distinct().Count());
                foreach (var fact in facts) Check.Equal<Position?>(fact.Position, (await c.Ledger.FindAsync(fact.Id, c.CancellationToken))?.Position);
                Check.Equal(null, await c.Ledger.FindAsync(Guid.NewGuid(), c.CancellationToken));
            }
        },
        {
            "The recorded time is strictly later for each append, and the same within one", async c =>
            {
                for (var i = 0; i < 5; i++) await c.AppendAsync(Account, new Deposited(i), new Deposited(i));
                var times = (await c.StreamAsync(Account)).Select(static fact => fact.RecordedAt).ToList();
                for (var i = 0; i < 10; i += 2) Check.Equal(times[i], times[i + 1], "the time of the second fact of an append");
                for (var i = 2; i < 10; i += 2) Check.True(times[i] > times[i - 1], "the next append is recorded later");
            }
        },
        {
            "A fact is the same after a reopen, byte for byte", async c =>
            {
                await c.AppendAsync(new NewFact("orders/1", "placed", """{"total":1}""") { Tags = ["t"], Metadata = """{"k":"v"}""", ValidFrom = Then });
                var before = await c.StreamAsync("orders/1");
                await c.ReopenAsync();
                Check.Sequence(before.Leaves(), (await c.StreamAsync("orders/1")).Leaves());
            }
        },
        {
            "Names and payloads of any script are kept", async c =>
            {
                StreamName stream = new("ученики", "名前/🎈");
                await c.AppendAsync(new NewFact(stream, "größer", Encoding.UTF8.GetBytes("\"ß🎈\"")));
                var fact = (await c.StreamAsync(stream))[0];
                Check.Equal(stream, fact.Stream);
                Check.Equal("größer", fact.Type);
                Check.Equal("\"ß🎈\"", fact.Json);
            }
        },
        {
            "JSON that is not JSON is refused, and nothing is written", async c =>
            {
                foreach (var json in new[] { "{", "{} {}", """{"a":1,"a":2}""", "\"\\ud800\"", "", new string('[', 200) + new string(']', 200) })
                    await Check.ThrowsAsync<ArgumentException>(() => c.AppendAsync(new NewFact("orders/1", "placed", json)), json);
                Check.Equal(0L, await c.VersionAsync("orders/1"));
            }
        },
        {
            "A valid time that ends before it begins is refused", async c =>
            {
                await Check.ThrowsAsync<ArgumentException>(() => c.AppendAsync(new NewFact(Account, new Deposited(1)) { ValidFrom = Then, ValidTo = Then }));
                Check.Equal(0L, await c.VersionAsync(Account));
            }
        },
        {
            "Names and tags that are too long are refused, and nothing is written", async c =>
            {
                await Check.ThrowsAsync<ArgumentException>(() => c.AppendAsync(new NewFact("orders/1", new string('t', FactLimits.TypeBytesMax + 1), "1")));
                await Check.ThrowsAsync<ArgumentException>(() => c.AppendAsync(new NewFact("orders/1", "t", "1") { Tags = [new string('t', FactLimits.TagBytesMax + 1)] }));
                await Check.ThrowsAsync<ArgumentException>(() => c.AppendAsync(new NewFact(new StreamName("orders", new string('k', FactLimits.KeyBytesMax + 1)), "t", "1")));
                Check.Sequence([], await c.ReadAllAsync());
            }
        },
    };
}
