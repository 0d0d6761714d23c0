using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone.Tests.Guide;
using Console = Factstone.Tests.Guide.Console;

namespace Factstone.Tests.Samples.Leases;

/// <summary>Key/value with compare-and-swap: a lease that one of several callers takes and renews, and a counter.</summary>
[Collection<OneAtATime>]
public sealed class LeaseSample
{
    [Fact]
    public async Task The_first_run_takes_the_lease_and_the_second_finds_it_held()
    {
        using var folder = new ScratchFolder();
        var output = Console.Capture();

        await ProgramAsync();
        await ProgramAsync();

        Assert.Equal(["renewed", "1"], output.Take(2));
        Assert.Matches($@"^held by {Environment.MachineName} until \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ$", output[2]);
        Assert.Equal("2", Assert.Single(output.Skip(3)));
    }

    static async Task ProgramAsync()
    {
        await using var ledger = await Ledger.OpenAsync("./data");

        var leases = ledger.KeyValue("leases", LeaseSampleJson.Default.Lease);
        var counters = ledger.KeyValue("counters", LeaseSampleJson.Default.Int64);

        var mine = new Lease(Environment.MachineName, DateTimeOffset.UtcNow.AddSeconds(30));

        switch (await leases.PutNewAsync("nightly-report", mine))
        {
            case KeyValueOutcome<Lease>.Stored(var entry):
                var renewed = mine with { Until = mine.Until.AddSeconds(30) };
                var outcome = await leases.CompareAndSwapAsync("nightly-report", expected: entry, renewed);
                Console.WriteLine(outcome is KeyValueOutcome<Lease>.Stored ? "renewed" : "lost it");
                break;

            case KeyValueOutcome<Lease>.Conflict(var actual):
                Console.WriteLine($"held by {actual?.Value.Owner} until {actual?.Value.Until:u}");
                break;
        }

        var runs = await counters.UpdateAsync("report-runs", seed: 0L, count => count + 1);
        Console.WriteLine(runs.Value);
    }
}

public sealed record Lease(string Owner, DateTimeOffset Until);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(long))]
internal sealed partial class LeaseSampleJson : JsonSerializerContext;
