namespace Factstone.Tests.Hub;

/// <summary>What is published is passed on once, to the subscribers that it matches, in order, before the publish returns.</summary>
public sealed class HubTests
{
    /// <summary>No callback of a test is late because the machine is.</summary>
    static readonly HubOptions Patient = new() { CallbackTimeMax = TimeSpan.FromMinutes(1) };

    readonly List<string> _calls = [];
    readonly List<HubFailure> _failures = [];

    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_callbacks_of_a_publish_have_run_when_it_returns()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Add, Patient);
        using var orders = hub.Subscribe("orders/1", async (given, fact) =>
        {
            await Task.Delay(20, Now);
            Assert.Same(ledger, given);
            Assert.Equal(fact.Position, await given.GetHeadAsync(Now)); // durable
            _calls.Add($"{fact}");
        });

        var outcome = await hub.PublishAsync(new NewFact("orders/1", "placed", "1"), Now);

        Assert.Equal(1, Assert.IsType<AppendOutcome.Committed>(outcome).Receipt.LastPosition.Value);
        Assert.Equal(["@1 orders/1 v1 placed"], _calls);
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task A_subscriber_gets_the_facts_of_its_stream_its_store_or_its_query_and_no_others()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Add, Patient);
        hub.Subscribe("orders/1", Record("stream"));
        hub.Subscribe(FactQuery.Store("orders"), Record("store"));
        hub.Subscribe([new() { Types = ["paid"], Tags = ["vip"] }, new() { Store = "tasks", KeyPrefix = "a" }], Record("query"));
        hub.Subscribe(FactQuery.All, Record("all"));
        Assert.Equal(4, hub.SubscriberCount);

        await hub.PublishAsync(new AppendRequest(new NewFact("orders/1", "placed", "1"), new NewFact("orders/2", "paid", "1") { Tags = ["vip"] }, new NewFact("tasks/ab", null, "1"), NewFact.Retraction("tasks/b")), Now);

        Assert.Equal(["stream 1", "store 1", "all 1", "store 2", "query 2", "all 2", "query 3", "all 3", "all 4"], _calls);
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task What_is_not_committed_or_has_no_facts_is_not_passed_on()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Add, Patient);
        hub.Subscribe(FactQuery.All, Record("all"));
        var request = new AppendRequest(new NewFact("orders/1", "placed", "1")) { AppendId = "a", Conditions = [AppendCondition.StreamMissing("orders/1")] };

        Assert.IsType<AppendOutcome.Committed>(await hub.PublishAsync(request, Now));
        Assert.IsType<AppendOutcome.Duplicate>(await hub.PublishAsync(request, Now));
        Assert.Equal(1, Assert.IsType<AppendOutcome.Conflict>(await hub.PublishAsync(request with { AppendId = null }, Now)).ActualVersion.Value);
        Assert.IsType<AppendOutcome.AppendIdReused>(await hub.PublishAsync(new AppendRequest(new NewFact("orders/1", "other", "1")) { AppendId = "a" }, Now));
        Assert.IsType<AppendOutcome.Committed>(await hub.PublishAsync(new AppendRequest { Cells = [NewCell.Put("b", "n", "1")] }, Now));
        Assert.Equal(["all 1"], _calls);
    }

    [Fact]
    public async Task What_others_append_is_not_passed_on()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Add, Patient);
        using var other = ledger.OpenHub(_failures.Add, Patient);
        hub.Subscribe(FactQuery.All, Record("all"));

        await ledger.AppendAsync(new NewFact("orders/1", "placed", "1"), Now);
        await other.PublishAsync(new NewFact("orders/1", "placed", "1"), Now);
        await hub.PublishAsync(new NewFact("orders/1", "placed", "1"), Now);

        Assert.Equal(["all 3"], _calls);
    }

    [Fact]
    public async Task A_subscription_that_has_ended_gets_nothing_more()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Add, Patient);
        var first = hub.Subscribe(FactQuery.All, Record("first"));
        HubSubscription? second = null;
        second = hub.Subscribe(FactQuery.All, async (_, fact) =>
        {
            await Record("second")(ledger, fact);
            second!.Dispose(); // from its own callback
        });

        await hub.PublishAsync(new AppendRequest(new NewFact("s/1", null, "1"), new NewFact("s/1", null, "2")), Now);
        first.Dispose();
        first.Dispose();
        await hub.PublishAsync(new NewFact("s/1", null, "3"), Now);

        Assert.Equal(["first 1", "second 1", "first 2"], _calls);
        Assert.Equal(0, hub.SubscriberCount);
    }

    [Fact]
    public async Task A_publish_within_a_callback_returns_when_it_is_durable_and_its_callbacks_run_after_this_one()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Add, Patient);
        hub.Subscribe(FactQuery.Types("placed", "packed"), async (_, fact) =>
        {
            _calls.Add($"begin {fact.Type}");
            var outcome = await hub.PublishAsync(new NewFact(fact.Stream, fact.Type == "placed" ? "packed" : "sent", "1") { Causation = fact.Id }, Now);
            Assert.IsType<AppendOutcome.Committed>(outcome);
            _calls.Add($"end {fact.Type}");
        });
        hub.Subscribe("orders/1", (_, fact) =>
        {
            _calls.Add($"{fact.Type}");
            return Task.CompletedTask;
        });

        var outcome = await hub.PublishAsync(new AppendRequest(new NewFact("orders/1", "placed", "1"), new NewFact("orders/1", "noted", "1")), Now);

        // The outermost publish returns after all of them, and the order is that of positions throughout.
        Assert.Equal(["begin placed", "end placed", "placed", "noted", "begin packed", "end packed", "packed", "sent"], _calls);
        Assert.Equal(2, Assert.IsType<AppendOutcome.Committed>(outcome).Receipt.LastPosition.Value);
        Assert.Empty(_failures);
    }

    // Two hubs whose callbacks publish to each other: the publish that comes back is within a callback of its hub, although another hub is between.
    [Fact]
    public async Task Hubs_that_publish_to_each_other_do_not_wait_for_each_other_in_a_circle()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var one = ledger.OpenHub(_failures.Add, Patient);
        using var two = ledger.OpenHub(_failures.Add, Patient);
        one.Subscribe("s/1", async (_, _) => await two.PublishAsync(new NewFact("s/2", null, "1"), Now));
        two.Subscribe("s/2", async (_, _) => await one.PublishAsync(new NewFact("s/3", null, "1"), Now));
        one.Subscribe("s/3", Record("three"));

        await one.PublishAsync(new NewFact("s/1", null, "1"), Now);

        Assert.Equal(["three 3"], _calls);
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task A_callback_runs_in_the_context_of_the_publisher_and_leaves_none_behind()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Now);
        using var hub = ledger.OpenHub(_failures.Add, Patient);
        var trace = new AsyncLocal<string>();
        hub.Subscribe(FactQuery.All, (_, _) =>
        {
            _calls.Add(trace.Value ?? "none");
            trace.Value = "changed";
            return Task.CompletedTask;
        });

        trace.Value = "mine";
        await hub.PublishAsync(new NewFact("s/1", null, "1"), Now);
        Assert.Equal("mine", trace.Value);
        Task publish;
        using (ExecutionContext.SuppressFlow()) publish = Task.Run(async () => await hub.PublishAsync(new NewFact("s/1", null, "1"), Now), Now);
        await publish;

        Assert.Equal(["mine", "none"], _calls);
    }

    [Fact]
    public async Task A_value_is_passed_on_as_a_value()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Input.Sale.Types }, Now);
        using var hub = ledger.OpenHub(_failures.Add, Patient);
        var sum = 0m;
        hub.Subscribe("sales/1", (_, fact) =>
        {
            sum += ((Input.Sold)fact.Value!).Total;
            return Task.CompletedTask;
        });

        await hub.PublishAsync(new AppendRequest(new NewFact("sales/1", new Input.Sold(2.50m)), new NewFact("sales/1", new Input.Sold(4m))), Now);

        Assert.Equal(6.50m, sum);
    }

    Func<ILedger, Fact, Task> Record(string name) => (_, fact) =>
    {
        _calls.Add($"{name} {fact.Position}");
        return Task.CompletedTask;
    };
}
