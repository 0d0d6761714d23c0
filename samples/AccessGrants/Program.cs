// Who may read what: grants, groups and a check that does not read history.
//
//     dotnet run --project samples/AccessGrants [-- directory]
//
// The facts say who granted, revoked, joined and left. An inline projection keeps the present rights
// of each workspace in memory, in step with the appends, so a check is one read of a state that is
// ready, however many facts there are. The state remembers which facts gave a right, so the check
// also answers why. The past is the same projection, folded as of that time. A second run on the same
// directory adds nothing.

using System.Globalization;
using Factstone;

var clock = new StoryClock();
await using var ledger = await Ledger.OpenAsync(args is [var directory] ? directory : "./factstone-data/access-grants", new LedgerOptions
{
    Types = Access.Types,
    InlineProjections = [Access.Projection],
    TimeProvider = clock,                       // a story needs dates; leave it out, and the ledger takes the time of the system
});

// A grant is to a person or to a group, so groups have names that no person can have.
(string At, string Workspace, object Change)[] changes =
[
    ("2026-05-02 16:00", "acme", new Joined("ann", Group: "group:staff", By: "mia")),
    ("2026-05-02 16:05", "acme", new ReadGranted("handbook", To: "group:staff", By: "mia")),
    ("2026-05-02 16:10", "acme", new ReadGranted("plan", To: "ann", By: "mia")),
    ("2026-05-02 16:15", "globex", new ReadGranted("handbook", To: "ben", By: "kim")),
    ("2026-05-03 14:00", "acme", new Left("ann", Group: "group:staff", By: "mia")),
    ("2026-05-03 14:30", "acme", new ReadGranted("handbook", To: "cleo", By: "mia")),
    ("2026-05-03 15:00", "acme", new ReadRevoked("handbook", From: "cleo", By: "mia")),
];

var added = 0;
foreach (var (number, change) in changes.Index())
{
    clock.Now = Time(change.At);
    var outcome = await ledger.TryAppendAsync(new AppendRequest(new NewFact(new StreamName("access", change.Workspace), change.Change)) { AppendId = $"change:{number}" });
    outcome.EnsureCommittedOrDuplicate();
    if (outcome is AppendOutcome.Committed) added++;
}

Console.WriteLine($"{changes.Length} changes, {added} of them new");

Console.WriteLine("now:");
await CheckAsync("acme", "ann", "plan");
await CheckAsync("acme", "ann", "handbook");
await CheckAsync("acme", "cleo", "handbook");
await CheckAsync("acme", "ben", "handbook");                 // has it in another workspace
await CheckAsync("globex", "ben", "handbook");

// Could Ann read it then? The same projection, folded as of that time.
Console.WriteLine("on 3 May 2026 at noon:");
var noon = ledger.AsOf(LedgerTime.RecordedBy(Time("2026-05-03 12:00")));
var then = await noon.ProjectAsync(Access.Projection, "access/acme");
await ExplainAsync("acme", "ann", "handbook", then.State);

// The check: one read, of a state that has every append that was answered before.
async Task CheckAsync(string workspace, string person, string document)
{
    var access = await ledger.ReadProjectionAsync(Access.Projection, workspace);
    await ExplainAsync(workspace, person, document, access.State);
}

// The audit: the facts that gave the right.
async Task ExplainAsync(string workspace, string person, string document, Access access)
{
    var reasons = access.WhyMayRead(person, document);
    Console.WriteLine($"  {workspace}/{document}: {person} {(reasons.Count > 0 ? "may read it" : "may not read it")}");
    foreach (var position in reasons)
    {
        var fact = (await ledger.ReadAtAsync(position))!;
        Console.WriteLine($"    @{position} {fact.RecordedAt:yyyy-MM-dd HH:mm}: {fact.Value}");
    }
}

static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

internal sealed class StoryClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 5, 2, 16, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
