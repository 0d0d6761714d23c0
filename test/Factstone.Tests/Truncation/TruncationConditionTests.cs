using Factstone.Tests.Records;

namespace Factstone.Tests.Truncation;

/// <summary>Conditions after a truncation, also in the group of the truncation itself.</summary>
public sealed class TruncationConditionTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static NewFact Fact => new("results/1", "done", "1");

    static async Task<bool> HoldsAsync(Ledger ledger, AppendCondition condition) =>
        await ledger.TryAppendAsync(new AppendRequest(Fact) { Conditions = [condition] }, Cancellation) is AppendOutcome.Committed;

    static async Task<TruncatedLedger> DeletedAsync(int memoryFactsMax = 16_384)
    {
        var test = new TruncatedLedger(memoryFactsMax);
        await test.AppendAsync("orders/1", 3, "placed", "email:a");
        await test.AppendAsync("orders/2", 2, "placed", "email:b");
        await test.Ledger.DeleteAsync("orders/1", "closed", cancellationToken: Cancellation);
        return test;
    }

    [Theory]
    [InlineData(16_384, false)]
    [InlineData(16_384, true)]
    [InlineData(4, true)]
    public async Task Conditions_on_streams_speak_of_ever_and_those_on_records_of_what_is_held(int memoryFactsMax, bool reopens)
    {
        using var test = await DeletedAsync(memoryFactsMax);
        if (reopens) test.Reopen();
        Assert.True(await HoldsAsync(test.Ledger, AppendCondition.StreamAt("orders/1", 3)));
        Assert.True(await HoldsAsync(test.Ledger, AppendCondition.StreamExists("orders/1")));
        Assert.False(await HoldsAsync(test.Ledger, AppendCondition.StreamMissing("orders/1")));
        Assert.True(await HoldsAsync(test.Ledger, AppendCondition.RecordMissing("orders/1")));
        Assert.False(await HoldsAsync(test.Ledger, AppendCondition.RecordAt("orders/1", 3)));
        Assert.False(await HoldsAsync(test.Ledger, AppendCondition.RecordEquals("orders/1", "3")));
        Assert.True(await HoldsAsync(test.Ledger, AppendCondition.RecordAt("orders/2", 2)));
        Assert.True(await HoldsAsync(test.Ledger, AppendCondition.RecordEquals("orders/2", "2")));
        Assert.False(await HoldsAsync(test.Ledger, AppendCondition.RecordMissing("orders/2")));

        await test.AppendAsync("orders/1", 1);
        Assert.True(await HoldsAsync(test.Ledger, AppendCondition.RecordAt("orders/1", 4)));
        Assert.True(await HoldsAsync(test.Ledger, AppendCondition.RecordEquals("orders/1", "4")));
        Assert.False(await HoldsAsync(test.Ledger, AppendCondition.RecordMissing("orders/1")));
    }

    [Theory]
    [InlineData(16_384)]
    [InlineData(4)]
    public async Task A_guard_without_a_position_sees_held_facts(int memoryFactsMax)
    {
        using var test = await DeletedAsync(memoryFactsMax);
        Assert.True(await HoldsAsync(test.Ledger, AppendCondition.NoMatch(FactQuery.Tags("email:a"))));
        Assert.False(await HoldsAsync(test.Ledger, AppendCondition.NoMatch(FactQuery.Tags("email:b"))));

        var conflict = Assert.IsType<AppendOutcome.Conflict>(await test.Ledger.TryAppendAsync(new AppendRequest(Fact) { Conditions = [AppendCondition.NoMatch(FactQuery.Types("placed"))] }, Cancellation));
        Assert.Equal((4, 2, true, null), (conflict.FirstMatch.Value, conflict.Facts.Count, conflict.IsComplete, conflict.RetentionPassed));
    }

    [Fact]
    public async Task A_query_after_a_position_fails_only_if_a_match_above_it_was_dropped()
    {
        using var test = await DeletedAsync();
        var receipt = (await test.Ledger.ListReceiptsAsync(cancellationToken: Cancellation).FirstAsync(Cancellation)).Truncation!;

        var passed = Assert.IsType<AppendOutcome.Conflict>(await test.Ledger.TryAppendAsync(new AppendRequest(Fact) { Conditions = [AppendCondition.NoMatch(FactQuery.Tags("email:a"), new(2))] }, Cancellation));
        Assert.Equal(new DroppedFacts("orders/1", 3, new(3), receipt.Position), passed.RetentionPassed);
        Assert.Equal((3, 0, false), (passed.FirstMatch.Value, passed.Facts.Count, passed.IsComplete));
        Assert.Contains("dropped", passed.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"retentionPassed\":{\"store\":\"orders\"", System.Text.Json.JsonSerializer.Serialize<AppendOutcome>(passed), StringComparison.Ordinal);

        Assert.True(await HoldsAsync(test.Ledger, AppendCondition.NoMatch(FactQuery.Tags("email:a"), new(3))));
        Assert.True(await HoldsAsync(test.Ledger, AppendCondition.NoMatch(FactQuery.Types("other"), new(0))));

        // A held match comes first, and a dropped one after it: the facts of the conflict are not complete.
        await test.AppendAsync("orders/3", 1, "placed", "email:c");
        await test.AppendAsync("orders/1", 1, "placed", "email:c");
        await test.Ledger.DeleteAsync("orders/1", "closed again", cancellationToken: Cancellation);
        var both = Assert.IsType<AppendOutcome.Conflict>(await test.Ledger.TryAppendAsync(new AppendRequest(Fact) { Conditions = [AppendCondition.NoMatch(FactQuery.Tags("email:c"), new(5))] }, Cancellation));
        Assert.Equal((1, false, "orders/1"), (both.Facts.Count, both.IsComplete, both.RetentionPassed?.Stream.ToString()));
    }

    [Fact]
    public async Task The_facts_of_a_conflict_are_held_ones()
    {
        using var test = await DeletedAsync();
        await test.AppendAsync("orders/1", 1);
        var conflict = Assert.IsType<AppendOutcome.Conflict>(await test.Ledger.TryAppendAsync(new AppendRequest(Fact) { Conditions = [AppendCondition.StreamAt("orders/1", 1)] }, Cancellation));
        Assert.Equal((4, false), (conflict.ActualVersion.Value, conflict.IsComplete));
        Assert.Equal([4], conflict.Facts.Select(fact => fact.StreamVersion.Value));
    }

    // The writer decides on what the group will leave, before any of it is in the index.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_append_in_the_group_of_a_truncation_is_decided_on_top_of_it(bool isFirstTruncation)
    {
        using var test = new TruncatedLedger();
        await test.AppendAsync("orders/1", 3, "placed", "email:a");
        await test.AppendAsync("orders/2", 1, "placed", "email:a");
        if (!isFirstTruncation) await test.Ledger.DeleteAsync("orders/2", "closed", cancellationToken: Cancellation);
        else await test.Ledger.AppendAsync(NewFact.Retraction("orders/2") with { Type = "gone" }, Cancellation);

        var outcomes = new List<Task<AppendOutcome>>();
        Task<TruncationReceipt>? truncating = null;
        test.Together(() =>
        {
            Queue(AppendCondition.RecordAt("orders/1", 3));
            truncating = test.Ledger.DeleteAsync("orders/1", "closed", cancellationToken: Cancellation).AsTask();
            Queue(AppendCondition.RecordAt("orders/1", 3));
            Queue(AppendCondition.RecordMissing("orders/1"));
            Queue(AppendCondition.RecordEquals("orders/1", "3"));
            Queue(AppendCondition.StreamAt("orders/1", 3));
            Queue(AppendCondition.NoMatch([new() { Store = "orders", Key = "1" }]));
            Queue(AppendCondition.NoMatch([new() { Store = "orders", Key = "1" }], new(2)));
            Queue(AppendCondition.NoMatch([new() { Store = "orders", Key = "1" }], new(3)));
        });

        Assert.Equal(3, (await truncating!).Facts);
        var held = (await Task.WhenAll(outcomes)).Select(outcome => outcome is AppendOutcome.Committed).ToList();
        Assert.Equal([true, false, true, false, true, true, false, true], held);
        Assert.Single(await test.Ledger.ReadStreamAsync("$receipts/truncate", new() { Backward = true, Limit = 1 }, Cancellation).ToListAsync(Cancellation));

        void Queue(AppendCondition condition) => outcomes.Add(test.Ledger.TryAppendAsync(new AppendRequest(Fact) { Conditions = [condition] }, Cancellation).AsTask());
    }

    [Fact]
    public async Task A_delete_drops_what_was_appended_before_its_turn()
    {
        using var test = new TruncatedLedger();
        await test.AppendAsync("orders/1", 3);
        Task<TruncationReceipt>? deleting = null;
        var appending = new List<Task>();
        test.Together(() =>
        {
            appending.Add(test.Ledger.AppendAsync(new NewFact("orders/1", "noted", "4"), Cancellation).AsTask());
            deleting = test.Ledger.DeleteAsync("orders/1", "closed", cancellationToken: Cancellation).AsTask();
        });

        await Task.WhenAll(appending);
        Assert.Equal((4, 4), ((await deleting!).Through.Value, (await deleting).Facts));
        Assert.Empty(await test.VersionsAsync("orders/1"));
    }

    [Fact]
    public async Task Of_two_truncations_of_a_stream_in_one_group_both_hold()
    {
        using var test = new TruncatedLedger();
        await test.AppendAsync("orders/1", 5);
        Task<TruncationReceipt>[] truncating = [];
        test.Together(() => truncating =
        [
            test.Ledger.TruncateAsync("orders/1", 2, "one", cancellationToken: Cancellation).AsTask(),
            test.Ledger.TruncateAsync("orders/1", 4, "two", cancellationToken: Cancellation).AsTask(),
        ]);

        Assert.Equal([2, 2], (await Task.WhenAll(truncating)).Select(receipt => receipt.Facts));
        Assert.Equal([5], await test.VersionsAsync("orders/1"));
    }

    [Fact]
    public async Task A_record_that_was_dropped_can_be_written_as_new()
    {
        using var test = await DeletedAsync();
        var records = test.Ledger.Records(new RecordStore<long>("orders", ReadingJson.Default.Int64));
        Assert.Null(await records.ReadAsync("1", Cancellation));
        Assert.IsType<RecordOutcome<long>.Written>(await records.WriteNewAsync("1", 7, Cancellation));
        Assert.Equal(4, (await records.ReadAsync("1", Cancellation))!.Version.Value);
        Assert.IsType<RecordOutcome<long>.Conflict>(await records.WriteNewAsync("1", 8, Cancellation));
    }
}
