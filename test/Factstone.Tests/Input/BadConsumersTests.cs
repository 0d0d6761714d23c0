namespace Factstone.Tests.Input;

/// <summary>Consumers and commits that make no sense are refused, and the checkpoint does not move. Names and positions: ConsumerRefusalTests.</summary>
public sealed class BadConsumersTests
{
    static readonly BadCall[] Calls =
    [
        new("a null ledger", typeof(ArgumentNullException), "ledger", "", static _ => Done(((ILedger)null!).Consumer("mail", FactQuery.All))),
        new("a null name", typeof(ArgumentNullException), "name", "", static ledger => Done(ledger.Consumer(null!, FactQuery.All))),
        new("a name of 300 bytes", typeof(ArgumentException), "name", "300 bytes; at most 128", static ledger => Done(ledger.Consumer(new string('n', 300), FactQuery.All))),
        new("a null query", typeof(ArgumentNullException), "query", "", static ledger => Done(ledger.Consumer("mail", (FactQuery)null!))),
        new("a query without items", typeof(ArgumentException), "query", "The query is empty", static ledger => Done(ledger.Consumer("mail", (FactQuery)[]))),
        new("a query without items in the options", typeof(ArgumentException), "options", "The query is empty", static ledger => Done(ledger.Consumer("mail", new ConsumerOptions { Query = [] }))),
        new("null for the query in the options", typeof(ArgumentException), "options", "Query is null. For every fact it is FactQuery.All.", static ledger => Done(ledger.Consumer("mail", new ConsumerOptions { Query = null! }))),
        new("a move past 0 positions", typeof(ArgumentOutOfRangeException), "options", "PassedPositionsMax must be 1 to 1,000,000.", static ledger => Done(ledger.Consumer("mail", new ConsumerOptions { Query = FactQuery.All, PassedPositionsMax = 0 }))),
        new("a list of a null ledger", typeof(ArgumentNullException), "ledger", "", static async _ => await ((ILedger)null!).ListConsumersAsync().CountAsync()),
        new("a delete of a null name", typeof(ArgumentNullException), "name", "", static async ledger => await ledger.DeleteConsumerAsync(null!)),
        new("a delete of an empty name", typeof(ArgumentException), "name", "is empty", static async ledger => await ledger.DeleteConsumerAsync("")),
        new("a start beyond the next fact", typeof(ArgumentOutOfRangeException), "options", "Position 9 is too high: the last fact is at position 2", static async ledger => await ledger.Consumer("mail", new ConsumerOptions { Query = FactQuery.All, StartAt = FollowStart.At(new Position(9)) }).FollowAsync().FirstAsync()),
        new("a start in the future", typeof(ArgumentOutOfRangeException), "options", "is ahead of the ledger's clock", static async ledger => await ledger.Consumer("mail", new ConsumerOptions { Query = FactQuery.All, StartAt = FollowStart.AtTime(DateTimeOffset.MaxValue) }).GetLagAsync()),
        new("a wait for position -1", typeof(ArgumentOutOfRangeException), "position", "Positions are from 0 to", static async ledger => await ledger.Consumer("mail", FactQuery.All).WaitForAsync(new Position(-1))),
        new("a commit before a follow", typeof(InvalidOperationException), null, "Consumer 'mail' has read nothing yet. Read facts with FollowAsync, and commit what was handled.", static async ledger => await ledger.Consumer("mail", FactQuery.All).CommitAsync(new Position(1))),
    ];

