namespace Factstone.Conformance.Claims;

internal static class LogClaims
{
    public static ClaimList All { get; } = new("log")
    {
        {
            "An append gets the next version of its stream, and the receipt has it", async c =>
            {
                for (var version = 1; version <= 3; version++) Check.Equal<long>(version, (await c.AppendAsync(Account, new Deposited(version))).StreamVersion.Value);
            }
        },
        {
            "The position in the receipt is the position of the fact", async c =>
            {
                var receipt = await c.AppendAsync(Account, new Deposited(7));
                Check.Equal<object?>(new Deposited(7), (await c.Ledger.ReadAtAsync(receipt.LastPosition, c.CancellationToken))?.Value);
            }
        },
        {
            "A stream is read oldest first", async c =>
            {
                await c.DepositAsync(Account, 3, 1, 2);
                Check.Sequence([3L, 1, 2], await c.AmountsAsync(Account));
            }
        },
        {
            "A read from a version begins with that version", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3, 4);
                Check.Sequence([3L, 4], await c.AmountsAsync(Account, new StreamReadOptions { From = 3 }));
            }
        },
        {
            "A read from beyond the last version is empty", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                Check.Sequence([], await c.AmountsAsync(Account, new StreamReadOptions { From = 3 }));
            }
        },
        {
            "A read backward begins with the newest fact", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                Check.Sequence([3L, 2, 1], await c.AmountsAsync(Account, new StreamReadOptions { Backward = true }));
                Check.Sequence([2L, 1], await c.AmountsAsync(Account, new StreamReadOptions { Backward = true, From = 2 }));
            }
        },
        {
            "A read has at most as many facts as its limit", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                Check.Sequence([1L, 2], await c.AmountsAsync(Account, new StreamReadOptions { Limit = 2 }));
                Check.Sequence([], await c.AmountsAsync(Account, new StreamReadOptions { Limit = 0 }));
            }
        },
        {
            "A stream that does not exist is at version 0, and empty", async c =>
            {
                await c.DepositAsync(Account, 1);
                Check.Equal(0L, await c.VersionAsync("accounts/b"));
                Check.Sequence([], await c.StreamAsync("accounts/b"));
            }
        },
        {
            "The last version is the number of facts that were appended", async c =>
            {
                for (var i = 1; i <= 5; i++)
                {
                    await c.DepositAsync(Account, i);
                    Check.Equal<long>(i, await c.VersionAsync(Account));
                }
            }
        },
        {
            "The last version does not fall when a record is retracted", async c =>
            {
                await c.AppendAsync(new NewFact("settings/theme", null, "1"));
                await c.AppendAsync(NewFact.Retraction("settings/theme"));
                Check.Equal(2L, await c.VersionAsync("settings/theme"));
                Check.Equal(3L, (await c.AppendAsync(new NewFact("settings/theme", null, "2"))).StreamVersion.Value);
            }
        },
        {
            "The facts of a stream are counted", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                await c.DepositAsync("accounts/b", 1);
                Check.Equal(3L, await c.Ledger.CountAsync(FactQuery.Stream(Account), cancellationToken: c.CancellationToken));
                Check.Equal(0L, await c.Ledger.CountAsync(FactQuery.Stream("accounts/c"), cancellationToken: c.CancellationToken));
            }
        },
        {
            "Streams do not see each other's facts", async c =>
            {
                for (var i = 0; i < 4; i++)
                {
                    await c.DepositAsync(Account, i);
                    await c.DepositAsync("accounts/b", 10 + i);
                }

                Check.Sequence([0L, 1, 2, 3], await c.AmountsAsync(Account));
                Check.Sequence([10L, 11, 12, 13], await c.AmountsAsync("accounts/b"));
            }
        },
        {
            "Streams with similar names are different streams", async c =>
            {
                StreamName[] names = [new("a", ""), new("a", "b"), new("a", "b/"), new("a", "B"), new("ab", ""), new("a", "b/c"), new("A", "b")];
                for (var i = 0; i < names.Length; i++) await c.DepositAsync(names[i], i);
                for (var i = 0; i < names.Length; i++) Check.Sequence([(long)i], await c.AmountsAsync(names[i]), $"{names[i]}");
            }
        },
        {
            "A read as of a position has nothing later", async c =>
            {
                await c.DepositAsync(Account, 1);
                var then = (await c.AppendAsync(Account, new Deposited(2))).LastPosition;
                await c.DepositAsync(Account, 3);
                Check.Sequence([1L, 2], await c.AmountsAsync(Account, new StreamReadOptions { AsOf = then }));
                Check.Equal(2L, (await c.Ledger.GetVersionAsync(Account, then, c.CancellationToken)).Value);
                Check.Sequence([1L, 2], (await c.Ledger.AsOf(then).ReadStreamAsync(Account, cancellationToken: c.CancellationToken).ListAsync()).Amounts());
            }
        },
        {
            "A read as of a recorded time has what was recorded by then", async c =>
            {
                await c.DepositAsync(Account, 1);
                var then = (await c.AppendAsync(Account, new Deposited(2))).RecordedAt;
                await c.DepositAsync(Account, 3);
                Check.Sequence([1L, 2], await c.AmountsAsync(Account, new StreamReadOptions { AsOf = LedgerTime.RecordedBy(then) }));
                Check.Sequence([1L], await c.AmountsAsync(Account, new StreamReadOptions { AsOf = LedgerTime.RecordedBy(then.AddTicks(-10)) }));
            }
        },
        {
            "Versions go on after a reopen", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                await c.ReopenAsync();
                Check.Equal(3L, (await c.AppendAsync(Account, new Deposited(3))).StreamVersion.Value);
                Check.Sequence([1L, 2, 3], await c.AmountsAsync(Account));
            }
        },
        {
            "A long stream is read in pages, without gap or repeat", async c =>
            {
                await c.AppendAsync(Account, [.. Enumerable.Range(1, 250).Select(static amount => (object)new Deposited(amount))]);
                var pages = new List<long>();
                for (StreamVersion from = 1; ;)
                {
                    var page = await c.StreamAsync(Account, new StreamReadOptions { From = from, Limit = 60 });
                    if (page.Count == 0) break;
                    pages.AddRange(page.Amounts());
                    from = page[^1].StreamVersion.Next();
                }

                Check.Sequence(Enumerable.Range(1, 250).Select(static amount => (long)amount), pages);
            }
        },
        {
            "Callers at once get dense versions, and each finds its facts in its order", async c =>
            {
                await AtOnceAsync(8, async caller =>
                {
                    for (var i = 0; i < 6; i++) await c.DepositAsync(Account, caller * 100 + i);
                    return caller;
                });
                var facts = await c.StreamAsync(Account);
                Check.Sequence(Enumerable.Range(1, 48).Select(static version => (long)version), facts.Versions());
                foreach (var caller in facts.Amounts().GroupBy(static amount => amount / 100)) Check.Sequence(caller.Order(), caller, $"the facts of caller {caller.Key}");
            }
        },
        {
            "A read that makes no sense is refused", async c =>
            {
                await c.DepositAsync(Account, 1);
                await Check.ThrowsAsync<ArgumentOutOfRangeException>(() => c.StreamAsync(Account, new StreamReadOptions { From = new StreamVersion(-1) }));
                await Check.ThrowsAsync<ArgumentOutOfRangeException>(() => c.StreamAsync(Account, new StreamReadOptions { Limit = -1 }));
                await Check.ThrowsAsync<ArgumentOutOfRangeException>(() => c.StreamAsync(Account, new StreamReadOptions { AsOf = new Position(1_000_000) }));
            }
        },
        {
            "An append of nothing, and one to a reserved store, are refused", async c =>
            {
                await Check.ThrowsAsync<ArgumentException>(() => c.TryAsync(new AppendRequest()));
                await Check.ThrowsAsync<ArgumentException>(() => c.AppendAsync(new NewFact("$receipts/x", "t", "1")));
                await Check.ThrowsAsync<ArgumentException>(() => c.AppendAsync(new NewFact(new StreamName("a/b", "c"), "t", "1")));
                Check.Sequence([], await c.ReadAllAsync());
            }
        },
    };
}
