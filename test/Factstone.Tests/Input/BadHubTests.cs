namespace Factstone.Tests.Input;

/// <summary>Bounds of a stream, questions to the catalog and calls of a hub that make no sense are refused with the name of the parameter and the reason.</summary>
public sealed class BadHubTests
{
    static readonly BadCall[] Calls =
    [
        Read("a read through version -1", typeof(ArgumentOutOfRangeException), "Through must not be negative. Versions start at 1, and null stands for no end.", new StreamReadOptions { Through = -1 }),
        Read("a read backward between versions in ascending order", typeof(ArgumentException), "From is 3, and Through is 7: exchange them.", new StreamReadOptions { From = 3, Through = 7, Backward = true }),
        Read("a null type", typeof(ArgumentException), "Types[1]: A type is null.", new StreamReadOptions { Types = ["a", null!] }),
        Read("an empty type", typeof(ArgumentException), "Types[0]: The type is empty.", new StreamReadOptions { Types = [""] }),
        Read("a type of 257 bytes", typeof(ArgumentException), "257 bytes", new StreamReadOptions { Types = [new string('t', 257)] }),
        Read("a type with half of a pair", typeof(ArgumentException), "surrogate", new StreamReadOptions { Types = [BadCall.Lone] }),
        Read("101 types", typeof(ArgumentException), "Types has 101 types; at most 100 are possible.", new StreamReadOptions { Types = [.. Enumerable.Range(0, 101).Select(static i => $"t{i}")] }),
        Read("a bounded read as of a later point", typeof(ArgumentOutOfRangeException), "is too high", new StreamReadOptions { Through = 1, AsOf = new Position(9) }, "time"),
        new("null types", typeof(ArgumentNullException), "value", "", static _ => Task.FromResult(new StreamReadOptions { Types = null! })),
        new("a fold through version -1", typeof(ArgumentOutOfRangeException), "options", "Through must not be negative", static async ledger => await ledger.FoldStreamAsync(BadCall.Stream, 0, static (ref _, in _) => true, new StreamReadOptions { Through = -1 })),
        new("a count through version -1", typeof(ArgumentOutOfRangeException), "options", "Through must not be negative", static async ledger => await ledger.CountStreamAsync(BadCall.Stream, new StreamReadOptions { Through = -1 })),
        new("a count to -1", typeof(ArgumentOutOfRangeException), "options", "Limit must not be negative", static async ledger => await ledger.CountStreamAsync(BadCall.Stream, new StreamReadOptions { Limit = -1 })),
        new("a count where, through version -1", typeof(ArgumentOutOfRangeException), "options", "Through must not be negative", static async ledger => await ledger.CountStreamAsync(BadCall.Stream, static _ => true, new StreamReadOptions { Through = -1 })),
        new("a count where, as of one point by a reader of another", typeof(ArgumentException), "options", "This reader is bound to @1", static async ledger => await ledger.AsOf(new Position(1)).CountStreamAsync(BadCall.Stream, static _ => true, new StreamReadOptions { AsOf = new Position(2) })),
        new("a count of no stream", typeof(ArgumentException), "stream", "It names no stream", static async ledger => await ledger.CountStreamAsync(default)),
        new("a count where null", typeof(ArgumentNullException), "where", "", static async ledger => await ledger.CountStreamAsync(BadCall.Stream, where: null!)),

        new("whether no stream exists", typeof(ArgumentException), "stream", "It names no stream", static async ledger => await ledger.StreamExistsAsync(default)),
        new("totals of a null store", typeof(ArgumentNullException), "store", "", static async ledger => await ledger.GetTotalsAsync((string)null!)),
        new("totals of a stream", typeof(ArgumentException), "store", "contains a '/'", static async ledger => await ledger.GetTotalsAsync(BadCall.Stream)),
        new("totals as of a later point", typeof(ArgumentOutOfRangeException), "time", "is too high", static async ledger => await ledger.GetTotalsAsync("orders", new Position(9))),

        new("a hub of a null ledger", typeof(ArgumentNullException), "ledger", "", static _ => Task.FromResult(((ILedger)null!).OpenHub(Ignore))),
        new("a hub that reports to nobody", typeof(ArgumentNullException), "failed", "", static ledger => Task.FromResult(ledger.OpenHub(null!))),
        Hub("a hub without time", "CallbackTimeMax must be 1 ms to 1 hour.", new HubOptions { CallbackTimeMax = TimeSpan.Zero }),
        Hub("a hub that waits for ever", "CallbackTimeMax must be 1 ms to 1 hour.", new HubOptions { CallbackTimeMax = Timeout.InfiniteTimeSpan }),
        Hub("a hub where no fact may wait", "WaitingFactsMax must be 1 to 1,000,000.", new HubOptions { WaitingFactsMax = 0 }),
        new("a hub without a clock", typeof(ArgumentException), "options", "TimeProvider is null. The system's is TimeProvider.System.", static ledger => Task.FromResult(ledger.OpenHub(Ignore, new HubOptions { TimeProvider = null! }))),
        new("a subscriber to a null query", typeof(ArgumentNullException), "query", "", static ledger => Task.FromResult(ledger.OpenHub(Ignore).Subscribe((FactQuery)null!, Nothing))),
        new("a subscriber to a query without items", typeof(ArgumentException), "query", "The query is empty", static ledger => Task.FromResult(ledger.OpenHub(Ignore).Subscribe([], Nothing))),
        new("a subscriber to no stream", typeof(ArgumentException), "stream", "It names no stream", static ledger => Task.FromResult(ledger.OpenHub(Ignore).Subscribe(default(StreamName), Nothing))),
        new("a subscriber without a callback", typeof(ArgumentNullException), "callback", "", static ledger => Task.FromResult(ledger.OpenHub(Ignore).Subscribe(FactQuery.All, null!))),
        new("a subscriber with an empty name", typeof(ArgumentException), "name", "The name of the subscriber is empty.", static ledger => Task.FromResult(ledger.OpenHub(Ignore).Subscribe(FactQuery.All, Nothing, ""))),
        new("a publish of a null request", typeof(ArgumentNullException), "request", "", static async ledger => await ledger.OpenHub(Ignore).PublishAsync((AppendRequest)null!)),
        new("a publish of a null fact", typeof(ArgumentNullException), "fact", "", static async ledger => await ledger.OpenHub(Ignore).PublishAsync((NewFact)null!)),
        new("a publish of nothing", typeof(ArgumentException), "request", "", static async ledger => await ledger.OpenHub(Ignore).PublishAsync(new AppendRequest())),
        new("a publish to no stream", typeof(ArgumentException), null, "It names no stream", static async ledger => await ledger.OpenHub(Ignore).PublishAsync(new NewFact(default(StreamName), "t", "1"))),
    ];

