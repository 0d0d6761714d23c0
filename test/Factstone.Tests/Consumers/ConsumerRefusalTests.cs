using Factstone.Storage;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Consumers;

/// <summary>What a consumer refuses, and that a refusal changes nothing.</summary>
public sealed class ConsumerRefusalTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> WrongNames => new()
    {
        { "", "The name of the consumer is empty." },
        { new string('n', 300), "The name of the consumer has 300 bytes; at most 128 are possible." },
        { new string('é', 65), "The name of the consumer has 130 bytes; at most 128 are possible." },
        { "a\nb", "The name of the consumer contains the control character U+000A at index 1." },
        { "a\u0085", "The name of the consumer contains the control character U+0085 at index 1." },
        { "\ud800", "The name of the consumer contains half of a surrogate pair, which UTF-8 cannot encode." },
    };

    [Theory]
    [MemberData(nameof(WrongNames))]
    public async Task A_name_that_no_consumer_can_have_is_refused(string name, string message)
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(1);
        Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => shop.Ledger.Consumer(name, FactQuery.All)).Message, StringComparison.Ordinal);
        Assert.StartsWith(message, (await Assert.ThrowsAsync<ArgumentException>(async () => await shop.Ledger.DeleteConsumerAsync(name, Cancellation))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("a name / with more, 名")]
    [InlineData("..")]
    public async Task Any_other_name_is_possible(string name)
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(1);
        foreach (var one in new[] { name, new string('é', 64) }) Assert.Equal([1], await ConsumerLedger.HandleAsync(shop.Ledger.Consumer(one, ConsumerLedger.Odd), 1));
    }

    [Fact]
    public async Task Options_that_make_no_sense_are_refused()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(1);
        var ledger = shop.Ledger;
        Assert.Throws<ArgumentException>(() => ledger.Consumer("mail", []));
        Assert.Throws<ArgumentException>(() => ledger.Consumer("mail", new() { Query = null! }));
        Assert.Throws<ArgumentNullException>(() => ledger.Consumer("mail", (FactQuery)null!));
        Assert.Throws<ArgumentNullException>(() => ledger.Consumer("mail", (ConsumerOptions)null!));
        Assert.Throws<ArgumentNullException>(() => ledger.Consumer(null!, FactQuery.All));
        Assert.Throws<ArgumentException>(() => ledger.Consumer("mail", new() { Query = FactQuery.All, TimeProvider = null! }));
        foreach (var wrong in new[] { 0, -1, 1_000_001 })
            Assert.Throws<ArgumentOutOfRangeException>(() => ledger.Consumer("mail", new() { Query = FactQuery.All, PassedPositionsMax = wrong }));
        var wide = FactQuery.Create([.. Enumerable.Range(0, 700).Select(i => new FactQueryItem { Tags = [$"{i:000}{new string('t', 100)}"] })]);
        Assert.Contains("at most 65,536 are possible", Assert.Throws<ArgumentException>(() => ledger.Consumer("mail", wide)).Message, StringComparison.Ordinal);

        foreach (var ahead in new[] { FollowStart.At(new Position(3)), FollowStart.AtTime(shop.Clock.GetUtcNow().AddSeconds(1)) })
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ConsumerLedger.HandleAsync(ledger.Consumer("mail", new() { Query = FactQuery.All, StartAt = ahead }), 1));
        Assert.Null(await shop.CheckpointAsync("mail"));
    }

    [Fact]
    public async Task A_commit_of_a_position_that_was_not_read_or_was_committed_before_is_refused()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(9);
        var consumer = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        var nothingRead = await Assert.ThrowsAsync<InvalidOperationException>(async () => await consumer.CommitAsync(through: new Position(1), Cancellation));
        Assert.Contains("Consumer 'mail' has read nothing yet.", nothingRead.Message, StringComparison.Ordinal);
        Assert.Null(await shop.CheckpointAsync("mail"));

        await using var facts = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        await ConsumerLedger.NextAsync(facts);
        await ConsumerLedger.NextAsync(facts);
        await ConsumerLedger.NextAsync(facts);
        await consumer.CommitAsync(through: new Position(3), Cancellation);
        await RefusedAsync(1, "Position 1 was committed before: the checkpoint of consumer 'mail' is at position 3.");
        await RefusedAsync(3, "Position 3 was committed before");
        await RefusedAsync(0, "Position 0 was committed before");
        await RefusedAsync(-1, "Position -1 was committed before");
        await RefusedAsync(6, "Position 6 was not read yet: consumer 'mail' has read up to position 5.");
        await RefusedAsync(7, "Position 7 was not read yet");
        await RefusedAsync(Position.MaxValue, "was not read yet");
        Assert.Equal(3, await shop.CheckpointAsync("mail"));
        Assert.Equal(9, (await shop.Ledger.GetHeadAsync(Cancellation)).Value);
        await consumer.CommitAsync(through: new Position(5), Cancellation);

        async Task RefusedAsync(long through, string message)
        {
            var refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await consumer.CommitAsync(new Position(through), [NewFact.WithoutPayload("s/k", "x")], Cancellation));
            Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_commit_with_an_append_id_or_a_reserved_name_or_without_facts_at_all_is_refused()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(3);
        var consumer = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        await using var facts = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        var fact = await ConsumerLedger.NextAsync(facts);

        Assert.Contains("Leave AppendId out", (await RefusedAsync(new AppendRequest { AppendId = "once" })).Message, StringComparison.Ordinal);
        Assert.Contains("cells[0] ($consumers/other): The bucket '$consumers' is reserved", (await RefusedAsync(new AppendRequest { Cells = [NewCell.Put("$consumers", "other", "{}")] })).Message, StringComparison.Ordinal);
        await RefusedAsync(new AppendRequest { Cells = [NewCell.Put("$consumers", "mail", "{}")] });
        await RefusedAsync(new AppendRequest { Cells = [NewCell.Delete("$consumers", "mail")] });
        await RefusedAsync(new AppendRequest(NewFact.WithoutPayload("$receipts/k", "x")));
        await RefusedAsync(new AppendRequest { Facts = null! });
        await RefusedAsync(new AppendRequest { Cells = null! });
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await consumer.CommitAsync(fact.Position, (AppendRequest)null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await shop.Ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("$consumers", "mail", "{}")] }, Cancellation));
        Assert.Equal(0, await shop.CheckpointAsync("mail"));
        await consumer.CommitAsync(fact.Position, Cancellation);

        async Task<ArgumentException> RefusedAsync(AppendRequest request) =>
            await Assert.ThrowsAsync<ArgumentException>(async () => await consumer.CommitAsync(fact.Position, request, Cancellation));
    }

    [Fact]
    public async Task One_object_follows_once_at_a_time()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(3);
        var consumer = shop.Ledger.Consumer("mail", ConsumerLedger.Odd);
        await using (var facts = consumer.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation))
        {
            await ConsumerLedger.NextAsync(facts);
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => ConsumerLedger.HandleAsync(consumer, 1));
            Assert.Contains("This object follows already.", refused.Message, StringComparison.Ordinal);
            await consumer.CommitAsync(through: new Position(1), Cancellation);
        }

        Assert.Equal([3], await ConsumerLedger.HandleAsync(consumer, 1));
    }

    [Fact]
    public async Task A_read_only_ledger_keeps_no_checkpoint_and_says_what_to_do()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(3);
        await using var reader = await Ledger.OpenReadOnlyAsync("ledger", shop.Options, Cancellation);
        var consumer = reader.Consumer("mail", ConsumerLedger.Odd);
        var refused = Assert.Throws<InvalidOperationException>(() => consumer.FollowAsync(Cancellation));
        Assert.Equal("The ledger was opened for reading only, so it cannot keep the checkpoint of consumer 'mail'. Open it for writing, or follow it with OpenFollower and store Follower.Cursor where your results are: see docs/guide/consumers.md.", refused.Message);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await consumer.CommitAsync(through: new Position(1), Cancellation));
        Assert.Equal(new FollowerLag(3, TimeSpan.FromSeconds(3)), await consumer.GetLagAsync(Cancellation));
    }

    // The query was changed from "odd" to "even", and the even facts before the checkpoint were never handled.
    [Fact]
    public async Task Another_query_is_refused_unless_an_option_says_that_it_may_change()
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(6);
        Assert.Equal([1, 3], await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", ConsumerLedger.Odd), 2));
        var even = FactQuery.Types("even");
        var refused = await Assert.ThrowsAsync<ConsumerRefusedException>(() => ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", even), 1));
        Assert.Equal("Consumer 'mail' cannot continue from its checkpoint: its query was 'type=odd', and is 'type=even' now. Use a new name, which begins anew, or set QueryMayChange, and the new query holds for the facts after position 3.", refused.Message);
        Assert.Equal(("mail", 3), (refused.Consumer, await shop.CheckpointAsync("mail")));

        Assert.Equal([4], await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", new() { Query = even, QueryMayChange = true }), 1));
        Assert.Equal([6], await ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", FactQuery.Parse("type=even")), 1));
        await Assert.ThrowsAsync<ConsumerRefusedException>(() => ConsumerLedger.HandleAsync(shop.Ledger.Consumer("mail", ConsumerLedger.Odd), 1));
    }

    // A repair lost fact 6, and a consumer had handled up to 7. It would have left out what was appended in place of what it had read.
    [Fact]
    public async Task After_a_fork_the_checkpoint_is_refused_and_a_deleted_consumer_can_begin_where_the_ledgers_agree()
    {
        var files = SmallLedger.ClosedCleanly();
        await using (var ledger = SmallLedger.Open(files))
        {
            var consumer = ledger.Consumer("mail", FactQuery.All);
            await foreach (var fact in consumer.FollowAsync(Cancellation))
                if (fact.Position.Value == 7) break;
            await consumer.CommitAsync(through: new Position(7), Cancellation);
        }

        Repair.DamageFact(files, new Position(6), isHeaderLost: false);
        Repair.Run(files);
        await using var repaired = SmallLedger.Open(files);
        var forked = repaired.Consumer("mail", FactQuery.All);
        var refused = await Assert.ThrowsAsync<LedgerForkedException>(() => ConsumerLedger.HandleAsync(forked, 1));
        Assert.Equal(5, refused.LastCommonPosition.Value);
        await Assert.ThrowsAsync<LedgerForkedException>(async () => await forked.GetLagAsync(Cancellation));
        await Assert.ThrowsAsync<LedgerForkedException>(async () => await forked.WaitForAsync(new Position(7), Cancellation));
        await foreach (var listed in repaired.ListConsumersAsync(Cancellation)) Assert.Equal(("mail", null), (listed.Name, listed.Lag));

        await repaired.DeleteConsumerAsync("mail", Cancellation);
        var next = repaired.Consumer("mail", new() { Query = FactQuery.All, StartAt = FollowStart.After(refused.LastCommonPosition) });
        Assert.Equal([7], await ConsumerLedger.HandleAsync(next, 1)); // 6 is lost
    }

    [Theory]
    [InlineData("""{"format":2}""", "the checkpoint has format 2; this version of Factstone reads format 1.")]
    [InlineData("no JSON", "its cell $consumers/mail v1 is not a checkpoint:")]
    [InlineData("[]", "It is no JSON object. Delete the consumer")]
    [InlineData("""{"format":0,"cursor":"","query":"","owner":""}""", "'format' has a value that is no whole number from 1")]
    [InlineData("""{"format":1,"cursor":"x","query":"all","owner":"0191d2c4-77aa-4c1e-9d0b-2f6a4e8b1c55"}""", "The member 'cursor' is no cursor.")]
    [InlineData("""{"format":1,"cursor":"6f9619ff-8b86-4d01-b42d-00cf4fc964ff/1@1","query":"store","owner":"0191d2c4-77aa-4c1e-9d0b-2f6a4e8b1c55"}""", "The member 'query' is no query:")]
    [InlineData("""{"format":1,"cursor":"6f9619ff-8b86-4d01-b42d-00cf4fc964ff/1@1","query":"all","owner":"me"}""", "The member 'owner' is no id.")]
    [InlineData("""{"format":1,"cursor":"6f9619ff-8b86-4d01-b42d-00cf4fc964ff/1@1","query":"all","owner":"0191d2c4-77aa-4c1e-9d0b-2f6a4e8b1c55"}""", "The cursor is of ledger 6f9619ff-8b86-4d01-b42d-00cf4fc964ff;")]
    public async Task A_cell_that_is_no_checkpoint_of_this_ledger_is_refused_and_can_be_deleted(string value, string message)
    {
        await using var shop = await ConsumerLedger.WithFactsAsync(3);
        await shop.Ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("$consumers", "mail", value).AsOwn()] }, Cancellation);
        var consumer = shop.Ledger.Consumer("mail", FactQuery.All);
        var refused = await Assert.ThrowsAsync<ConsumerRefusedException>(() => ConsumerLedger.HandleAsync(consumer, 1));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ConsumerRefusedException>(async () => await consumer.GetLagAsync(Cancellation));

        Assert.True(await shop.Ledger.DeleteConsumerAsync("mail", Cancellation));
        Assert.Equal([1], await ConsumerLedger.HandleAsync(consumer, 1));
    }
}
