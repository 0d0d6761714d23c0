using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Guide.ComingFromPersist;

/// <summary>docs/guide/coming-from-persist.md</summary>
public sealed class ComingFromPersistGuideTests
{
    static readonly DateTimeOffset At = new(2024, 5, 17, 9, 30, 0, TimeSpan.Zero);

    static ValueTask<Ledger> OpenAsync() => Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Bank.Types });

    [Fact]
    public async Task An_event_is_a_fact()
    {
        var output = Console.Capture();
        await using var ledger = await OpenAsync();
        var at = At;

        var receipt = await ledger.AppendAsync(new NewFact("accounts/a", new Deposited(50)) { ValidFrom = at });    // append
        Console.WriteLine(receipt.StreamVersion);                                                                   // 1, the seq

        await foreach (var fact in ledger.ReadStreamAsync("accounts/a", new() { From = 1 }))                        // read-from 1
            Console.WriteLine($"{fact.StreamVersion} {fact.Type} {fact.ValidFrom:yyyy-MM-dd} {fact.Json}");

        var last = await ledger.GetVersionAsync("accounts/a");                                                      // last-seq; 0 for an unknown stream
        var count = await ledger.CountStreamAsync("accounts/a");                                                    // count

        Assert.Equal(["1", """1 deposited 2024-05-17 {"amount":50}"""], output);
        Assert.Equal((1L, 1L), (last.Value, count));
    }

    [Fact]
    public async Task An_expectation_is_a_condition()
    {
        var output = Console.Capture();
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync("accounts/a", [new Deposited(50)]);

        var outcome = await ledger.TryAppendAsync(new NewFact("accounts/a", new Deposited(20)), expected: 0);       // append-expect
        if (outcome is AppendOutcome.Conflict conflict)
            outcome = await ledger.TryAppendAsync(new NewFact("accounts/a", new Deposited(20)), conflict.ActualVersion);

        await ledger.TryAppendAsync(new AppendRequest(                                                              // append-batch with an expected seq
            new NewFact("accounts/a", new Deposited(1)),
            new NewFact("accounts/a", new Deposited(2)))
        {
            Conditions = [AppendCondition.StreamAt("accounts/a", 2)],
        });

        var once = new AppendRequest(new NewFact("accounts/a", new Deposited(5))) { AppendId = "accounts/a:pay-17" };
        var first = await ledger.TryAppendAsync(once);                                                              // append-once
        var again = await ledger.TryAppendAsync(once);
        var seen = await ledger.FindAppendAsync("accounts/a:pay-17") is not null;                                   // seen?
        Console.WriteLine($"{first.GetType().Name} {again.GetType().Name} {seen}");                                 // Committed Duplicate True

        Assert.IsType<AppendOutcome.Committed>(outcome);
        Assert.Equal(["Committed Duplicate True"], output);
        Assert.Equal(5, (await ledger.GetVersionAsync("accounts/a")).Value);
    }

    [Fact]
    public async Task Kv_is_a_bucket_of_cells()
    {
        await using var ledger = await OpenAsync();

        var limits = ledger.KeyValue("limits", BankJson.Default.Int64);

        var put = await limits.PutAsync("a", 100);                                                                  // kv-put
        var limit = (await limits.GetAsync("a"))?.Value;                                                            // kv-get
        var other = await limits.GetValueOrDefaultAsync("b", 10);                                                   // kv-get-or
        await limits.UpdateAsync("a", seed: 0, value => value + 1);                                                 // kv-update
        var has = await limits.HasAsync("a");                                                                       // kv-has
        var names = await limits.ListNamesAsync().ToListAsync();                                                    // kv-keys

        var swapped = await limits.CompareAndSwapAsync("a", expected: 101, value: 200);                             // kv-cas
        var taken = await limits.PutNewAsync("a", 1) is KeyValueOutcome<long>.Conflict;                             // kv-put-new
        await limits.DeleteAsync("a");                                                                              // kv-delete

        Assert.Equal((100L, 100L, 10L, true, true), (put.Value, limit, other, has, taken));
        Assert.Equal(["a"], names);
        Assert.IsType<KeyValueOutcome<long>.Stored>(swapped);
        Assert.False(await limits.HasAsync("a"));
    }

    [Fact]
    public async Task A_projection_resumes_and_compacts()
    {
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync("accounts/a", [new Deposited(50), new Deposited(20)]);

        StreamName account = "accounts/a";
        var balance = await ledger.ProjectAsync(Bank.Balance, account);                                             // project: {value, seq}
        await ledger.AppendAsync(account, [new Deposited(5)]);
        balance = await ledger.ProjectAsync(Bank.Balance, account, from: balance);                                  // resume

        Assert.Equal((75L, 3L), (balance.State, balance.Version.Value));
    }

    [Fact]
    public async Task A_snapshot_and_a_truncation_are_one_append()
    {
        await using var ledger = await OpenAsync();
        StreamName account = "accounts/a";

        for (var i = 1; i <= 3; i++)
        {
            await ledger.AppendAsync(account, [.. Enumerable.Repeat<object>(new Deposited(1), 60)]);
            await CompactAsync();
        }

        Assert.Equal((180L, 60L), ((await ledger.GetVersionAsync(account)).Value, await ledger.CountStreamAsync(account)));
        Assert.Equal(120L, (await ledger.ReadStreamAsync(account).FirstAsync()).StreamVersion.Value - 1);

        async Task CompactAsync()
        {
            var replay = await ledger.ProjectAsync(Bank.Balance, account, from: await LoadAsync());                     // replay: snapshot and tail
            if (replay.Version.Value - (await LoadAsync()).Version.Value >= 100)                                        // maybe-compact, every 100
            {
                var snapshot = NewCell.Put("snapshots", "balance", $"{replay.State} {replay.Position} {replay.Version}");
                await ledger.TruncateAsync(account, replay.Version, "compacted", new() { Cells = [snapshot] });         // snapshot and truncation: one append
            }

            async Task<Projected<long>> LoadAsync()
            {
                if (await ledger.ReadCellAsync("snapshots", "balance") is not { } cell) return Bank.Balance.Empty;      // no snapshot: the seed
                var saved = cell.Text.Split(' ').Select(long.Parse).ToArray();
                return new Projected<long>(saved[0], new Position(saved[1]), saved[2]) { Stream = account };
            }
        }
    }

    [Fact]
    public async Task A_view_is_a_kept_projection_or_a_callback()
    {
        var output = Console.Capture();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions
        {
            Types = Bank.Types,
            InlineProjections = [Bank.Balances],
        });

        await ledger.AppendAsync("accounts/a", [new Deposited(50)]);
        var view = await ledger.ReadProjectionAsync(Bank.Balances, key: "a");                                       // value
        Console.WriteLine($"{view.State} at position {view.Position}");                                             // 50 at position 1

        using var hub = ledger.OpenHub(failed: failure => Console.WriteLine(failure));
        hub.Subscribe("accounts/a", (backend, fact) =>                                                              // subscribe
        {
            Console.WriteLine($"{fact.Stream} has version {fact.StreamVersion}");
            return Task.CompletedTask;
        });
        await hub.PublishAsync(new NewFact("accounts/a", new Deposited(20)));                                       // publish

        Assert.Equal(["50 at position 1", "accounts/a has version 2"], output);
    }

    [Fact]
    public async Task Queries_and_the_catalog_are_reads()
    {
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync(new NewFact("accounts/a", new Deposited(50)) { ValidFrom = At, Tags = ["audited"] });
        await ledger.AppendAsync(new NewFact("accounts/b", new Deposited(7)) { Tags = ["audited"] });
        await ledger.AppendAsync(new NewFact("accounts/a", new Deposited(500)) { ValidFrom = At.AddDays(1) });
        var (from, to) = (At, At.AddHours(1));

        var between = ledger.ReadStreamAsync("accounts/a", new() { From = 1, Through = 2 });                        // read-between
        var window = ledger.ReadStreamAsync("accounts/a", new() { ValidFrom = from, ValidThrough = to });           // read-window
        var deposits = ledger.ReadStreamAsync("accounts/a", new() { Types = ["deposited"] });                       // read-by-type
        var large = ledger.ReadStreamAsync("accounts/a").Where(fact => fact.Value is Deposited { Amount: > 100 });  // read-where
        var many = await ledger.CountStreamAsync("accounts/a", fact => fact.Value is Deposited { Amount: > 100 });  // count-where

        var streams = ledger.ListStreamsAsync("accounts");                                                          // streams
        var exists = await ledger.StreamExistsAsync("accounts/a");                                                  // exists
        var totals = await ledger.GetTotalsAsync();                                                                 // count, total-events

        var audited = ledger.ReadAsync(FactQuery.Tags("audited"), new() { From = new Position(1) });                // read-global, global-from
        var position = await ledger.GetHeadAsync();                                                                 // global-pos
        var all = await ledger.ProjectAsync(Bank.Balance, FactQuery.Tags("audited"));                               // project-global

        Assert.Equal([1L, 2], await between.Select(static fact => fact.StreamVersion.Value).ToListAsync());
        Assert.Equal([1L], await window.Select(static fact => fact.StreamVersion.Value).ToListAsync());
        Assert.Equal(2, await deposits.CountAsync());
        Assert.Equal(1, await large.CountAsync());
        Assert.Equal(1, many);
        Assert.Equal(["a", "b"], await streams.Select(static stream => stream.Stream.Key).ToListAsync());
        Assert.True(exists);
        Assert.Equal(new CatalogTotals(1, 2, 3), totals);
        Assert.Equal(2, await audited.CountAsync());
        Assert.Equal((3L, 57L), (position.Value, all.State));
    }

    [Fact]
    public async Task A_blob_is_put_before_its_reference()
    {
        await using var ledger = await OpenAsync();
        var bytes = "a photo"u8.ToArray();

        var photo = await ledger.Blobs.PutAsync(bytes, "image/png");                                                // put: {cid, size, mime}
        await ledger.AppendAsync("accounts/a", [new PhotoAdded(photo)]);
        var stored = await ledger.Blobs.ReadAsync(photo.Cid);                                                       // get
        var there = await ledger.Blobs.ExistsAsync(photo.Cid);                                                      // exists

        Assert.Equal(bytes, stored);
        Assert.True(there);
    }

    [Fact]
    public async Task Rows_of_a_database_become_streams()
    {
        await using var ledger = await OpenAsync();
        var rows = Enumerable.Range(1, 2_500).Select(static id => new Row(id, id * 10, At)).ToList();

        await ImportAsync();
        await ImportAsync();

        Assert.Equal(new CatalogTotals(1, 2_500, 2_500), await ledger.GetTotalsAsync());
        Assert.Equal(At, (await ledger.ReadLatestAsync("accounts/7"))?.ValidFrom);

        async Task ImportAsync()
        {
            foreach (var page in rows.Chunk(1_000))
            {
                var facts = page.Select(row => new NewFact(new StreamName("accounts", $"{row.Id}"), new Deposited(row.Balance)) { ValidFrom = row.ChangedAt });
                await ledger.AppendAsync(new AppendRequest([.. facts]) { AppendId = $"genesis:accounts:{page[0].Id}" });
            }
        }
    }

    sealed record Row(int Id, long Balance, DateTimeOffset ChangedAt);
}

public sealed record Deposited(long Amount);

public sealed record PhotoAdded(BlobReference Photo);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Deposited))]
[JsonSerializable(typeof(PhotoAdded))]
[JsonSerializable(typeof(long))]
internal sealed partial class BankJson : JsonSerializerContext;

public static class Bank
{
    public static readonly FactTypes Types = new FactTypes(BankJson.Default).Add<Deposited>("deposited").Add<PhotoAdded>("photo-added");

    public static readonly Projection<long> Balance = new()
    {
        Name = "balance",
        Seed = 0,
        Step = (balance, fact) => fact.Value is Deposited deposited ? balance + deposited.Amount : balance,
        Json = BankJson.Default.Int64,
    };

    public static readonly Projection<long> Balances = Balance with
    {
        Name = "balances",
        Source = FactQuery.Store("accounts"),
        GroupBy = fact => fact.Stream.Key,
    };
}
