namespace Factstone.Conformance.Claims;

/// <summary>An order ledger: orders as streams, the state of each order in a cell that a consumer keeps, and a snapshot of the sales.</summary>
internal static class RecoveryClaims
{
    static readonly Projection<long> Sales = new() { Name = "sales", Seed = 0, Step = static (sales, fact) => fact.Value is OrderPlaced placed ? sales + placed.Total : sales };

    public static ClaimList All { get; } = new("recovery")
    {
        {
            "Orders, their read model and the sales survive a restart", async c =>
            {
                await RunAsync(c, 1, 4);
                var before = await DescribeAsync(c);
                await c.ReopenAsync();
                Check.Equal(before, await DescribeAsync(c));
            }
        },
        {
            "The order ledger goes on after a restart as if there had been none", async c =>
            {
                await RunAsync(c, 1, 3);
                await c.ReopenAsync();
                await RunAsync(c, 4, 6);
                Check.Equal("sales 21; o1 paid 2; o2 placed 1; o3 paid 2; o4 placed 1; o5 paid 2; o6 placed 1", await DescribeAsync(c));
            }
        },
        {
            "Two restarts one after the other give the same state", async c =>
            {
                await RunAsync(c, 1, 4);
                await c.ReopenAsync();
                var first = await DescribeAsync(c);
                await c.ReopenAsync();
                Check.Equal(first, await DescribeAsync(c));
            }
        },
        {
            "A read model that lags at the restart catches up, without counting twice", async c =>
            {
                await RunAsync(c, 1, 2);
                await c.AppendAsync("orders/o3", new OrderPlaced("o3", 3));
                await c.ReopenAsync();
                await FollowAsync(c);
                Check.Equal("placed", (await c.Ledger.ReadCellAsync("orders", "o3", c.CancellationToken))?.Text);
                Check.Equal("sales 6; o1 paid 2; o2 placed 1; o3 placed 1", await DescribeAsync(c));
            }
        },
        {
            "A webhook that is sent again after a restart adds nothing", async c =>
            {
                var request = new AppendRequest(new NewFact("orders/o1", new OrderPlaced("o1", 5))) { AppendId = "webhook:17" };
                for (var delivery = 0; delivery < 3; delivery++)
                {
                    await c.TryAsync(request);
                    await c.ReopenAsync();
                }

                Check.Equal(1L, await c.VersionAsync("orders/o1"));
                Check.Equal(5L, (await c.Ledger.ProjectAsync(Sales, FactQuery.Store("orders"), c.CancellationToken)).State);
            }
        },
        {
            "A process that was interrupted goes on from its last fact", async c =>
            {
                await c.AppendAsync("orders/o1", new OrderPlaced("o1", 5));
                for (var step = 0; step < 4; step++)
                {
                    await c.ReopenAsync();
                    var facts = await c.StreamAsync("orders/o1");
                    object[] next = facts[^1].Value switch { OrderPlaced => [new OrderPaid("o1")], OrderPaid => [new OrderShipped("o1")], _ => [] };
                    if (next.Length > 0) await c.AppendAsync("orders/o1", next);
                }

                Check.Sequence(["order-placed", "order-paid", "order-shipped"], (await c.StreamAsync("orders/o1")).Select(static fact => fact.Type));
            }
        },
        {
            "Orders of callers at once are all in the read model after a restart", async c =>
            {
                await AtOnceAsync(5, caller => c.AppendAsync($"orders/o{caller + 1}", new OrderPlaced($"o{caller + 1}", caller + 1)));
                await c.ReopenAsync();
                await FollowAsync(c);
                await c.ReopenAsync();
                Check.Equal("sales 15; o1 placed 1; o2 placed 1; o3 placed 1; o4 placed 1; o5 placed 1", await DescribeAsync(c));
            }
        },
        {
            "Streams that were imported from the rows of a database are there after a restart", async c =>
            {
                var rows = Enumerable.Range(1, 40).Select(static row => new NewFact($"customers/{row}", new Noted($"row {row}")) { Producer = """{"import":"customers"}""" }).ToList();
                foreach (var page in rows.Chunk(15)) await c.Ledger.AppendAsync(new AppendRequest(page) { AppendId = $"import:{page[0].Stream.Key}" }, c.CancellationToken);
                await c.ReopenAsync();
                foreach (var page in rows.Chunk(15)) Check.Is<AppendOutcome.Duplicate>(await c.TryAsync(new AppendRequest(page) { AppendId = $"import:{page[0].Stream.Key}" }));
                Check.Equal(40L, await c.Ledger.CountAsync(FactQuery.Store("customers"), cancellationToken: c.CancellationToken));
            }
        },
        {
            "A compacted order ledger survives a restart, and goes on", async c =>
            {
                await RunAsync(c, 1, 3);
                var before = await DescribeAsync(c);
                var sales = await c.Ledger.ProjectAsync(Sales, FactQuery.Store("orders"), c.CancellationToken);
                foreach (var order in new[] { "o1", "o2", "o3" }) await c.Ledger.DeleteAsync($"orders/{order}", "settled", cancellationToken: c.CancellationToken);
                await c.ReopenAsync();
                Check.Equal(before, await DescribeAsync(c, sales));
                await c.AppendAsync("orders/o1", new OrderShipped("o1"));
                await c.AppendAsync("orders/o4", new OrderPlaced("o4", 4));
                await c.ReopenAsync();
                Check.Equal(3L, await c.VersionAsync("orders/o1"));
                Check.Equal(10L, (await c.Ledger.ProjectAsync(Sales, FactQuery.Store("orders"), sales, c.CancellationToken)).State);
            }
        },
        {
            "The label of an order is fetched by its reference after a restart", async c =>
            {
                var label = BlobClaims.Content(30_000);
                await RunAsync(c, 1, 2);
                await c.AppendAsync("orders/o1", new PictureAdded("label", await c.Blobs.PutAsync(label, "application/pdf", c.CancellationToken)));
                await c.ReopenAsync();
                var added = Check.Is<PictureAdded>((await c.StreamAsync("orders/o1", new StreamReadOptions { Types = ["picture-added"] })).Single().Value);
                Check.Sequence(label, await c.Blobs.ReadAsync(added.Picture.Cid, cancellationToken: c.CancellationToken));
            }
        },
        {
            "The sales that the ledger keeps are right after every restart", async c =>
            {
                var kept = Sales with { Source = FactQuery.Store("orders"), Json = ClaimJson.Default.Int64 };
                await c.KeepAsync(inline: kept);
                for (var order = 1; order <= 4; order++)
                {
                    await RunAsync(c, order, order);
                    await c.ReopenAsync();
                    Check.Equal((await c.Ledger.ProjectAsync(Sales, FactQuery.Store("orders"), c.CancellationToken)).State, (await c.KeptAsync(kept)).State);
                }
            }
        },
    };

