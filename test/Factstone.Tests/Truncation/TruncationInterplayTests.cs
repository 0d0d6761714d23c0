using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Truncation;

/// <summary>Truncations together with parts of a stream, the catalog, the hub, decisions, damaged index files and each other.</summary>
public sealed class TruncationInterplayTests
{
    static readonly Projection<long> Count = new() { Name = "count", Seed = 0, Step = static (count, _) => count + 1 };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Ten facts of orders/1 with the types a and b in turn, at the odd positions, and ten of orders/2; orders/1 truncated through 4.</summary>
    static async Task<TruncatedLedger> TruncatedAsync(int memoryFactsMax = 16_384)
    {
        var test = new TruncatedLedger(memoryFactsMax);
        for (var i = 1; i <= 10; i++)
        {
            await test.AppendAsync("orders/1", 1, i % 2 == 1 ? "a" : "b");
            await test.AppendAsync("orders/2", 1, "c");
        }

        await test.Ledger.TruncateAsync("orders/1", 4, "old", cancellationToken: Cancellation);
        return test;
    }

    [Theory]
    [InlineData(16_384)]
    [InlineData(4)]
    public async Task A_part_of_a_stream_is_what_is_held_of_it_and_the_rest_is_reported(int memoryFactsMax)
    {
        using var test = await TruncatedAsync(memoryFactsMax);
        var time = (await test.Ledger.ReadStreamAsync("orders/1", cancellationToken: Cancellation).ToListAsync(Cancellation)).ToDictionary(fact => fact.StreamVersion.Value, fact => fact.RecordedAt);
        (StreamReadOptions Options, long[] Versions, bool IsReported, bool IsNeeded)[] reads =
        [
            (new() { From = 3, Through = 6 }, [5, 6], true, true),
            (new() { From = 2, Through = 4 }, [], true, true),
            (new() { From = 5, Through = 6 }, [5, 6], false, false),
            (new() { From = 6, Through = 3, Backward = true }, [6, 5], true, true),
            (new() { From = 4, Backward = true }, [], true, true),
            (new() { Backward = true, Limit = 6 }, [10, 9, 8, 7, 6, 5], false, false),
            (new() { Backward = true, Limit = 7 }, [10, 9, 8, 7, 6, 5], true, true),
            (new() { Limit = 2 }, [5, 6], true, true),
            (new() { Types = ["a"] }, [5, 7, 9], true, true),
            (new() { Types = ["a"], From = 4 }, [5, 7, 9], false, false), // version 4 has the type b
            (new() { Types = ["b"], From = 4, Backward = true }, [], true, true),
            (new() { Types = ["none"] }, [], false, false),
            (new() { RecordedFrom = time[7] }, [7, 8, 9, 10], false, false),
            (new() { RecordedThrough = time[6] }, [5, 6], true, true),
            (new() { ValidFrom = time[7] }, [7, 8, 9, 10], false, false),
            (new() { ValidThrough = time[5] }, [5], true, true),
            (new() { RecordedFrom = time[5], RecordedThrough = time[8], Types = ["b"] }, [6, 8], false, false),
        ];
        foreach (var (options, versions, isReported, isNeeded) in reads)
        {
            var reported = new List<DroppedFacts>();
            Assert.Equal(versions, await test.VersionsAsync("orders/1", options with { Dropped = reported.Add }));
            Assert.Equal(isReported ? [new DroppedFacts("orders/1", 4, new Position(7), new Position(21))] : [], reported);
            Assert.Equal(versions.Length, await test.Ledger.CountStreamAsync("orders/1", options, Cancellation));
            Assert.Equal(versions.Count(version => version > 6), await test.Ledger.CountStreamAsync("orders/1", fact => fact.StreamVersion.Value > 6, options, Cancellation));

            var fold = async () => await test.Ledger.FoldStreamAsync("orders/1", 0L, static (ref count, in _) => ++count > 0, options, Cancellation);
            if (isNeeded) Assert.Equal(4, (await Assert.ThrowsAsync<HistoryDroppedException>(fold)).Dropped.Through.Value);
            else Assert.Equal(versions.Length, await fold());
        }

        await Assert.ThrowsAsync<ArgumentException>(async () => await test.Ledger.FoldStreamAsync("orders/1", 0L, static (ref count, in _) => ++count > 0, new() { Dropped = static _ => { } }, Cancellation));
    }

