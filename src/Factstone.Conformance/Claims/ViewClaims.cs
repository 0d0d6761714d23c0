namespace Factstone.Conformance.Claims;

/// <summary>A view that a consumer keeps in a cell, in one append with its checkpoint.</summary>
internal static class ViewClaims
{
    const string Bucket = "views";

    public static ClaimList All { get; } = new("view")
    {
        {
            "A view has every fact up to a position once the consumer has passed it", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await CatchUpAsync(c);
                Check.Equal("+1+2", await PeekAsync(c));
            }
        },
        { "A view of a stream without facts has no value", async c => Check.Equal(null, await PeekAsync(c)) },
        {
            "A view that is only read may be behind, and is never wrong", async c =>
            {
                await c.DepositAsync(Account, 1);
                await CatchUpAsync(c);
                await c.DepositAsync(Account, 2);
                Check.Equal("+1", await PeekAsync(c));
                await CatchUpAsync(c);
                Check.Equal("+1+2", await PeekAsync(c));
            }
        },
        {
            "A view equals the whole fold, however often it is brought up to date", async c =>
            {
                for (var i = 1; i <= 4; i++)
                {
                    await c.DepositAsync(Account, i);
                    await CatchUpAsync(c);
                    Check.Equal((await c.Ledger.ProjectAsync(Journal, Account, c.CancellationToken)).State, await PeekAsync(c));
                }
            }
        },
        {
            "A view has the facts of its own stream only", async c =>
            {
                await c.DepositAsync("accounts/b", 9);
                await c.DepositAsync(Account, 1);
                await c.DepositAsync("accounts/b", 9);
                await CatchUpAsync(c);
                Check.Equal("+1", await PeekAsync(c));
            }
        },
        {
            "Views of different names are independent", async c =>
            {
                await c.DepositAsync(Account, 1);
                await CatchUpAsync(c, "first");
                await c.DepositAsync(Account, 2);
                await CatchUpAsync(c, "second");
                Check.Equal("+1", await PeekAsync(c, "first"));
                Check.Equal("+1+2", await PeekAsync(c, "second"));
            }
        },
        {
            "A view goes on after a reopen, and takes no fact twice", async c =>
            {
                for (var i = 1; i <= 3; i++)
                {
                    await c.DepositAsync(Account, i);
                    await CatchUpAsync(c);
                    await c.ReopenAsync();
                    Check.Equal((await c.Ledger.ProjectAsync(Journal, Account, c.CancellationToken)).State, await PeekAsync(c));
                }
            }
        },
        {
            "A fact that was returned and not committed is returned again", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                for (var attempt = 0; attempt < 2; attempt++)
                {
                    await foreach (var fact in Of(c).FollowAsync(c.CancellationToken))
                    {
                        Check.Equal<object?>(new Deposited(1), fact.Value);
                        break;
                    }
                }

                Check.Equal(null, await PeekAsync(c));
            }
        },
        {
            "A condition that fails leaves the view and its checkpoint as they were", async c =>
            {
                await c.DepositAsync(Account, 1);
                var consumer = Of(c);
                await foreach (var fact in consumer.FollowAsync(c.CancellationToken))
                {
                    var request = new AppendRequest { Cells = [NewCell.Put(Bucket, "journal", "wrong")], Conditions = [AppendCondition.StreamExists("no/1")] };
                    await Check.ThrowsAsync<AppendConflictException>(() => consumer.CommitAsync(fact.Position, request, c.CancellationToken).AsTask());
                    break;
                }

                await CatchUpAsync(c);
                Check.Equal("+1", await PeekAsync(c));
            }
        },
        {
            "An owner that was overtaken cannot change the view", async c =>
            {
                await c.DepositAsync(Account, 1);
                var (old, next) = (Of(c), Of(c));
                await foreach (var fact in old.FollowAsync(c.CancellationToken))
                {
                    await foreach (var _ in next.FollowAsync(c.CancellationToken)) break;
                    var request = new AppendRequest { Cells = [NewCell.Put(Bucket, "journal", "wrong")] };
                    await Check.ThrowsAsync<ConsumerOvertakenException>(() => old.CommitAsync(fact.Position, request, c.CancellationToken).AsTask());
                    break;
                }

                Check.Equal(null, await PeekAsync(c));
            }
        },
        {
            "A view that is rebuilt under another name is the same", async c =>
            {
                for (var i = 1; i <= 3; i++)
                {
                    await c.DepositAsync(Account, i);
                    await CatchUpAsync(c);
                }

                await CatchUpAsync(c, "rebuilt");
                Check.Equal(await PeekAsync(c), await PeekAsync(c, "rebuilt"));
            }
        },
        {
            "A consumer whose checkpoint was deleted begins anew", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await CatchUpAsync(c);
                Check.True(await c.Ledger.DeleteConsumerAsync("journal", c.CancellationToken));
                await foreach (var fact in Of(c).FollowAsync(c.CancellationToken))
                {
                    Check.Equal<object?>(new Deposited(1), fact.Value);
                    break;
                }
            }
        },
        {
            "A consumer whose query has changed is refused", async c =>
            {
                await c.DepositAsync(Account, 1);
                await CatchUpAsync(c);
                await Check.ThrowsAsync<ConsumerRefusedException>(async () =>
                {
                    await foreach (var _ in c.Ledger.Consumer("journal", FactQuery.All).FollowAsync(c.CancellationToken)) break;
                });
            }
        },
    };

    static Consumer Of(ClaimContext c, string name = "journal") => c.Ledger.Consumer(name, FactQuery.Stream(Account));

    static async Task<string?> PeekAsync(ClaimContext c, string name = "journal") => (await c.Ledger.ReadCellAsync(Bucket, name, c.CancellationToken))?.Text;

    /// <summary>Runs the consumer of a view until it has passed the last fact.</summary>
    static async Task CatchUpAsync(ClaimContext c, string name = "journal")
    {
        var end = (await c.StreamAsync(Account, new StreamReadOptions { Backward = true, Limit = 1 }))[0].Position;
        var consumer = Of(c, name);
        string? journal = null;
        await foreach (var fact in consumer.FollowAsync(c.CancellationToken))
        {
            journal ??= await PeekAsync(c, name) ?? Journal.Seed;
            journal = Journal.Step(journal, fact);
            await consumer.CommitAsync(fact.Position, new AppendRequest { Cells = [NewCell.Put(Bucket, name, journal)] }, c.CancellationToken);
            if (fact.Position >= end) break;
        }

        await consumer.WaitForAsync(end, c.CancellationToken);
    }
}
