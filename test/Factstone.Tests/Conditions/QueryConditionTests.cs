using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests;

/// <summary>Edge cases of conditions by query, and the content of a conflict.</summary>
public sealed class QueryConditionTests
{
    static readonly FactQuery Course = FactQuery.Tags("course:c1");

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Facts_up_to_the_position_may_match_and_one_after_it_fails_the_condition()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancel);
        await ledger.AppendAsync(Enrolled("a"), Cancel);
        await ledger.AppendAsync(NewFact.WithoutPayload("other/1", "noted"), Cancel);

        await Holds(ledger, AppendCondition.NoMatch(Course, new(1)));
        await Holds(ledger, AppendCondition.NoMatch(Course, new(2)));
        var conflict = await Fails(ledger, AppendCondition.NoMatch(Course, new(0)));

        Assert.Equal(new Position(1), conflict.FirstMatch);
        Assert.Equal("a", Assert.Single(conflict.Facts).Stream.Key);
        Assert.True(conflict.IsComplete);
        Assert.Equal(StreamVersion.None, conflict.ActualVersion);
    }

    [Fact]
    public async Task Without_a_position_no_fact_may_match_at_all()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancel);
        var guard = AppendCondition.NoMatch(FactQuery.Tags("email:a@b"));
        NewFact Registered() => NewFact.WithoutPayload("users/1", "registered") with { Tags = ["email:a@b"] };

        Assert.IsType<AppendOutcome.Committed>(await ledger.TryAppendAsync(new AppendRequest(Registered()) { Conditions = [guard] }, Cancel));
        var conflict = Assert.IsType<AppendOutcome.Conflict>(await ledger.TryAppendAsync(new AppendRequest(Registered()) { Conditions = [guard] }, Cancel));

        Assert.Equal(new Position(1), conflict.FirstMatch);
        Assert.Equal("registered", Assert.Single(conflict.Facts).Type);
    }

    // An append's own facts do not fail its condition. Of two appends in one group, the first fails the second.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_appends_own_facts_do_not_fail_it_and_those_of_the_one_before_it_do(bool inOneGroup)
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler }, Cancel);
        var first = Send(ledger, [Enrolled("a"), Enrolled("b")], AppendCondition.NoMatch(Course, new(0)));
        if (!inOneGroup) scheduler.TurnAll();
        var second = Send(ledger, [Enrolled("c")], AppendCondition.NoMatch(Course, new(0)));
        scheduler.TurnAll();

        Assert.IsType<AppendOutcome.Committed>(await first);
        var conflict = Assert.IsType<AppendOutcome.Conflict>(await second);
        Assert.Equal(["a", "b"], conflict.Facts.Select(fact => fact.Stream.Key));
    }

    // A conflict returns committed facts, not those that the same caller has queued behind it.
    [Fact]
    public async Task What_was_queued_behind_an_append_is_not_brought_along()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler }, Cancel);
        _ = Send(ledger, [Enrolled("a")]).AsTask();
        var refused = Send(ledger, [Enrolled("b")], AppendCondition.NoMatch(Course));
        var behind = Send(ledger, [Enrolled("c")]);
        scheduler.TurnAll();

        Assert.Equal("a", Assert.Single(Assert.IsType<AppendOutcome.Conflict>(await refused).Facts).Stream.Key);
        Assert.IsType<AppendOutcome.Committed>(await behind);
    }

    [Fact]
    public async Task The_first_failing_condition_in_the_order_given_is_named()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancel);
        await ledger.AppendAsync(new AppendRequest { Facts = [Enrolled("a"), NewFact.WithoutPayload("x/1", "noted")], Cells = [NewCell.Put("b", "n", "1")] }, Cancel);
        var holds = AppendCondition.NoMatch(FactQuery.Tags("none"));
        var byTag = AppendCondition.NoMatch(Course);
        var byType = AppendCondition.NoMatch(FactQuery.Types("noted"), new(1));
        var onStream = AppendCondition.StreamMissing("x/1");
        var onCell = AppendCondition.CellAbsent("b", "n");

        foreach (var order in (AppendCondition[][])[[byTag, byType, onStream, onCell], [holds, byType, byTag], [onStream, byTag], [holds, onCell, byTag], [AppendCondition.StreamExists("x/1"), holds, byTag, onCell]])
        {
            var conflict = Assert.IsType<AppendOutcome.Conflict>(await ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("y/1", "t")) { Conditions = order }, Cancel));
            Assert.Same(order.First(condition => condition != holds && condition.Kind != AppendConditionKind.StreamExists), conflict.Condition);
        }

        await Holds(ledger, holds, AppendCondition.NoMatch(Course, new(1)), AppendCondition.NoMatch(FactQuery.All, new(2)), AppendCondition.StreamAt("x/1", 1), AppendCondition.CellAt("b", "n", 1));
    }

    [Theory]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public async Task A_conflict_brings_up_to_256_facts_and_says_whether_those_are_all(int matching, bool isComplete)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancel);
        await ledger.AppendAsync([.. Enumerable.Range(0, matching * 2).Select(i => i % 2 == 0 ? Enrolled($"{i}") : NewFact.WithoutPayload("other/1", "noted"))], Cancel);

        var conflict = await Fails(ledger, AppendCondition.NoMatch(Course));

        Assert.Equal(256, conflict.Facts.Count);
        Assert.Equal(isComplete, conflict.IsComplete);
        Assert.All(conflict.Facts, fact => Assert.Contains("course:c1", fact.Tags));
    }

    // The first matching fact is larger than a conflict may be. The conflict returns its position without the fact.
    [Fact]
    public async Task A_conflict_names_the_first_match_also_where_it_is_too_large_to_come_along()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancel);
        await ledger.AppendAsync(NewFact.WithoutPayload("other/1", "noted"), Cancel);
        await ledger.AppendAsync(new NewFact("c/1", "large", $"\"{new string('x', 2_000_000)}\"") { Tags = ["course:c1"] }, Cancel);

        var conflict = await Fails(ledger, AppendCondition.NoMatch(Course));

        Assert.Empty(conflict.Facts);
        Assert.False(conflict.IsComplete);
        Assert.Equal(new Position(2), conflict.FirstMatch);
        var thrown = await Assert.ThrowsAsync<AppendConflictException>(async () => await ledger.AppendAsync(new AppendRequest(NewFact.WithoutPayload("y/1", "t")) { Conditions = [AppendCondition.NoMatch(Course)] }, Cancel));
        Assert.Contains("no fact matches tag=course:c1' does not hold; the fact at position 2 matches", thrown.Message, StringComparison.Ordinal);
    }

    // A position ahead of the head comes from another ledger or from a mistake. A search after it would let every append pass.
    [Fact]
    public async Task A_position_that_lies_ahead_is_refused()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancel);
        await ledger.AppendAsync(Enrolled("a"), Cancel);

        var refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.TryAppendAsync(Request(AppendCondition.NoMatch(FactQuery.All, new(1)), AppendCondition.NoMatch(Course, new(2))), Cancel));

        Assert.Contains("conditions[1]: position 2 is too high: the last fact is at position 1", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await ledger.GetHeadAsync(Cancel)).Value);
        await Holds(ledger, AppendCondition.NoMatch(Course, new(1)));
    }

    [Fact]
    public async Task The_queries_of_one_append_name_10000_things_at_most()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancel);
        AppendCondition[] Conditions(int count) => [.. Enumerable.Range(0, count).Select(i => AppendCondition.NoMatch([new FactQueryItem { Store = "s", Types = [$"t{i}"], Tags = ["a", "b"] }]))];

        await Holds(ledger, Conditions(2_500));
        var refused = await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.TryAppendAsync(Request(Conditions(2_501)), Cancel));
        Assert.Contains("10,004", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.TryAppendAsync(Request([.. Conditions(2_500), AppendCondition.NoMatch(FactQuery.All)]), Cancel));
        Assert.Contains("10,001", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_that_would_be_refused_is_refused_in_a_condition()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancel);
        foreach (var (query, saying) in ((FactQuery, string)[])[([], "empty"), ([new FactQueryItem()], "empty"), ([new FactQueryItem { Key = "k" }], "without its store"), (FactQuery.Tags([.. Enumerable.Range(0, 65).Select(i => $"t{i}")]), "65 tags")])
            Assert.Contains(saying, (await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.TryAppendAsync(Request(AppendCondition.NoMatch(query)), Cancel))).Message, StringComparison.Ordinal);
    }

    // The writer decides on the facts committed after the append was prepared. It compares few facts one by one and many by their terms.
    // For those that have left memory, it reads the index.
    [Theory]
    [InlineData(1, 32_768)]
    [InlineData(100, 32_768)]
    [InlineData(129, 32_768)]
    [InlineData(1_000, 32_768)]
    [InlineData(1_000, 8)]
    public async Task What_was_committed_between_prepare_and_decide_counts_however_much_it_was(int others, int memoryFactsMax)
    {
        var lookedUp = 0;
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(
            new LedgerOptions { Scheduler = scheduler, MemoryFactsMax = memoryFactsMax, SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin, BranchTaken = branch => lookedUp += branch == RecoveryBranch.WriterLookedUp ? 1 : 0 }, Cancel);
        for (var at = 0; at < others; at += Math.Max(1, others / 7))
        {
            var before = await ledger.GetHeadAsync(Cancel);
            var rivals = Enumerable.Range(0, others).Select(i => Send(ledger, [i == at ? Enrolled($"{at}") : new NewFact($"other/{i % 5}", "noted", Filler)]).AsTask()).ToList();
            var loser = Send(ledger, [Enrolled("loser")], AppendCondition.NoMatch([new() { Store = "courses", Tags = ["course:c1"] }], before));
            var second = Send(ledger, [Enrolled("loser")], AppendCondition.NoMatch([new() { Store = "courses", KeyPrefix = $"{at}" }], before));
            var winner = Send(ledger, [NewFact.WithoutPayload("other/1", "noted")], AppendCondition.NoMatch(FactQuery.Tags("course:c2"), before), AppendCondition.NoMatch([new() { Store = "courses", KeyPrefix = "x" }], before));
            scheduler.TurnAll();

            await Task.WhenAll(rivals);
            Assert.Equal(before.Value + at + 1, Assert.IsType<AppendOutcome.Conflict>(await loser).FirstMatch.Value);
            Assert.Equal(before.Value + at + 1, Assert.IsType<AppendOutcome.Conflict>(await second).FirstMatch.Value);
            Assert.IsType<AppendOutcome.Committed>(await winner);
        }

        if (memoryFactsMax == 8) Assert.True(lookedUp > 0, "the writer never looked anything up");
        else Assert.Equal(0, lookedUp);
    }

    // 20,000 appends are in flight, and each has a condition on all before it. The writer's comparisons are bounded, so this ends soon.
    [Fact]
    public async Task Many_conditions_in_flight_are_decided_in_bounded_time()
    {
        var scheduler = new SteppedScheduler();
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Scheduler = scheduler }, Cancel);
        var sent = Enumerable.Range(0, 20_000).Select(i => Send(ledger, [NewFact.WithoutPayload($"s/{i % 100}", "t") with { Tags = [$"n:{i}"] }], AppendCondition.NoMatch(FactQuery.Tags("course:c1", $"n:{i}")), AppendCondition.NoMatch(FactQuery.Tags($"n:{i}")))).ToList();

        Assert.InRange(scheduler.TurnAll(), 20, 200);
        foreach (var one in sent) Assert.IsType<AppendOutcome.Committed>(await one);
    }

    // Facts of stores that start with '$' fail a condition only if it names their store.
    [Fact]
    public async Task A_condition_on_everything_is_not_met_by_what_only_its_name_finds()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancel);
        await Holds(ledger, AppendCondition.NoMatch(FactQuery.Store("$receipts")), AppendCondition.NoMatch(FactQuery.All));
        Assert.Equal(1, (await Fails(ledger, AppendCondition.NoMatch(FactQuery.All))).FirstMatch.Value);
    }

    static readonly string Filler = $"\"{new string('f', 200)}\"";

    static NewFact Enrolled(string key) => NewFact.WithoutPayload(new StreamName("courses", key), "enrolled") with { Tags = ["course:c1"] };

    static AppendRequest Request(params AppendCondition[] conditions) => new(NewFact.WithoutPayload("y/1", "t")) { Conditions = conditions };

    static ValueTask<AppendOutcome> Send(Ledger ledger, NewFact[] facts, params AppendCondition[] conditions) =>
        ledger.TryAppendAsync(new AppendRequest { Facts = facts, Conditions = conditions }, Cancel);

    static async Task Holds(Ledger ledger, params AppendCondition[] conditions) =>
        Assert.IsType<AppendOutcome.Committed>(await ledger.TryAppendAsync(Request(conditions), Cancel));

    static async Task<AppendOutcome.Conflict> Fails(Ledger ledger, AppendCondition condition)
    {
        var head = await ledger.GetHeadAsync(Cancel);
        var conflict = Assert.IsType<AppendOutcome.Conflict>(await ledger.TryAppendAsync(Request(condition), Cancel));
        Assert.Same(condition, conflict.Condition);
        Assert.Equal(head, await ledger.GetHeadAsync(Cancel));
        return conflict;
    }
}