    static readonly (string Name, Type Exception, string? Parameter, string Says, Func<Consumer, Fact, ValueTask<AppendReceipt>> Commit)[] Commits =
    [
        ("null facts", typeof(ArgumentNullException), "facts", "", static (consumer, fact) => consumer.CommitAsync(fact.Position, (IReadOnlyList<NewFact>)null!)),
        ("a null request", typeof(ArgumentNullException), "request", "", static (consumer, fact) => consumer.CommitAsync(fact.Position, (AppendRequest)null!)),
        ("a null fact", typeof(ArgumentException), null, "facts[0]: It is null.", static (consumer, fact) => consumer.CommitAsync(fact.Position, [null!])),
        ("null conditions", typeof(ArgumentException), "request", "Conditions may be empty, but not null.", static (consumer, fact) => consumer.CommitAsync(fact.Position, new AppendRequest { Conditions = null! })),
        ("a null condition", typeof(ArgumentException), "request", "conditions[0]: It is null.", static (consumer, fact) => consumer.CommitAsync(fact.Position, new AppendRequest { Conditions = [null!] })),
        ("a condition on no stream", typeof(ArgumentException), "request", "conditions[0]: It names no stream", static (consumer, fact) => consumer.CommitAsync(fact.Position, new AppendRequest { Conditions = [AppendCondition.StreamMissing(default)] })),
        ("10,000 conditions", typeof(ArgumentException), "request", "The commit has 10,000 conditions; at most 9,999", static (consumer, fact) => consumer.CommitAsync(fact.Position, new AppendRequest { Conditions = [.. Enumerable.Repeat(AppendCondition.StreamExists(BadCall.Stream), 10_000)] })),
        ("10,000 cells", typeof(ArgumentException), "request", "The commit has 10,000 cells; at most 9,999", static (consumer, fact) => consumer.CommitAsync(fact.Position, new AppendRequest { Cells = [.. Enumerable.Range(0, 10_000).Select(static i => NewCell.Put("b", $"{i}", "1"))] })),
        ("a value of a type that is not registered", typeof(FactTypesException), null, ".Add<Unlisted>(\"unlisted\")", static (consumer, fact) => consumer.CommitAsync(fact.Position, [new NewFact(BadCall.Stream, new Unlisted(1))])),
        ("a condition that does not hold", typeof(AppendConflictException), null, "'stream none/1 exists' does not hold", static (consumer, fact) => consumer.CommitAsync(fact.Position, new AppendRequest { Conditions = [AppendCondition.StreamExists("none/1")] })),
        ("the default position", typeof(ArgumentOutOfRangeException), "through", "Position 0 was committed before", static (consumer, _) => consumer.CommitAsync(default)),
    ];

    public static TheoryData<string> Names => BadCall.Names(Calls);

    public static TheoryData<string> CommitNames => [.. Commits.Select(static commit => commit.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_refused_with_the_reason_and_changes_nothing(string name) => BadCall.IsRefusedAsync(Calls, name);

    [Theory]
    [MemberData(nameof(CommitNames))]
    public async Task A_bad_commit_is_refused_and_the_fact_can_still_be_committed(string name)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (_, exception, parameter, says, commit) = Commits.Single(one => one.Name == name);
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Sale.Types }, cancellation);
        await ledger.AppendAsync(BadCall.Stream, [new Sold(1)], cancellation);
        var consumer = ledger.Consumer("mail", FactQuery.All);
        await using var facts = consumer.FollowAsync(cancellation).GetAsyncEnumerator(cancellation);
        await facts.MoveNextAsync();

        var refused = await Assert.ThrowsAnyAsync<Exception>(async () => await commit(consumer, facts.Current));

        Assert.True(exception == refused.GetType(), refused.ToString());
        Assert.Equal(parameter, (refused as ArgumentException)?.ParamName);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.Equal((0, 1), (consumer.Position.Value, (await ledger.GetHeadAsync(cancellation)).Value));
        Assert.Equal(1, (await ledger.GetStatisticsAsync(cancellation)).Cells);
        await consumer.CommitAsync(facts.Current.Position, [new NewFact(BadCall.Stream, new Sold(2))], cancellation);
        Assert.Equal(1, consumer.Position.Value);
    }

    static Task<object?> Done(object? result) => Task.FromResult(result);
}
