namespace Factstone.Conformance.Claims;

internal static class ConcurrencyClaims
{
    static readonly Projection<int> Booked = new() { Name = "booked", Seed = 0, Step = static (booked, fact) => fact.Value is Noted ? booked + 1 : booked };

    public static ClaimList All { get; } = new("concurrency")
    {
        {
            "An append at the expected version is committed", async c =>
            {
                await c.DepositAsync(Account, 1);
                Check.Equal(2L, Check.Is<AppendOutcome.Committed>(await AtAsync(c, 1)).Receipt.StreamVersion.Value);
            }
        },
        {
            "An append at another version is a conflict, and nothing is written", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                foreach (var version in new[] { 0, 1, 3 }) Check.Is<AppendOutcome.Conflict>(await AtAsync(c, version));
                Check.Sequence([1L, 2], await c.AmountsAsync(Account));
            }
        },
        {
            "A conflict has the actual version", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                Check.Equal(3L, Check.Is<AppendOutcome.Conflict>(await AtAsync(c, 1)).ActualVersion.Value);
            }
        },
        {
            "A conflict has the facts that caused it", async c =>
            {
                await c.DepositAsync(Account, 1, 2, 3);
                var conflict = Check.Is<AppendOutcome.Conflict>(await AtAsync(c, 1));
                Check.True(conflict.IsComplete);
                Check.Sequence([2L, 3], conflict.Facts.Amounts());
            }
        },
        {
            "A retry at the actual version is committed", async c =>
            {
                await c.DepositAsync(Account, 1, 2);
                var conflict = Check.Is<AppendOutcome.Conflict>(await AtAsync(c, 1));
                Check.Is<AppendOutcome.Committed>(await AtAsync(c, conflict.ActualVersion.Value));
                Check.Equal(3L, await c.VersionAsync(Account));
            }
        },
        {
            "Version 0 is expected of a stream that does not exist", async c =>
            {
                Check.Is<AppendOutcome.Committed>(await AtAsync(c, 0));
                Check.Is<AppendOutcome.Conflict>(await AtAsync(c, 0));
                Check.Equal(1L, await c.VersionAsync(Account));
            }
        },
        {
            "A condition that a stream exists holds only if it does", async c =>
            {
                Check.Is<AppendOutcome.Conflict>(await OnAsync(c, AppendCondition.StreamExists("customers/7")));
                await c.AppendAsync("customers/7", new Noted("here"));
                Check.Is<AppendOutcome.Committed>(await OnAsync(c, AppendCondition.StreamExists("customers/7")));
                Check.Is<AppendOutcome.Conflict>(await OnAsync(c, AppendCondition.StreamMissing("customers/7")));
                Check.Equal(1L, await c.VersionAsync(Account));
            }
        },
        {
            "A condition may name a stream that is not written", async c =>
            {
                await c.AppendAsync("limits/a", new Noted("10"));
                Check.Is<AppendOutcome.Committed>(await OnAsync(c, AppendCondition.StreamAt("limits/a", 1)));
                await c.AppendAsync("limits/a", new Noted("20"));
                Check.Is<AppendOutcome.Conflict>(await OnAsync(c, AppendCondition.StreamAt("limits/a", 1)));
            }
        },
        {
            "Of several conditions, the first that fails is named", async c =>
            {
                await c.DepositAsync(Account, 1);
                AppendCondition[] conditions = [AppendCondition.StreamAt(Account, 1), AppendCondition.StreamExists("no/1"), AppendCondition.StreamExists("no/2")];
                Check.Equal(conditions[1], Check.Is<AppendOutcome.Conflict>(await OnAsync(c, conditions)).Condition);
            }
        },
        {
            "Of callers at once with the same expected version, one wins", async c =>
            {
                var outcomes = await AtOnceAsync(8, caller => c.TryAsync(new AppendRequest(new NewFact(Account, new Deposited(caller))) { Conditions = [AppendCondition.StreamAt(Account, 0)] }));
                Check.Equal(1, outcomes.Count(static outcome => outcome is AppendOutcome.Committed));
                Check.Equal(7, outcomes.Count(static outcome => outcome is AppendOutcome.Conflict));
                Check.Equal(1L, await c.VersionAsync(Account));
            }
        },
        {
            "No fact matches a query: a name can be taken once", async c =>
            {
                var condition = AppendCondition.NoMatch(FactQuery.Tags("email:ada"));
                var outcomes = await AtOnceAsync(6, caller => c.TryAsync(new AppendRequest(new NewFact($"users/{caller}", new Noted("ada")) { Tags = ["email:ada"] }) { Conditions = [condition] }));
                Check.Equal(1, outcomes.Count(static outcome => outcome is AppendOutcome.Committed));
                Check.Equal(1L, await c.Ledger.CountAsync(FactQuery.Tags("email:ada"), cancellationToken: c.CancellationToken));
            }
        },
        {
            "No fact matches a query after a position: what was read has not grown", async c =>
            {
                var query = FactQuery.Tags("course:c1");
                var seen = (await c.AppendAsync(new NewFact("students/1", new Noted("1")) { Tags = ["course:c1"] })).LastPosition;
                await c.DepositAsync(Account, 1);
                Check.Is<AppendOutcome.Committed>(await OnAsync(c, AppendCondition.NoMatch(query, seen)));
                var grown = (await c.AppendAsync(new NewFact("students/2", new Noted("2")) { Tags = ["course:c1"] })).LastPosition;
                Check.Equal(grown, Check.Is<AppendOutcome.Conflict>(await OnAsync(c, AppendCondition.NoMatch(query, seen))).FirstMatch);
            }
        },
        {
            "A condition on the value of a record compares the value, however it is spelled", async c =>
            {
                await c.AppendAsync(new NewFact("settings/theme", null, """{"a":1,"b":2}"""));
                Check.Is<AppendOutcome.Committed>(await OnAsync(c, AppendCondition.RecordEquals("settings/theme", """{ "b": 2.0, "a": 1 }""")));
                Check.Is<AppendOutcome.Conflict>(await OnAsync(c, AppendCondition.RecordEquals("settings/theme", """{"a":1}""")));
            }
        },
        {
            "A conflict is a value for one caller, and an exception for the other", async c =>
            {
                await c.DepositAsync(Account, 1);
                Check.Is<AppendOutcome.Conflict>(await AtAsync(c, 0));
                var thrown = await Check.ThrowsAsync<AppendConflictException>(() => c.Ledger.AppendAsync(new NewFact(Account, new Deposited(2)), new StreamVersion(0), c.CancellationToken).AsTask());
                Check.Equal(1L, thrown.Conflict.ActualVersion.Value);
            }
        },
        {
            "Deciders at once never book more seats than there are", async c =>
            {
                var booked = await AtOnceAsync(10, async caller => (await c.Ledger.DecideAsync(
                    Booked, "shows/s1", taken => taken < 4 ? [new Noted($"buyer {caller}")] : [], cancellationToken: c.CancellationToken)).Receipt is not null);
                Check.Equal(4, booked.Count(static one => one));
                Check.Equal(4L, await c.VersionAsync("shows/s1"));
            }
        },
        {
            "A condition is decided on what was appended before a reopen", async c =>
            {
                await c.DepositAsync(Account, 1);
                await c.ReopenAsync();
                Check.Is<AppendOutcome.Conflict>(await AtAsync(c, 0));
                Check.Is<AppendOutcome.Committed>(await AtAsync(c, 1));
            }
        },
        {
            "An expected version below 0 is refused", async c =>
                await Check.ThrowsAsync<ArgumentException>(() => c.TryAsync(new AppendRequest(new NewFact(Account, new Deposited(1))) { Conditions = [AppendCondition.StreamAt(Account, new StreamVersion(-1))] }))
        },
    };

    static Task<AppendOutcome> AtAsync(ClaimContext c, long version) => c.Ledger.TryAppendAsync(new NewFact(Account, new Deposited(version)), new StreamVersion(version), c.CancellationToken).AsTask();

    static Task<AppendOutcome> OnAsync(ClaimContext c, params AppendCondition[] conditions) => c.TryAsync(new AppendRequest(new NewFact(Account, new Deposited(1))) { Conditions = conditions });
}
