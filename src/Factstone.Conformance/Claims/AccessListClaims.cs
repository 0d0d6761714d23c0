using System.Collections.Immutable;

namespace Factstone.Conformance.Claims;

/// <summary>Grants and revokes as facts, tagged with subject and resource.</summary>
internal static class AccessListClaims
{
    const string Grants = "access/main";

    static readonly Projection<ImmutableSortedSet<string>> Granted = new()
    {
        Name = "granted",
        Seed = [],
        Step = static (granted, fact) => fact.Value switch
        {
            AccessGranted grant => granted.Add($"{grant.Subject}>{grant.Resource}"),
            AccessRevoked revoke => granted.Remove($"{revoke.Subject}>{revoke.Resource}"),
            _ => granted,
        },
    };

    public static ClaimList All { get; } = new("example-acl")
    {
        { "Without a grant, nothing is allowed", async c => Check.True(!await IsAllowedAsync(c, "ada", "door"), "no access") },
        {
            "A grant allows its subject its resource, and nothing else", async c =>
            {
                await GrantAsync(c, "ada", "door");
                Check.True(await IsAllowedAsync(c, "ada", "door"), "access for ada");
                Check.True(!await IsAllowedAsync(c, "bob", "door") && !await IsAllowedAsync(c, "ada", "safe"), "no other access");
            }
        },
        {
            "A revoke ends the access", async c =>
            {
                await GrantAsync(c, "ada", "door");
                await RevokeAsync(c, "ada", "door");
                Check.True(!await IsAllowedAsync(c, "ada", "door"), "no access");
            }
        },
        {
            "A grant after a revoke allows again", async c =>
            {
                await GrantAsync(c, "ada", "door");
                await RevokeAsync(c, "ada", "door");
                await GrantAsync(c, "ada", "door");
                Check.True(await IsAllowedAsync(c, "ada", "door"), "access");
            }
        },
        {
            "Granting twice is granting once", async c =>
            {
                await GrantAsync(c, "ada", "door");
                await GrantAsync(c, "ada", "door");
                Check.Sequence(["ada>door"], await StateAsync(c));
                await RevokeAsync(c, "ada", "door");
                Check.Sequence([], await StateAsync(c));
            }
        },
        {
            "The grants of a subject are found by its tag alone", async c =>
            {
                await GrantAsync(c, "ada", "door");
                await GrantAsync(c, "bob", "door");
                await GrantAsync(c, "ada", "safe");
                Check.Sequence(["ada>door", "ada>safe"], (await c.Ledger.ProjectAsync(Granted, FactQuery.Tags("subject:ada"), c.CancellationToken)).State);
                Check.Sequence(["ada>door", "bob>door"], (await c.Ledger.ProjectAsync(Granted, FactQuery.Tags("resource:door"), c.CancellationToken)).State);
            }
        },
        {
            "A check of one cell is enough, if grant and cell are one append", async c =>
            {
                await c.Ledger.AppendAsync(new AppendRequest(new NewFact(Grants, new AccessGranted("ada", "door"))) { Cells = [NewCell.Put("access", "ada>door", "1")] }, c.CancellationToken);
                Check.True(await c.Ledger.ReadCellAsync("access", "ada>door", c.CancellationToken) is not null, "access");
                await c.Ledger.AppendAsync(new AppendRequest(new NewFact(Grants, new AccessRevoked("ada", "door"))) { Cells = [NewCell.Delete("access", "ada>door")] }, c.CancellationToken);
                Check.Equal(null, await c.Ledger.ReadCellAsync("access", "ada>door", c.CancellationToken));
            }
        },
        {
            "An audit has what was granted and revoked between two times", async c =>
            {
                await GrantAsync(c, "ada", "door");
                var from = (await GrantAsync(c, "bob", "door")).RecordedAt;
                var to = (await RevokeAsync(c, "ada", "door")).RecordedAt;
                await GrantAsync(c, "cid", "door");
                var window = await c.ReadAsync(FactQuery.Tags("resource:door"), new ReadOptions { RecordedFrom = from, AsOf = LedgerTime.RecordedBy(to) });
                Check.Sequence<object?>([new AccessGranted("bob", "door"), new AccessRevoked("ada", "door")], window.Select(static fact => fact.Value));
            }
        },
        {
            "Who had access at a time in the past is known", async c =>
            {
                var then = (await GrantAsync(c, "ada", "door")).RecordedAt;
                await RevokeAsync(c, "ada", "door");
                Check.Sequence(["ada>door"], (await c.Ledger.AsOf(LedgerTime.RecordedBy(then)).ProjectAsync(Granted, Grants, c.CancellationToken)).State);
                Check.Sequence([], await StateAsync(c));
            }
        },
        {
            "Grants and revokes survive a reopen", async c =>
            {
                await GrantAsync(c, "ada", "door");
                await GrantAsync(c, "bob", "door");
                await RevokeAsync(c, "ada", "door");
                await c.ReopenAsync();
                Check.Sequence(["bob>door"], await StateAsync(c));
                Check.True(!await IsAllowedAsync(c, "ada", "door"), "the revoke holds");
            }
        },
        {
            "A revoke meanwhile stops an act that was allowed", async c =>
            {
                await GrantAsync(c, "ada", "door");
                var query = FactQuery.Tags("subject:ada", "resource:door");
                var seen = await c.Ledger.ProjectAsync(Granted, query, c.CancellationToken);
                await RevokeAsync(c, "ada", "door");
                Check.Is<AppendOutcome.Conflict>(await c.TryAsync(new AppendRequest(new NewFact("doors/1", new Noted("opened by ada"))) { Conditions = [AppendCondition.NoMatch(query, seen.Position)] }));
                Check.Equal(0L, await c.VersionAsync("doors/1"));
            }
        },
        {
            "Grants of callers at once are all there, and so are the revokes", async c =>
            {
                await AtOnceAsync(6, async caller =>
                {
                    await GrantAsync(c, $"s{caller}", "door");
                    if (caller % 2 == 0) await RevokeAsync(c, $"s{caller}", "door");
                    return caller;
                });
                await c.ReopenAsync();
                for (var caller = 0; caller < 6; caller++) Check.Equal(caller % 2 == 1, await IsAllowedAsync(c, $"s{caller}", "door"), $"access of s{caller}");
            }
        },
        {
            "A subject that no tag can hold is refused, and nothing is granted", async c =>
            {
                await Check.ThrowsAsync<ArgumentException>(() => GrantAsync(c, new string('s', FactLimits.TagBytesMax), "door"));
                await Check.ThrowsAsync<ArgumentException>(() => GrantAsync(c, "a\nb", "door"));
                Check.Sequence([], await c.ReadAllAsync());
            }
        },
    };

    static Task<AppendReceipt> GrantAsync(ClaimContext c, string subject, string resource) => c.AppendAsync(Grants, new AccessGranted(subject, resource));

    static Task<AppendReceipt> RevokeAsync(ClaimContext c, string subject, string resource) => c.AppendAsync(Grants, new AccessRevoked(subject, resource));

    static async Task<ImmutableSortedSet<string>> StateAsync(ClaimContext c) => (await c.Ledger.ProjectAsync(Granted, Grants, c.CancellationToken)).State;

    static async Task<bool> IsAllowedAsync(ClaimContext c, string subject, string resource) =>
        (await c.Ledger.ProjectAsync(Granted, FactQuery.Tags($"subject:{subject}", $"resource:{resource}"), c.CancellationToken)).State.Contains($"{subject}>{resource}");
}
