namespace Factstone.Cli.Tests;

public sealed class ConsumersCommandTests : IDisposable
{
    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public ConsumersCommandTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Consumers_are_listed_with_their_lag_and_deleted()
    {
        for (var i = 0; i < 3; i++) (await _cli.RunAsync("append", "orders/1", i == 0 ? "paid" : "placed", "1")).Ends(ExitCodes.Done);
        Assert.Empty((await _cli.RunAsync("consumers")).Ends(ExitCodes.Done).Lines);
        await using (var ledger = await Ledger.OpenAsync(_cli.Ledger, cancellationToken: TestContext.Current.CancellationToken))
        {
            foreach (var type in new[] { "paid", "placed" })
            {
                var consumer = ledger.Consumer(type, FactQuery.Types(type));
                await foreach (var fact in consumer.FollowAsync(TestContext.Current.CancellationToken))
                {
                    await consumer.CommitAsync(fact.Position, TestContext.Current.CancellationToken);
                    break;
                }
            }
        }

        var lines = (await _cli.RunAsync("consumers")).Ends(ExitCodes.Done).Lines;
        Assert.Equal("paid  @1  up to date  type=paid", lines[0]);
        Assert.Matches("^placed  @2  1 fact, [0-9]+ s behind  type=placed$", lines[1]);

        var listed = (await _cli.RunAsync("consumers", "--json")).Ends(ExitCodes.Done).Json;
        Assert.Equal(["name", "position", "cursor", "query", "owner", "committedAt", "lagFacts", "lagSeconds"], listed[1].EnumerateObject().Select(field => field.Name));
        Assert.Equal(("placed", 2, 1), (listed[1].GetProperty("name").GetString(), listed[1].GetProperty("position").GetInt32(), listed[1].GetProperty("lagFacts").GetInt32()));

        Assert.Equal("placed", (await _cli.RunAsync("consumers", "delete", "placed", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("deleted").GetString());
        (await _cli.RunAsync("consumers", "delete", "placed")).Fails(ExitCodes.NotFound, "There is no consumer 'placed'.");
        Assert.Equal(["paid"], (await _cli.RunAsync("consumers", "--json")).Json.Select(one => one.GetProperty("name").GetString()!));
        (await _cli.RunAsync("cell", "delete", "$consumers/paid")).Fails(ExitCodes.Refused, "is reserved");
    }
}
