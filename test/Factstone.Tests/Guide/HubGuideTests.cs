namespace Factstone.Tests.Guide.Hub;

/// <summary>docs/guide/hub.md</summary>
public sealed class HubGuideTests
{
    [Fact]
    public async Task A_view_is_up_to_date_when_the_publish_returns()
    {
        var output = Console.Capture();
        await using var ledger = await Ledger.OpenInMemoryAsync();

        using var hub = ledger.OpenHub(failed: failure => Console.WriteLine(failure));

        var openOrders = new HashSet<string>();
        using var subscription = hub.Subscribe(FactQuery.Store("orders"), (_, fact) =>
        {
            if (fact.Type == "placed") openOrders.Add(fact.Stream.Key);
            if (fact.Type == "sent") openOrders.Remove(fact.Stream.Key);
            return Task.CompletedTask;
        });

        var outcome = await hub.PublishAsync(new NewFact("orders/42", "placed", """{"total":50}"""));
        outcome.EnsureCommittedOrDuplicate();
        Console.WriteLine(openOrders.Count);     // 1

        await hub.PublishAsync(new NewFact("orders/42", "sent", "{}"));
        Assert.Empty(openOrders);
        Assert.Equal(["1"], output);
    }

    [Fact]
    public async Task A_callback_publishes()
    {
        var output = Console.Capture();
        await using var ledger = await Ledger.OpenInMemoryAsync();
        using var hub = ledger.OpenHub(failed: failure => Console.WriteLine(failure));

        hub.Subscribe(FactQuery.Types("placed"), async (_, fact) =>
        {
            var reserved = new NewFact(fact.Stream, "reserved", "{}") { Causation = fact.Id };
            (await hub.PublishAsync(reserved)).EnsureCommittedOrDuplicate();
        });

        await hub.PublishAsync(new NewFact("orders/42", "placed", "{}"));
        Assert.Equal(2, (await ledger.GetVersionAsync("orders/42")).Value);
        Assert.Empty(output);
    }

    [Fact]
    public async Task A_failure_is_reported()
    {
        var output = Console.Capture();
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await ledger.AppendAsync([new NewFact("orders/42", "placed", "{}"), new NewFact("orders/42", "reserved", "{}")]);

        var options = new HubOptions { CallbackTimeMax = TimeSpan.FromSeconds(3), WaitingFactsMax = 1_000 };
        using var strict = ledger.OpenHub(failure => Console.WriteLine(failure), options);
        strict.Subscribe("orders/42", (_, _) => throw new InvalidOperationException("no paper"), name: "printer");

        await strict.PublishAsync(new NewFact("orders/42", "paid", "{}"));

        Assert.Equal(CodeBlocks.OutputOf("hub.md")[0], output);
    }
}
