namespace Factstone.Conformance.Claims;

internal static class BatchClaims
{
    public static ClaimList All { get; } = new("batch")
    {
        {
            "The facts of a batch are in its order", async c =>
            {
                await c.AppendAsync(Account, new Deposited(3), new Deposited(1), new Deposited(2));
                Check.Sequence([3L, 1, 2], await c.AmountsAsync(Account));
            }
        },
        {
            "The facts of a batch have dense versions", async c =>
            {
                await c.DepositAsync(Account, 9);
                var receipt = await c.AppendAsync(Account, new Deposited(1), new Deposited(2), new Deposited(3));
                Check.Equal(4L, receipt.StreamVersion.Value);
                Check.Sequence([1L, 2, 3, 4], (await c.StreamAsync(Account)).Versions());
            }
        },
        {
            "The facts of a batch are one block: nothing comes between them", async c =>
            {
                await AtOnceAsync(6, caller => c.AppendAsync(Account, [.. Enumerable.Range(0, 5).Select(i => (object)new Deposited(caller * 5 + i))]));
                foreach (var block in (await c.StreamAsync(Account)).Chunk(5))
                {
                    Check.Sequence(Enumerable.Range(0, 5).Select(i => block[0].Position.Value + i), block.Select(static fact => fact.Position.Value), "the positions of a batch");
                    Check.Sequence(Enumerable.Range(0, 5).Select(i => ((Deposited)block[0].Value!).Amount + i), block.Amounts(), "the facts of a batch");
                }
            }
        },
        {
            "The receipt has the first and the last position, and the number of facts", async c =>
            {
                var receipt = await c.AppendAsync(Account, new Deposited(1), new Deposited(2), new Deposited(3));
                Check.Equal((3L, 2L), (receipt.Count, receipt.LastPosition.Value - receipt.FirstPosition.Value));
                Check.Equal<object?>(new Deposited(1), (await c.Ledger.ReadAtAsync(receipt.FirstPosition, c.CancellationToken))?.Value);
            }
        },
        {
            "A batch over several streams has a version for each", async c =>
            {
                await c.DepositAsync("accounts/b", 1);
                var receipt = await c.Ledger.AppendAsync([new NewFact(Account, new Withdrawn(5)), new NewFact("accounts/b", new Deposited(5)), new NewFact(Account, new Noted("moved"))], c.CancellationToken);
                Check.Sequence([("accounts/a", 2L), ("accounts/b", 2L)], receipt.Versions.Select(static one => (one.Stream.ToString(), one.Version.Value)).Order());
                Check.Equal(2L, await c.VersionAsync(Account));
            }
        },
        {
            "An append without facts and cells is refused", async c =>
            {
                await Check.ThrowsAsync<ArgumentException>(() => c.TryAsync(new AppendRequest { Facts = [] }));
                Check.Sequence([], await c.ReadAllAsync());
            }
        },
        {
            "A batch at the expected version is written whole", async c =>
            {
                await c.DepositAsync(Account, 1);
                Check.Is<AppendOutcome.Committed>(await BatchAsync(c, AppendCondition.StreamAt(Account, 1)));
                Check.Sequence([1L, 10, 11], await c.AmountsAsync(Account));
                Check.Sequence([12L], await c.AmountsAsync("accounts/b"));
            }
        },
        {
            "A batch whose condition fails is not written at all", async c =>
            {
                await c.DepositAsync(Account, 1);
                Check.Equal(1L, Check.Is<AppendOutcome.Conflict>(await BatchAsync(c, AppendCondition.StreamAt(Account, 0))).ActualVersion.Value);
                Check.Sequence([1L], await c.AmountsAsync(Account));
                Check.Sequence([], await c.AmountsAsync("accounts/b"));
            }
        },
        {
            "A condition on one of its streams stops the facts for all of them", async c =>
            {
                Check.Is<AppendOutcome.Conflict>(await BatchAsync(c, AppendCondition.StreamAt(Account, 0), AppendCondition.StreamAt("accounts/b", 1)));
                Check.Sequence([], await c.ReadAllAsync());
            }
        },
        {
            "A batch with one bad fact is refused whole", async c =>
            {
                await Check.ThrowsAsync<ArgumentException>(() => c.Ledger.AppendAsync([new NewFact(Account, new Deposited(1)), new NewFact("accounts/b", "t", "{")], c.CancellationToken).AsTask());
                Check.Sequence([], await c.ReadAllAsync());
            }
        },
        {
            "A value of a type that is not registered stops the whole batch, and the message names the type", async c =>
            {
                var failure = await Check.ThrowsAsync<FactTypesException>(() => c.AppendAsync(Account, new Deposited(1), new Uri("about:blank")));
                Check.True(failure.Message.Contains("Uri", StringComparison.Ordinal), "the message names the type");
                Check.Equal(0L, await c.VersionAsync(Account));
            }
        },
        {
            "A reader never sees a part of a batch", async c =>
            {
                using var done = CancellationTokenSource.CreateLinkedTokenSource(c.CancellationToken);
                var reading = Task.Run(async () =>
                {
                    while (!done.IsCancellationRequested) Check.Equal(0L, await c.VersionAsync(Account) % 4, "the version beside a writer of batches of 4");
                });
                for (var i = 0; i < 10; i++) await c.AppendAsync(Account, new Deposited(i), new Deposited(i), new Deposited(i), new Deposited(i));
                await done.CancelAsync();
                await reading;
            }
        },
        {
            "Batches are whole after a reopen, and the next one goes on", async c =>
            {
                for (var round = 0; round < 3; round++)
                {
                    await c.AppendAsync(Account, new Deposited(round), new Deposited(round));
                    await c.ReopenAsync();
                    Check.Equal<long>((round + 1) * 2, (await c.StreamAsync(Account)).Count);
                }
            }
        },
        {
            "A batch of a thousand facts is one append", async c =>
            {
                var receipt = await c.AppendAsync(Account, [.. Enumerable.Range(0, 1_000).Select(static i => (object)new Deposited(i))]);
                Check.Equal((1_000L, 999L), (receipt.Count, receipt.LastPosition.Value - receipt.FirstPosition.Value));
                Check.Equal(1_000L, await c.Ledger.CountAsync(FactQuery.Stream(Account), cancellationToken: c.CancellationToken));
            }
        },
    };

    static Task<AppendOutcome> BatchAsync(ClaimContext c, params AppendCondition[] conditions) => c.TryAsync(new AppendRequest
    {
        Facts = [new NewFact(Account, new Deposited(10)), new NewFact(Account, new Deposited(11)), new NewFact("accounts/b", new Deposited(12))],
        Conditions = conditions,
    });
}