    /// <summary>Places orders, pays each odd one, brings the read model up to date, and saves the sales.</summary>
    static async Task RunAsync(ClaimContext c, int first, int last)
    {
        for (var order = first; order <= last; order++)
        {
            await c.AppendAsync($"orders/o{order}", new OrderPlaced($"o{order}", order));
            if (order % 2 == 1) await c.AppendAsync($"orders/o{order}", new OrderPaid($"o{order}"));
        }

        await FollowAsync(c);
        var sales = await c.Ledger.ProjectAsync(Sales, FactQuery.Store("orders"), c.CancellationToken);
        await c.Counters.PutAsync("sales", sales.State, c.CancellationToken);
    }

    static async Task FollowAsync(ClaimContext c)
    {
        var end = (await c.ReadAsync(FactQuery.Store("orders"), new ReadOptions { Backward = true, Limit = 1 }))[0].Position;
        var consumer = c.Ledger.Consumer("orders", FactQuery.Store("orders"));
        if (await c.Ledger.ListConsumersAsync(c.CancellationToken).AnyAsync(one => one.Name == "orders" && one.Cursor.Position >= end)) return;
        await foreach (var fact in consumer.FollowAsync(c.CancellationToken))
        {
            var (order, state) = fact.Value switch { OrderPlaced placed => (placed.Order, "placed"), OrderPaid paid => (paid.Order, "paid"), _ => ("?", "?") };
            await consumer.CommitAsync(fact.Position, new AppendRequest { Cells = [NewCell.Put("orders", order, state)] }, c.CancellationToken);
            if (fact.Position >= end) return;
        }
    }

    /// <summary>Everything that is kept, as text: the saved sales plus what has come since, and each order with its state and the version of its stream.</summary>
    static async Task<string> DescribeAsync(ClaimContext c, Projected<long>? saved = null)
    {
        var sales = await c.Ledger.ProjectAsync(Sales, FactQuery.Store("orders"), saved ?? Sales.Empty, c.CancellationToken);
        var parts = new List<string> { $"sales {sales.State}" };
        await foreach (var cell in c.Ledger.ListCellsAsync("orders", cancellationToken: c.CancellationToken)) parts.Add($"{cell.Name} {cell.Text} {await c.VersionAsync($"orders/{cell.Name}")}");
        return string.Join("; ", parts);
    }
}
