namespace Factstone.Conformance.Claims;

/// <summary>What the facets promise of a stream whose first facts were dropped.</summary>
internal static class TruncationClaims
{
    public static ClaimList Log { get; } = new("log")
    {
        {
            "A truncation through a version drops the facts up to it, and no other", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3, 4);
                await c.DepositAsync("accounts/b", 1, 2);
                await TruncateAsync(c, 2);
                Check.Sequence([3L, 4], await c.AmountsAsync(Account));
                Check.Sequence([4L, 3], await c.AmountsAsync(Account, new StreamReadOptions { Backward = true }));
                Check.Sequence([3L, 4], await c.AmountsAsync(Account, new StreamReadOptions { From = 1 }));
                Check.Sequence([1L, 2], await c.AmountsAsync("accounts/b"));
                Check.Equal(2L, await c.Ledger.CountStreamAsync(Account, cancellationToken: c.CancellationToken));
                Check.Equal(2L, await c.Ledger.CountAsync(FactQuery.Stream(Account), cancellationToken: c.CancellationToken));
            }
        },
        {
            "The last version survives a truncation, also of the whole stream and after a reopen", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                await TruncateAsync(c, 2);
                Check.Equal(3L, await c.VersionAsync(Account));
                await c.Ledger.DeleteAsync(Account, "test", cancellationToken: c.CancellationToken);
                Check.Equal(3L, await c.VersionAsync(Account));
                await c.ReopenAsync();
                Check.Equal(3L, await c.VersionAsync(Account));
                Check.Sequence([], await c.StreamAsync(Account));
            }
        },
        {
            "A version is never assigned again after a truncation", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                for (var i = 3; i <= 6; i++)
                {
                    await c.Ledger.DeleteAsync(Account, "test", cancellationToken: c.CancellationToken);
                    await c.ReopenAsync();
                    Check.Equal<long>(i, (await c.AppendAsync(Account, new Deposited(i))).StreamVersion.Value);
                    Check.Sequence([(long)i], (await c.StreamAsync(Account)).Versions());
                }
            }
        },
        {
            "A truncation leaves a receipt that says what was dropped, why and by whom", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                await c.Ledger.TruncateAsync(Account, 2, "older than 30 days", new TruncateOptions { By = "ops" }, c.CancellationToken);
                await c.ReopenAsync();
                var receipt = Check.NotNull((await c.Ledger.ListReceiptsAsync(cancellationToken: c.CancellationToken).ListAsync()).Select(static one => one.Truncation).Single(static one => one is not null));
                Check.Equal((new StreamName("accounts", "a"), 1L, 2L, 2L, "older than 30 days", "ops", false), (receipt.Stream, receipt.FirstVersion.Value, receipt.Through.Value, receipt.Facts, receipt.Reason, receipt.By, receipt.IsDelete));
            }
        },
        {
            "A read says what it passes over", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                await TruncateAsync(c, 2);
                var dropped = new List<DroppedFacts>();
                Check.Sequence([3L], await c.AmountsAsync(Account, new StreamReadOptions { Dropped = dropped.Add }));
                Check.Sequence([2L], dropped.Select(static one => one.Through.Value).Distinct());
            }
        },
        {
            "Dropped facts are dropped from the past as well", async c =>
            {
                var then = (await c.AppendAsync(Account, new Deposited(1))).LastPosition;
                await c.DepositAsync(Account, 2, 3);
                await TruncateAsync(c, 2);
                Check.Sequence([], await c.AmountsAsync(Account, new StreamReadOptions { AsOf = then }));
                Check.Equal(null, await c.Ledger.ReadAtAsync(then, c.CancellationToken));
                Check.Equal(1L, (await c.Ledger.GetVersionAsync(Account, then, c.CancellationToken)).Value);
            }
        },
        {
            "A truncation that makes no sense is refused, and nothing is dropped", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await Check.ThrowsAsync<ArgumentOutOfRangeException>(() => TruncateAsync(c, 3));
                await Check.ThrowsAsync<ArgumentOutOfRangeException>(() => TruncateAsync(c, 0));
                await Check.ThrowsAsync<ArgumentException>(() => c.Ledger.TruncateAsync(Account, 1, "", cancellationToken: c.CancellationToken).AsTask());
                await Check.ThrowsAsync<ArgumentException>(() => c.Ledger.DeleteAsync("accounts/b", "test", cancellationToken: c.CancellationToken).AsTask());
                await Check.ThrowsAsync<ArgumentException>(() => c.Ledger.DeleteAsync("$receipts/truncate", "test", cancellationToken: c.CancellationToken).AsTask());
                Check.Sequence([1L, 2], await c.AmountsAsync(Account));
            }
        },
    };

    public static ClaimList Catalog { get; } = new("catalog")
    {
        {
            "A stream whose facts were all dropped is listed, and its facts are in the totals", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                await c.DepositAsync("accounts/b", 1);
                await c.Ledger.DeleteAsync(Account, "test", cancellationToken: c.CancellationToken);
                for (var i = 0; i < 2; i++)
                {
                    var streams = await c.Ledger.ListStreamsAsync("accounts", cancellationToken: c.CancellationToken).ListAsync();
                    Check.Sequence([("a", 3L, 3L), ("b", 1L, 0L)], streams.Select(static stream => (stream.Stream.Key, stream.Version.Value, stream.DroppedThrough.Value)));
                    Check.Equal(new CatalogTotals(1, 2, 4), await c.Ledger.GetTotalsAsync(c.CancellationToken));
                    Check.True(await c.Ledger.StreamExistsAsync(Account, cancellationToken: c.CancellationToken), "it exists");
                    await c.ReopenAsync();
                }
            }
        },
    };

    public static ClaimList Subscribe { get; } = new("subscribe")
    {
        {
            "A follower passes over what was dropped", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await c.DepositAsync("accounts/b", 3);
                await TruncateAsync(c, 1);
                var follower = c.Ledger.OpenFollower(FactQuery.Store("accounts"));
                Check.Sequence([2L, 3], (await follower.TakeAsync(2, c.CancellationToken)).Amounts());
                await c.DepositAsync(Account, 4);
                Check.Sequence([4L], (await follower.TakeAsync(1, c.CancellationToken)).Amounts());
            }
        },
    };

    public static ClaimList Concurrency { get; } = new("concurrency")
    {
        {
            "A condition on a stream counts what was dropped", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await c.Ledger.DeleteAsync(Account, "test", cancellationToken: c.CancellationToken);
                Check.Is<AppendOutcome.Conflict>(await c.TryAsync(new AppendRequest(new NewFact(Account, new Deposited(3))) { Conditions = [AppendCondition.StreamMissing(Account)] }));
                Check.Is<AppendOutcome.Conflict>(await c.TryAsync(new AppendRequest(new NewFact(Account, new Deposited(3))) { Conditions = [AppendCondition.StreamAt(Account, 0)] }));
                Check.Is<AppendOutcome.Committed>(await c.TryAsync(new AppendRequest(new NewFact(Account, new Deposited(3))) { Conditions = [AppendCondition.StreamAt(Account, 2)] }));
            }
        },
    };

    public static ClaimList Idempotency { get; } = new("idempotency")
    {
        {
            "The id of an append whose facts were dropped is still known", async c =>
            {
                var request = new AppendRequest(new NewFact(Account, new Deposited(1))) { AppendId = "pay-1" };
                var first = Check.Is<AppendOutcome.Committed>(await c.TryAsync(request)).Receipt;
                await c.Ledger.DeleteAsync(Account, "test", cancellationToken: c.CancellationToken);
                await c.ReopenAsync();
                Check.Equal(first.LastPosition, Check.Is<AppendOutcome.Duplicate>(await c.TryAsync(request)).Receipt.LastPosition);
                Check.Equal(1L, await c.VersionAsync(Account));
            }
        },
    };

    public static ClaimList Global { get; } = new("global")
    {
        {
            "What was dropped leaves the order and the positions of the rest as they were", async c =>
            {
                for (var i = 0; i < 6; i++) await c.DepositAsync($"accounts/{(i % 2 == 0 ? "a" : "b")}", i);
                var before = (await c.ReadAllAsync()).Where(static fact => fact.Stream.Key == "b" || fact.StreamVersion.Value > 2).Leaves().ToList();
                await TruncateAsync(c, 2);
                Check.Sequence(before, (await c.ReadAllAsync()).Leaves());
                await c.ReopenAsync();
                Check.Sequence(before, (await c.ReadAllAsync()).Leaves());
            }
        },
    };

    static Task<TruncationReceipt> TruncateAsync(ClaimContext c, long through) => c.Ledger.TruncateAsync(Account, through, "test", cancellationToken: c.CancellationToken).AsTask();
}
