using System.Text.Json.Serialization;

namespace Factstone.Cli.Tests;

public sealed partial class ProjectionsCommandTests : IDisposable
{
    static readonly Projection<long> Count = new()
    {
        Name = "count",
        Source = FactQuery.Store("orders"),
        GroupBy = static fact => fact.Stream.Key,
        Seed = 0,
        Step = static (count, fact) => fact.Type == "bad" ? throw new InvalidOperationException("No such type.") : count + 1,
        Json = CountJson.Default.Int64,
    };

    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public ProjectionsCommandTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Projections_are_listed_with_their_state_and_dropped()
    {
        for (var i = 0; i < 3; i++) (await _cli.RunAsync("append", $"orders/{i}", "placed", "1")).Ends(ExitCodes.Done);
        Assert.Empty((await _cli.RunAsync("projections")).Ends(ExitCodes.Done).Lines);
        await KeepAsync(Count with { Name = "all", GroupBy = null });
        await KeepAsync(Count);
        Assert.Equal(["all  v1  up to date  @3  store=orders", "count  v1  up to date  @3  store=orders"], (await _cli.RunAsync("projections")).Ends(ExitCodes.Done).Lines);

        (await _cli.RunAsync("append", "orders/1", "placed", "1")).Ends(ExitCodes.Done);
        Assert.Matches("^count  v1  snapshot 1 fact, [0-9]+ s behind  @3  store=orders$", (await _cli.RunAsync("projections")).Ends(ExitCodes.Done).Lines[1]);
        (await _cli.RunAsync("append", "orders/1", "bad", "1")).Ends(ExitCodes.Done);
        await KeepAsync(Count);
        Assert.StartsWith("count  v1  failed: Projection 'count', version 1, has failed at position 5: ", (await _cli.RunAsync("projections")).Ends(ExitCodes.Done).Lines[1], StringComparison.Ordinal);

        var listed = (await _cli.RunAsync("projections", "--json")).Ends(ExitCodes.Done).Json;
        Assert.Equal(["name", "version", "state", "position", "source", "lagFacts", "lagSeconds", "failure"], listed[1].EnumerateObject().Select(field => field.Name));
        Assert.Equal(("count", "current", 4), (listed[1].GetProperty("name").GetString(), listed[1].GetProperty("state").GetString(), listed[1].GetProperty("position").GetInt32()));

        (await _cli.RunAsync("projections", "drop", "count", "--version", "2")).Fails(ExitCodes.NotFound, "There is no projection 'count' with version 2.");
        Assert.Equal("count", (await _cli.RunAsync("projections", "drop", "count", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("dropped").GetString());
        (await _cli.RunAsync("projections", "drop", "count")).Fails(ExitCodes.NotFound, "There is no projection 'count'.");
        Assert.Equal(["all"], (await _cli.RunAsync("projections", "--json")).Json.Select(one => one.GetProperty("name").GetString()!));
        (await _cli.RunAsync("cell", "delete", "$projections/current/all")).Fails(ExitCodes.Refused, "is reserved");
    }

    /// <summary>Opens the ledger with a projection until that is the current version, or has failed.</summary>
    async Task KeepAsync(Projection projection)
    {
        await using var ledger = await Ledger.OpenAsync(_cli.Ledger, new LedgerOptions { InlineProjections = [projection] }, TestContext.Current.CancellationToken);
        try
        {
            await foreach (var _ in ledger.WatchRebuildAsync(projection, TestContext.Current.CancellationToken)) { }
        }
        catch (ProjectionFailedException)
        {
            // The list names the failure.
        }
    }

    [JsonSerializable(typeof(long))]
    sealed partial class CountJson : JsonSerializerContext;
}
