namespace Factstone.Conformance.Claims;

/// <summary>Parts of one stream: by version, recorded time, valid time, type and predicate.</summary>
internal static class StreamQueryClaims
{
    static readonly DateTimeOffset Day = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static ClaimList All { get; } = new("query")
    {
        {
            "A stream is read between two versions, both included, forward and backward", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3, 4, 5);
                Check.Sequence([2L, 3, 4], await c.AmountsAsync(Account, new StreamReadOptions { From = 2, Through = 4 }));
                Check.Sequence([4L, 3, 2], await c.AmountsAsync(Account, new StreamReadOptions { Backward = true, From = 4, Through = 2 }));
                Check.Sequence([3L], await c.AmountsAsync(Account, new StreamReadOptions { From = 3, Through = 3 }));
                Check.Sequence([], await c.AmountsAsync(Account, new StreamReadOptions { From = 4, Through = 3 }));
                Check.Sequence([5L], await c.AmountsAsync(Account, new StreamReadOptions { From = 5, Through = 100 }));
            }
        },
        {
            "A stream is read between two recorded times, both included", async c =>
            {
                var times = new List<DateTimeOffset>();
                for (var i = 1; i <= 4; i++) times.Add((await c.AppendAsync(Account, new Deposited(i))).RecordedAt);
                Check.Sequence([2L, 3], await c.AmountsAsync(Account, new StreamReadOptions { RecordedFrom = times[1], RecordedThrough = times[2] }));
                Check.Sequence([3L, 4], await c.AmountsAsync(Account, new StreamReadOptions { RecordedFrom = times[1].AddTicks(10) }));
                Check.Sequence([1L, 2], await c.AmountsAsync(Account, new StreamReadOptions { RecordedThrough = times[2].AddTicks(-10) }));
            }
        },
        {
            "A stream is read by the time of the caller, both ends included", async c =>
            {
                foreach (var day in new[] { 3, 1, 4, 2 }) await c.AppendAsync(new NewFact(Account, new Deposited(day)) { ValidFrom = Day.AddDays(day) });
                Check.Sequence([3L, 2], await c.AmountsAsync(Account, new StreamReadOptions { ValidFrom = Day.AddDays(2), ValidThrough = Day.AddDays(3) }));
                Check.Sequence([3L, 4], await c.AmountsAsync(Account, new StreamReadOptions { ValidFrom = Day.AddDays(3) }));
                Check.Sequence([], await c.AmountsAsync(Account, new StreamReadOptions { ValidFrom = Day.AddDays(5), ValidThrough = Day.AddDays(9) }));
            }
        },
        {
            "A stream is read by one type and by several", async c =>
            {
                await c.AppendAsync(Account, new Deposited(1), new Withdrawn(2), new Noted("3"), new Deposited(4));
                Check.Sequence([1L, 4], (await c.StreamAsync(Account, new StreamReadOptions { Types = ["deposited"] })).Versions());
                Check.Sequence([2L, 3], (await c.StreamAsync(Account, new StreamReadOptions { Types = ["noted", "withdrawn"] })).Versions());
                Check.Sequence([], await c.StreamAsync(Account, new StreamReadOptions { Types = ["Deposited"] }));
            }
        },
        {
            "Bounds of all kinds hold together, and a limit counts what is returned", async c =>
            {
                for (var i = 1; i <= 8; i++) await c.AppendAsync(Account, i % 2 == 0 ? new Withdrawn(i) : new Deposited(i));
                Check.Sequence([3L, 5], (await c.StreamAsync(Account, new StreamReadOptions { From = 2, Through = 7, Types = ["deposited"], Limit = 2 })).Versions());
                Check.Sequence([7L, 5], (await c.StreamAsync(Account, new StreamReadOptions { Backward = true, From = 8, Through = 4, Types = ["deposited"] })).Versions());
            }
        },
        {
            "The facts of a stream within bounds are counted, and those that match a predicate", async c =>
            {
                await c.AppendAsync(Account, new Deposited(5), new Withdrawn(3), new Deposited(50), new Deposited(500));
                Check.Equal(4L, await c.Ledger.CountStreamAsync(Account, cancellationToken: c.CancellationToken));
                Check.Equal(2L, await c.Ledger.CountStreamAsync(Account, new StreamReadOptions { From = 2, Through = 3 }, c.CancellationToken));
                Check.Equal(3L, await c.Ledger.CountStreamAsync(Account, new StreamReadOptions { Types = ["deposited"] }, c.CancellationToken));
                Check.Equal(2L, await c.Ledger.CountStreamAsync(Account, static fact => fact.Value is Deposited { Amount: >= 50 }, cancellationToken: c.CancellationToken));
                Check.Equal(1L, await c.Ledger.CountStreamAsync(Account, static fact => fact.Value is Deposited { Amount: >= 50 }, new StreamReadOptions { Through = 3 }, c.CancellationToken));
            }
        },
        {
            "A stream without facts is empty under every bound", async c =>
            {
                await c.DepositAsync("accounts/b", 1);
                foreach (var options in new StreamReadOptions[] { new() { From = 1, Through = 9 }, new() { RecordedFrom = Day }, new() { ValidFrom = Day }, new() { Types = ["deposited"] }, new() { Backward = true } })
                {
                    Check.Sequence([], await c.StreamAsync(Account, options));
                    Check.Equal(0L, await c.Ledger.CountStreamAsync(Account, options, c.CancellationToken));
                }
            }
        },
        {
            "A fold of a part of a stream is given what the read returns", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3, 4);
                var sum = await c.Ledger.FoldStreamAsync(Account, 0L, static (ref sum, in fact) =>
                {
                    sum += fact.ReadValue() is Deposited deposited ? deposited.Amount : 0;
                    return true;
                }, new StreamReadOptions { From = 2, Through = 3 }, c.CancellationToken);
                Check.Equal(5L, sum);
            }
        },
        {
            "A part of a stream as of the past has nothing later", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var then = (await c.AppendAsync(Account, new Deposited(3))).LastPosition;
                await c.DepositAsync(Account, 4);
                Check.Sequence([2L, 3], await c.AmountsAsync(Account, new StreamReadOptions { From = 2, Through = 9, AsOf = then }));
                Check.Equal(2L, await c.Ledger.CountStreamAsync(Account, new StreamReadOptions { From = 2, AsOf = then }, c.CancellationToken));
            }
        },
        {
            "Random parts of a stream are those of a plain list, also after a reopen", async c =>
            {
                var random = new Random(11);
                await c.Ledger.AppendAsync([.. Enumerable.Range(1, 90).Select(i => new NewFact(Account, $"t{random.Next(3)}", $"{i}") { ValidFrom = Day.AddDays(random.Next(20)) })], c.CancellationToken);
                await c.ReopenAsync();
                var all = await c.StreamAsync(Account);
                for (var round = 0; round < 12; round++)
                {
                    var (from, through, day) = (random.Next(1, 95), random.Next(1, 95), Day.AddDays(random.Next(20)));
                    var options = new StreamReadOptions { From = from, Through = through, ValidFrom = day, Types = round % 2 == 0 ? [] : ["t1", "t2"] };
                    var expected = all.Where(fact => fact.StreamVersion.Value >= from && fact.StreamVersion.Value <= through && fact.ValidFrom >= day && (round % 2 == 0 || fact.Type is "t1" or "t2")).Versions().ToList();
                    Check.Sequence(expected, (await c.StreamAsync(Account, options)).Versions(), $"versions {from} to {through}");
                    Check.Equal<long>(expected.Count, await c.Ledger.CountStreamAsync(Account, options, c.CancellationToken), $"the count of versions {from} to {through}");
                }
            }
        },
        {
            "Bounds that make no sense are refused", async c =>
            {
                await c.DepositAsync(Account, 1);
                await Check.ThrowsAsync<ArgumentOutOfRangeException>(() => c.StreamAsync(Account, new StreamReadOptions { Through = new StreamVersion(-1) }));
                await Check.ThrowsAsync<ArgumentException>(() => c.StreamAsync(Account, new StreamReadOptions { Types = [new string('t', FactLimits.TypeBytesMax + 1)] }));
            }
        },
    };
}
