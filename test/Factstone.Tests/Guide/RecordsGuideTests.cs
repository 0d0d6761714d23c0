using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Guide.Records;

/// <summary>docs/guide/records.md</summary>
[Collection<OneAtATime>]
public sealed class RecordsGuideTests
{
    [Fact]
    public async Task Records_and_entries_are_written_read_compared_and_listed()
    {
        using var folder = new ScratchFolder();
        var output = Console.Capture();
        await ProgramAsync();

        Assert.Equal(["9.5", "9.5"], output.Take(2));
        Assert.EndsWith("Reading { Celsius = 9.5 }", output[2], StringComparison.Ordinal);
        Assert.EndsWith("Reading { Celsius = 11 }", output[3], StringComparison.Ordinal);
        Assert.Equal(["it is Reading { Celsius = 11 } now", "durable at 3", "1"], output.Skip(4));

        await using var reopened = await Ledger.OpenReadOnlyAsync("./data", new LedgerOptions { Records = [House.Readings] });
        Assert.Equal(new Reading(20), (await reopened.ReadLatestAsync("readings/attic"))?.Value);
    }

    static async Task ProgramAsync()
    {
        await using var ledger = await Ledger.OpenAsync("./data", new LedgerOptions { Records = [House.Readings] });
        var readings = ledger.Records(House.Readings);

        var receipt = await readings.WriteAsync("cellar", new Reading(9.5));   // durable when it returns
        Record<Reading>? read = await readings.ReadAsync("cellar");
        Console.WriteLine(read?.Value.Celsius);                                // 9.5

        await readings.WriteAsync("cellar", new Reading(11));

        var then = readings.AsOf(receipt.LastPosition);                        // or LedgerTime.RecordedBy(time)
        Console.WriteLine((await then.ReadAsync("cellar"))?.Value.Celsius);    // 9.5

        await foreach (var (fact, record) in readings.ReadHistoryAsync("cellar"))
            Console.WriteLine($"{fact.RecordedAt:u} {record?.Value.ToString() ?? "retracted"}");

        await CompareAsync();
        read = await readings.ReadAsync("cellar");
        await CompareAsync();
        await readings.WriteAsync("room-1", new Reading(19));

        var page = await readings.ListKeysAsync(new ListOptions { Prefix = "room-", Limit = 100 }).ToListAsync();
        var next = new ListOptions { Prefix = "room-", Limit = 100, After = page.LastOrDefault() };

        Assert.Equal(["room-1"], page);
        Assert.Empty(await readings.ListKeysAsync(next).ToListAsync());

        var counters = ledger.KeyValue("counters", HouseJson.Default.Int64);

        var runs = await counters.UpdateAsync("runs", seed: 0L, count => count + 1);
        Console.WriteLine(runs.Value);                                         // 1

        var before = await counters.GetAsync("runs");
        await ledger.AppendAsync(new AppendRequest
        {
            Facts = [House.Readings.NewValue("attic", new Reading(20)), new NewFact("orders/42", "measured", "{}")],
            Cells = [counters.NewValue("runs", (before?.Value ?? 0) + 1)],
            Conditions = [House.Readings.RecordMissing("attic"), counters.CellAt("runs", before?.Version ?? CellVersion.None)],
        });

        Assert.Equal(2, await counters.GetValueOrDefaultAsync("runs", 0));

        async Task CompareAsync()
        {
            switch (await readings.CompareAndWriteAsync("cellar", expected: read!, new Reading(12)))
            {
                case RecordOutcome<Reading>.Written(var written):
                    Console.WriteLine($"durable at {written.LastPosition}");
                    break;
                case RecordOutcome<Reading>.Conflict(var actual):
                    Console.WriteLine($"it is {actual?.Value} now");               // 11
                    break;
            }
        }
    }
}

public sealed record Reading(double Celsius);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Reading))]
[JsonSerializable(typeof(long))]
internal sealed partial class HouseJson : JsonSerializerContext;

public static class House
{
    public static readonly RecordStore<Reading> Readings = new("readings", HouseJson.Default.Reading);
}
