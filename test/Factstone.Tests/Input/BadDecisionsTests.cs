namespace Factstone.Tests.Input;

/// <summary>Decisions that make no sense are refused, if possible before the decide function is called.</summary>
public sealed class BadDecisionsTests
{
    static readonly Func<decimal, IReadOnlyList<object>> NotCalled = static _ => throw new InvalidOperationException("The decide function was called.");

    static readonly BadCall[] Calls =
    [
        new("a null ledger", typeof(ArgumentNullException), "ledger", "", static async _ => await ((ILedger)null!).DecideAsync(Sale.Total, BadCall.Stream, NotCalled)),
        new("a null projection", typeof(ArgumentNullException), "projection", "", static async ledger => await ledger.DecideAsync(null!, BadCall.Stream, NotCalled)),
        new("a null function", typeof(ArgumentNullException), "decide", "", static async ledger => await ledger.DecideAsync(Sale.Total, BadCall.Stream, null!)),
        new("no stream", typeof(ArgumentException), "stream", "It names no stream. Write STORE/KEY", static async ledger => await ledger.DecideAsync(Sale.Total, default(StreamName), NotCalled)),
        new("a stream with a control character", typeof(ArgumentException), "stream", "U+0007", static async ledger => await ledger.DecideAsync(Sale.Total, "a\a/1", NotCalled)),
        new("a null query", typeof(ArgumentNullException), "query", "", static async ledger => await ledger.DecideAsync(Sale.Total, (FactQuery)null!, NotCalled)),
        new("a query without items", typeof(ArgumentException), "query", "The query is empty", static async ledger => await ledger.DecideAsync(Sale.Total, (FactQuery)[], NotCalled)),
        Options("no attempts", typeof(ArgumentOutOfRangeException), "AttemptsMax must be 1 to 1,000.", new() { AttemptsMax = 0 }),
        Options("1,001 attempts", typeof(ArgumentOutOfRangeException), "AttemptsMax must be 1 to 1,000.", new() { AttemptsMax = 1_001 }),
        Options("an empty append id", typeof(ArgumentException), "AppendId is empty.", new() { AppendId = "" }),
        Options("an append id of 129 bytes", typeof(ArgumentException), "AppendId has 129 bytes; at most 128", new() { AppendId = new string('a', 129) }),
        Options("an append id with half of a pair", typeof(ArgumentException), "AppendId contains half of a surrogate pair", new() { AppendId = BadCall.Lone }),
        Options("null for conditions", typeof(ArgumentException), "Conditions may be empty, but not null.", new() { Conditions = null! }),
        Options("a null condition", typeof(ArgumentException), "Conditions[1]: It is null.", new() { Conditions = [AppendCondition.StreamExists(BadCall.Stream), null!] }),
        Options("a condition on no stream", typeof(ArgumentException), "Conditions[0]: It names no stream", new() { Conditions = [AppendCondition.StreamExists(default)] }),
        Options("a condition by a query without items", typeof(ArgumentException), "Conditions[0]: The query is empty", new() { Conditions = [AppendCondition.NoMatch([])] }),
        Options("10,000 conditions", typeof(ArgumentException), "There are 10,000 Conditions; at most 9,999", new() { Conditions = [.. Enumerable.Repeat(AppendCondition.StreamExists(BadCall.Stream), 10_000)] }),

        Decision("a null", typeof(ArgumentException), "decision[1] is null. Leave it out", new Sold(1), null!),
        Decision("a stored fact", typeof(ArgumentException), "decision[0] is a Fact, which is stored already", StoredFact()),
        Decision("a text", typeof(FactTypesException), "If it is JSON, append it under its type", "sold"),
        Decision("a value of a type that is not registered", typeof(FactTypesException), ".Add<Unlisted>(\"unlisted\")", new Unlisted(1)),
        Decision("a list of values", typeof(FactTypesException), "pass its elements", new List<Sold> { new(1) }),
        Decision("a fact of no stream", typeof(ArgumentException), "facts[0]: It names no stream", new NewFact(default, new Sold(1))),
        Decision("a fact of a reserved store", typeof(ArgumentException), "belong to Factstone", new NewFact("$own/1", new Sold(1))),
        Decision("10,001 values", typeof(ArgumentException), "10,001 facts; at most 10,000", [.. Enumerable.Repeat(new Sold(1), 10_001)]),
        new("a value of a decision by query", typeof(ArgumentException), null, "decision[0] is a Sold. A decision by query must name the stream of each fact: return new NewFact(stream, value).", static async ledger => await ledger.DecideAsync(Sale.Total, FactQuery.Store("orders"), static _ => [new Sold(1)])),
        new("a value in a ledger without types", typeof(FactTypesException), null, "the ledger was opened without types. Add to LedgerOptions: Types = new FactTypes(...).Add<Sold>(\"sold\")", static async _ => await UntypedAsync()),
        new("another writer at each attempt", typeof(AppendConflictException), null, "Nothing was appended: the condition 'stream conflicts/1 does not exist' does not hold; the stream is at version 1. The decision was made once, and another writer came first each time. Call again, or raise AttemptsMax.", static async _ => await ConflictAsync(attempts: 1)),
        new("another writer at each of two attempts", typeof(AppendConflictException), null, "'stream conflicts/1 is at version 1' does not hold; the stream is at version 2. The decision was made 2 times", static async _ => await ConflictAsync(attempts: 2)),
        new("a further condition that does not hold", typeof(AppendConflictException), null, "Nothing was appended: the condition 'stream none/1 exists' does not hold; the stream is at version 0. Read the current state and decide again.", static async ledger => await ledger.DecideAsync(Sale.Total, BadCall.Stream, static _ => [new Sold(1)], new DecideOptions { Conditions = [AppendCondition.StreamExists("none/1")] })),
    ];

    public static TheoryData<string> Names => BadCall.Names(Calls);

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_refused_with_the_reason_and_changes_nothing(string name) => BadCall.IsRefusedAsync(Calls, name);

    static BadCall Options(string name, Type exception, string says, DecideOptions options) =>
        new(name, exception, "options", says, async ledger => await ledger.DecideAsync(Sale.Total, BadCall.Stream, NotCalled, options));

    static BadCall Decision(string name, Type exception, string says, params object[] decision) =>
        new(name, exception, decision.Length > 10_000 ? "request" : null, says, async ledger => await ledger.DecideAsync(Sale.Total, BadCall.Stream, _ => decision));

    static async Task UntypedAsync()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.DecideAsync(Sale.Total, BadCall.Stream, static _ => [new Sold(1)]);
    }

    static async Task ConflictAsync(int attempts)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Sale.Types });
        await ledger.DecideAsync(Sale.Total, "conflicts/1", Decide, new DecideOptions { AttemptsMax = attempts });

        IReadOnlyList<object> Decide(decimal total)
        {
            ledger.AppendAsync("conflicts/1", [new Sold(1)]).AsTask().Wait();
            return [new Sold(2)];
        }
    }

    static Fact StoredFact()
    {
        using var ledger = Ledger.OpenInMemoryAsync().AsTask().Result;
        ledger.AppendAsync(new NewFact("s/1", null, "1")).AsTask().Wait();
        return ledger.ReadAtAsync(new Position(1)).AsTask().Result!;
    }
}