    public static TheoryData<string> Names => BadCall.Names(Calls);

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_refused_with_the_reason_and_changes_nothing(string name) => BadCall.IsRefusedAsync(Calls, name);

    [Fact]
    public async Task Bounds_at_the_ends_of_their_ranges_are_read()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Sale.Types }, cancellation);
        await ledger.AppendAsync(BadCall.Stream, [new Sold(1), new Sold(2)], cancellation);

        foreach (var options in (StreamReadOptions[])[
            new() { From = 1, Through = long.MaxValue },
            new() { From = long.MaxValue, Through = 0, Backward = true },
            new() { RecordedFrom = DateTimeOffset.MinValue, RecordedThrough = DateTimeOffset.MaxValue },
            new() { ValidFrom = DateTimeOffset.MinValue, ValidThrough = DateTimeOffset.MaxValue },
            new() { Types = ["sold"], From = 0, Through = long.MaxValue, RecordedThrough = DateTimeOffset.MaxValue }])
            Assert.Equal(2, await ledger.CountStreamAsync(BadCall.Stream, options, cancellation));
        foreach (var options in (StreamReadOptions[])[
            new() { From = long.MaxValue },
            new() { RecordedFrom = DateTimeOffset.MaxValue },
            new() { RecordedThrough = DateTimeOffset.MinValue },
            new() { ValidFrom = DateTimeOffset.MaxValue, Backward = true },
            new() { Types = ["sold"], From = long.MaxValue, Through = long.MaxValue }])
            Assert.Equal(0, await ledger.CountStreamAsync(BadCall.Stream, options, cancellation));
    }

    static BadCall Read(string name, Type exception, string says, StreamReadOptions options, string parameter = "options") => new(name, exception, parameter, says, async ledger => await ledger.ReadStreamAsync(BadCall.Stream, options).ToListAsync());

    static BadCall Hub(string name, string says, HubOptions options) => new(name, typeof(ArgumentOutOfRangeException), "options", says, ledger => Task.FromResult(ledger.OpenHub(Ignore, options)));

    static void Ignore(HubFailure failure) => Assert.Fail(failure.ToString());

    static Task Nothing(ILedger ledger, Fact fact) => Task.CompletedTask;
}
