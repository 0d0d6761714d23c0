namespace Factstone.Conformance.Claims;

internal static class IdempotencyClaims
{
    public static ClaimList All { get; } = new("idempotency")
    {
        {
            "The first append with an id is committed", async c =>
            {
                Check.Is<AppendOutcome.Committed>(await OnceAsync(c, "pay-1", 5));
                Check.Sequence([5L], await c.AmountsAsync(Account));
            }
        },
        {
            "A repeat adds nothing, and gets the first receipt", async c =>
            {
                var first = Check.Is<AppendOutcome.Committed>(await OnceAsync(c, "pay-1", 5)).Receipt;
                for (var i = 0; i < 3; i++)
                {
                    var repeated = Check.Is<AppendOutcome.Duplicate>(await OnceAsync(c, "pay-1", 5)).Receipt;
                    Check.Equal((first.FirstPosition, first.LastPosition, first.RecordedAt, first.StreamVersion), (repeated.FirstPosition, repeated.LastPosition, repeated.RecordedAt, repeated.StreamVersion));
                }

                Check.Sequence([5L], await c.AmountsAsync(Account));
            }
        },
        {
            "A repeat after other appends adds nothing", async c =>
            {
                var first = Check.Is<AppendOutcome.Committed>(await OnceAsync(c, "pay-1", 5)).Receipt;
                await c.DepositAsync(Account, 6, 7);
                Check.Equal(first.LastPosition, Check.Is<AppendOutcome.Duplicate>(await OnceAsync(c, "pay-1", 5)).Receipt.LastPosition);
                Check.Sequence([5L, 6, 7], await c.AmountsAsync(Account));
            }
        },
        {
            "The fact that was stored first is found by the receipt of a repeat", async c =>
            {
                await OnceAsync(c, "pay-1", 5);
                var receipt = Check.Is<AppendOutcome.Duplicate>(await OnceAsync(c, "pay-1", 5)).Receipt;
                Check.Equal<object?>(new Deposited(5), (await c.Ledger.ReadAtAsync(receipt.LastPosition, c.CancellationToken))?.Value);
            }
        },
        {
            "Appends with other ids are appends of their own, also with the same content", async c =>
            {
                foreach (var id in new[] { "pay-1", "pay-2", "PAY-1", "pay-1 " }) Check.Is<AppendOutcome.Committed>(await OnceAsync(c, id, 5));
                Check.Equal(4L, await c.VersionAsync(Account));
            }
        },
        {
            "An id that names its stream is independent for each stream", async c =>
            {
                foreach (var stream in new[] { "accounts/a", "accounts/b" })
                {
                    Check.Is<AppendOutcome.Committed>(await OnceAsync(c, $"{stream}:1", 5, stream));
                    Check.Is<AppendOutcome.Duplicate>(await OnceAsync(c, $"{stream}:1", 5, stream));
                    Check.Equal(1L, await c.VersionAsync(stream));
                }
            }
        },
        {
            "The same id with other content is refused, and what differs is named", async c =>
            {
                await OnceAsync(c, "pay-1", 5);
                var reused = Check.Is<AppendOutcome.AppendIdReused>(await OnceAsync(c, "pay-1", 6));
                Check.True(reused.Difference.Contains("payload", StringComparison.Ordinal), "the difference names the payload");
                Check.Sequence([5L], await c.AmountsAsync(Account));
            }
        },
        {
            "If the id alone decides, other content is a repeat", async c =>
            {
                await OnceAsync(c, "hook-1", 5);
                var request = new AppendRequest(new NewFact(Account, new Deposited(6))) { AppendId = "hook-1", OnRepeat = RepeatPolicy.SameId };
                Check.True(Check.Is<AppendOutcome.Duplicate>(await c.TryAsync(request)).Difference is not null, "the difference is reported");
                Check.Sequence([5L], await c.AmountsAsync(Account));
            }
        },
        {
            "A repeat is recognised however its JSON is spelled", async c =>
            {
                Check.Is<AppendOutcome.Committed>(await c.TryAsync(new AppendRequest(new NewFact("orders/1", "placed", """{"a":1,"b":2}""")) { AppendId = "o-1" }));
                Check.Is<AppendOutcome.Duplicate>(await c.TryAsync(new AppendRequest(new NewFact("orders/1", "placed", """{ "b": 2, "a": 1.0 }""")) { AppendId = "o-1" }));
                Check.Equal(1L, await c.VersionAsync("orders/1"));
            }
        },
        {
            "Whether an id was used is known", async c =>
            {
                Check.Equal(null, await c.Ledger.FindAppendAsync("pay-1", c.CancellationToken));
                var receipt = Check.Is<AppendOutcome.Committed>(await OnceAsync(c, "pay-1", 5)).Receipt;
                Check.Equal<Position?>(receipt.LastPosition, (await c.Ledger.FindAppendAsync("pay-1", c.CancellationToken))?.LastPosition);
                Check.Equal(null, await c.Ledger.FindAppendAsync("pay-2", c.CancellationToken));
            }
        },
        {
            "A conflict does not use up the id", async c =>
            {
                var request = new AppendRequest(new NewFact(Account, new Deposited(5))) { AppendId = "pay-1", Conditions = [AppendCondition.StreamAt(Account, 1)] };
                Check.Is<AppendOutcome.Conflict>(await c.TryAsync(request));
                Check.Equal(null, await c.Ledger.FindAppendAsync("pay-1", c.CancellationToken));
                await c.DepositAsync(Account, 1);
                Check.Is<AppendOutcome.Committed>(await c.TryAsync(request));
            }
        },
        {
            "A repeat is a repeat also if its condition no longer holds", async c =>
            {
                var request = new AppendRequest(new NewFact(Account, new Deposited(5))) { AppendId = "pay-1", Conditions = [AppendCondition.StreamMissing(Account)] };
                Check.Is<AppendOutcome.Committed>(await c.TryAsync(request));
                Check.Is<AppendOutcome.Duplicate>(await c.TryAsync(request));
                Check.Equal(1L, await c.VersionAsync(Account));
            }
        },
        {
            "A repeated batch with cells adds nothing", async c =>
            {
                var request = new AppendRequest { Facts = [new NewFact(Account, new Deposited(1)), new NewFact("accounts/b", new Deposited(2))], Cells = [c.Counters.NewValue("runs", 1)], AppendId = "b-1" };
                Check.Is<AppendOutcome.Committed>(await c.TryAsync(request));
                await c.Counters.PutAsync("runs", 9, c.CancellationToken);
                Check.Is<AppendOutcome.Duplicate>(await c.TryAsync(request));
                Check.Equal<long?>(9, (await c.Counters.GetAsync("runs", c.CancellationToken))?.Value);
                Check.Equal(2, (await c.ReadAllAsync()).Count);
            }
        },
        {
            "A repeat after a reopen adds nothing, and gets the first receipt", async c =>
            {
                var first = Check.Is<AppendOutcome.Committed>(await OnceAsync(c, "pay-1", 5)).Receipt;
                for (var i = 0; i < 3; i++)
                {
                    await c.ReopenAsync();
                    Check.Equal(first.RecordedAt, Check.Is<AppendOutcome.Duplicate>(await OnceAsync(c, "pay-1", 5)).Receipt.RecordedAt);
                }

                Check.Sequence([5L], await c.AmountsAsync(Account));
            }
        },
        {
            "Of callers at once with the same id, one is committed, and the others get its receipt", async c =>
            {
                var outcomes = await AtOnceAsync(8, _ => OnceAsync(c, "pay-1", 5));
                Check.Equal(1, outcomes.Count(static outcome => outcome is AppendOutcome.Committed));
                Check.Equal(7, outcomes.Count(static outcome => outcome is AppendOutcome.Duplicate));
                Check.Equal(1, outcomes.Select(static outcome => outcome.EnsureCommittedOrDuplicate().LastPosition).Distinct().Count());
                Check.Sequence([5L], await c.AmountsAsync(Account));
            }
        },
        {
            "An id that is not possible is refused", async c =>
            {
                foreach (var id in new[] { "", new string('i', FactLimits.AppendIdBytesMax + 1), "a\nb" }) await Check.ThrowsAsync<ArgumentException>(() => OnceAsync(c, id, 5));
                Check.Equal(0L, await c.VersionAsync(Account));
            }
        },
    };

    static Task<AppendOutcome> OnceAsync(ClaimContext c, string id, long amount, string stream = Account) => c.TryAsync(new AppendRequest(new NewFact(stream, new Deposited(amount))) { AppendId = id });
}
