using Factstone.Cli.Output;

namespace Factstone.Cli.Demo;

/// <summary>Two writers decide on the same version: one wins, and the other gets the fact that caused the conflict.</summary>
internal static class ConflictAndAnswer
{
    static readonly StreamName Seats = "seats/12A";

    public static async Task ShowAsync(DemoPage page, Ledger ledger, CancellationToken ct)
    {
        await ledger.AppendAsync(new AppendRequest(new NewFact(Seats, "offered", """{"price":120}""")), ct);

        page.Heading("5 · A conflict, and its answer");
        page.Line($"Ada and Bob both see {Seats} at version 1, and both take it:");
        page.Space();
        await TryAsync(page, ledger, "Ada", StreamVersion.None.Next(), "taken", """{"by":"ada"}""", ct);
        await TryAsync(page, ledger, "Bob", StreamVersion.None.Next(), "taken", """{"by":"bob"}""", ct);
        page.Space();
        page.Line("Bob needs no second read: the conflict brought the fact that won.");
        await TryAsync(page, ledger, "Bob", 2, "waitlisted", """{"by":"bob"}""", ct);
    }

    static async Task TryAsync(DemoPage page, Ledger ledger, string who, StreamVersion expected, string type, string value, CancellationToken ct)
    {
        var outcome = await ledger.TryAppendAsync(new AppendRequest { Facts = [new NewFact(Seats, type, value)], Conditions = [AppendCondition.StreamAt(Seats, expected)] }, ct);
        var asked = $"{who}: {type} {value}, expecting v{expected}";
        switch (outcome)
        {
            case AppendOutcome.Conflict conflict:
                page.Refused($"{asked,-44} → conflict: it is at v{conflict.ActualVersion}");
                foreach (var winner in conflict.Facts) page.Refused($"{"",-46} v{winner.StreamVersion} {winner.Type} {winner.Json}");
                break;
            default:
                page.Good($"{asked,-44} → v{outcome.EnsureCommittedOrDuplicate().StreamVersion} @{outcome.EnsureCommittedOrDuplicate().LastPosition}");
                break;
        }
    }
}