    [Fact]
    public async Task The_catalog_counts_what_was()
    {
        using var test = await TruncatedAsync();
        await test.Ledger.DeleteAsync("orders/2", "closed", cancellationToken: Cancellation);

        Assert.True(await test.Ledger.StreamExistsAsync("orders/2", cancellationToken: Cancellation));
        Assert.True(await test.Ledger.StreamExistsAsync("orders/1", new Position(1), Cancellation));
        Assert.False(await test.Ledger.StreamExistsAsync("orders/2", new Position(1), Cancellation));
        Assert.Equal(new CatalogTotals(1, 2, 20), await test.Ledger.GetTotalsAsync("orders", cancellationToken: Cancellation));
        Assert.Equal(6, await test.Ledger.CountStreamAsync("orders/1", cancellationToken: Cancellation));
        Assert.Equal(0, await test.Ledger.CountStreamAsync("orders/2", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_hub_passes_on_what_is_published_to_a_truncated_stream()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        await ledger.AppendAsync(new NewFact("orders/1", "placed", "1"), Cancellation);
        var calls = new List<string>();
        using var hub = ledger.OpenHub(static failure => throw failure.Exception);
        hub.Subscribe("orders/1", (_, fact) =>
        {
            calls.Add($"{fact}");
            return Task.CompletedTask;
        });
        hub.Subscribe("orders/1", async (given, fact) =>
        {
            if (fact.StreamVersion.Value == 3) await given.DeleteAsync("orders/1", "by a callback", cancellationToken: Cancellation);
        });

        await ledger.DeleteAsync("orders/1", "old", cancellationToken: Cancellation);
        await hub.PublishAsync(new NewFact("orders/1", "placed", "2"), Cancellation);
        await hub.PublishAsync(new AppendRequest { Facts = [new NewFact("orders/1", "placed", "3"), new NewFact("orders/1", "placed", "4")] }, Cancellation);

        // A fact that was dropped before its turn is not passed on.
        Assert.Equal(["@3 orders/1 v2 placed", "@4 orders/1 v3 placed"], calls);
    }

    [Fact]
    public async Task A_decision_goes_on_beside_a_truncation_of_what_it_has_folded()
    {
        using var test = new TruncatedLedger();
        for (var i = 1; i <= 3; i++) await DecideAsync("orders/1", i);
        await test.Ledger.TruncateAsync("orders/1", 2, "old", cancellationToken: Cancellation);

        // A fold from the first fact is not possible any more; from a state at or after the truncation it is.
        await Assert.ThrowsAsync<HistoryDroppedException>(async () => await DecideAsync("orders/1", 4));
        Assert.Equal(3, (await test.Ledger.GetVersionAsync("orders/1", cancellationToken: Cancellation)).Value);
        var at = new Projected<long>(2, new Position(2), 2) { Stream = "orders/1" };
        Assert.Equal((3, 3), await test.Ledger.ProjectAsync(Count, "orders/1", at, Cancellation) is var from ? (from.State, from.Version.Value) : default);
        var before = new Projected<long>(1, new Position(1), 1) { Stream = "orders/1" };
        await Assert.ThrowsAsync<HistoryDroppedException>(async () => await test.Ledger.ProjectAsync(Count, "orders/1", before, Cancellation));
        var ofQuery = new Projected<long>(2, new Position(2), StreamVersion.None);
        Assert.Equal(3, (await test.Ledger.ProjectAsync(Count, FactQuery.Store("orders"), ofQuery, Cancellation)).State);
        await DecideAsync("orders/2", 1);

        async Task DecideAsync(StreamName stream, long expected)
        {
            var decided = await test.Ledger.DecideAsync(Count, stream, count => [new NewFact(stream, "counted", $"{count + 1}")], new() { TakesTurns = false }, Cancellation);
            Assert.Equal(expected, decided.State);
        }
    }

    [Fact]
    public async Task A_damaged_index_file_does_not_bring_dropped_facts_back()
    {
        using var test = await TruncatedAsync(memoryFactsMax: 8);
        await test.AppendAsync("others/1", 30);
        test.Ledger.Dispose();
        var runs = test.Files.Paths.Where(static path => path.EndsWith(".run", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(runs);
        foreach (var run in runs)
        {
            for (var at = 0; at < 64; at++)
            {
                var files = test.Files.Clone();
                using (var file = files.Open(run, FileOpening.Existing))
                {
                    var one = new byte[1];
                    var offset = file.Length * at / 64;
                    file.Read(one, offset);
                    one[0] ^= 0x10;
                    file.Write(one, offset);
                }

                using (var reader = SmallLedger.OpenReadOnly(files)) await CheckAsync(reader);
                using var ledger = SmallLedger.Open(files);
                await CheckAsync(ledger);
            }
        }

        static async Task CheckAsync(Ledger ledger)
        {
            Assert.Equal([5, 6, 7, 8, 9, 10], await ledger.ReadStreamAsync("orders/1", cancellationToken: Cancellation).Select(static fact => fact.StreamVersion.Value).ToListAsync(Cancellation));
            Assert.Equal(16, await ledger.CountAsync(FactQuery.Store("orders"), cancellationToken: Cancellation));
            Assert.Null(await ledger.ReadAtAsync(new Position(1), Cancellation));
            Assert.Equal(1, await ledger.ListReceiptsAsync(cancellationToken: Cancellation).CountAsync(Cancellation));
        }
    }

    [Fact]
    public async Task Many_truncations_of_one_stream_at_the_same_time_drop_each_fact_once()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        for (var i = 0; i < 40; i++) await ledger.AppendAsync([new NewFact("orders/1", "a", "1"), new NewFact("orders/2", "a", "1")], Cancellation);

        var receipts = await Task.WhenAll(Enumerable.Range(1, 16).Select(one => Task.Run(async () =>
        {
            var (stream, through) = one % 2 == 0 ? ((StreamName)"orders/1", one * 2) : ("orders/2", one);
            return await ledger.TruncateAsync(stream, through, $"{one}", cancellationToken: Cancellation);
        }, Cancellation)));

        foreach (var (stream, through) in new[] { ((StreamName)"orders/1", 32), ("orders/2", 15) })
        {
            Assert.Equal(through, receipts.Where(receipt => receipt.Stream == stream).Sum(static receipt => receipt.Facts));
            Assert.Equal(through + 1, (await ledger.ReadStreamAsync(stream, cancellationToken: Cancellation).FirstAsync(Cancellation)).StreamVersion.Value);
            var written = await ledger.ListReceiptsAsync(cancellationToken: Cancellation).Where(receipt => receipt.Truncation!.Stream == stream).Select(static receipt => receipt.Truncation!).ToListAsync(Cancellation);
            Assert.Equal(receipts.Count(receipt => receipt.Stream == stream && receipt.Append is not null), written.Count);
            for (var i = 1; i < written.Count; i++) Assert.Equal(written[i - 1].Through.Next(), written[i].FirstVersion);
        }
    }

    [Fact]
    public async Task A_read_of_a_part_does_not_need_dropped_facts_that_are_damaged()
    {
        using var test = await TruncatedAsync();
        test.Ledger.Dispose();
        var path = Assert.Single(test.Files.Paths, static path => path.EndsWith(".log", StringComparison.Ordinal));
        using (var file = test.Files.Open(path, FileOpening.Existing))
        {
            var bytes = new byte[file.Length];
            file.Read(bytes, 0);
            var at = bytes.AsSpan().IndexOf("orders"u8);
            Assert.True(at > 0);
            file.Write("#"u8, at);
        }

        using var ledger = SmallLedger.Open(test.Files);
        var reported = new List<DroppedFacts>();
        foreach (var options in new StreamReadOptions[] { new(), new() { Backward = true }, new() { From = 3 } })
        {
            reported.Clear();
            Assert.Equal(6, (await ledger.ReadStreamAsync("orders/1", options with { Dropped = reported.Add }, Cancellation).ToListAsync(Cancellation)).Count);
            Assert.Single(reported);
        }
    }
}
