using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Samples.Readings;

public sealed record Reading(double Celsius);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Reading))]
internal sealed partial class TestJson : JsonSerializerContext;

/// <summary>A user's tests: in memory, with a clock that the test moves, and on a disk that loses power.</summary>
public sealed class ReadingTests
{
    static readonly RecordStore<Reading> Readings = new("readings", TestJson.Default.Reading);
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_as_of_an_earlier_time_sees_the_earlier_value()
    {
        var clock = new ManualTimeProvider(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
        await using var ledger = await Ledger.OpenInMemoryAsync(new() { Records = [Readings], TimeProvider = clock }, Cancel);
        var readings = ledger.Records(Readings);

        await readings.WriteAsync("cellar", new Reading(9.5), cancellationToken: Cancel);
        var eight = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromHours(1));
        await readings.WriteAsync("cellar", new Reading(11.0), cancellationToken: Cancel);

        Record<Reading>? then = await readings.AsOf(LedgerTime.RecordedBy(eight)).ReadAsync("cellar", Cancel);

        Assert.Equal(9.5, then?.Value.Celsius);
    }

    [Fact]
    public async Task An_acknowledged_fact_survives_a_power_loss()
    {
        var disk = new SimulatedDisk(seed: 7);
        var ledger = await disk.OpenLedgerAsync(new() { Records = [Readings] }, Cancel);
        var written = await ledger.Records(Readings).WriteAsync("cellar", new Reading(9.5), cancellationToken: Cancel);

        disk.LosePower();

        await using var reopened = await disk.OpenLedgerAsync(new() { Records = [Readings] }, Cancel);
        var read = await reopened.Records(Readings).ReadAsync("cellar", Cancel);

        Assert.NotNull(read);
        Assert.Equal(written.LastPosition, read.Fact.Position);
    }
}
