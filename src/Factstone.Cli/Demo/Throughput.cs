namespace Factstone.Cli.Demo;

/// <summary>How fast this machine appends, measured for less than two seconds.</summary>
/// <param name="Facts">Facts of the burst, one per append.</param>
/// <param name="FactsPerSecond">With many in flight, each durable before it was acknowledged.</param>
/// <param name="AloneMilliseconds">The median of appends that were each awaited before the next.</param>
internal sealed record Throughput(long Facts, double FactsPerSecond, double AloneMilliseconds)
{
    const int FactsMax = 200_000;
    const int AloneMax = 200;

    static readonly TimeSpan BurstMax = TimeSpan.FromMilliseconds(1_000);
    static readonly TimeSpan AloneTimeMax = TimeSpan.FromMilliseconds(500);

    public static async Task<Throughput> MeasureAsync(Ledger ledger, TimeProvider clock, CancellationToken ct)
    {
        var alone = await AloneAsync(ledger, clock, ct);
        var started = clock.GetTimestamp();
        long sent = 0;
        await using (var appender = ledger.OpenAppender())
        {
            for (; sent < FactsMax && clock.GetElapsedTime(started) < BurstMax; sent++) await appender.SendAsync(Reading(sent), cancellationToken: ct);
            await appender.FlushAsync(ct);
        }
        return new Throughput(sent, sent / clock.GetElapsedTime(started).TotalSeconds, alone);
    }

    static async Task<double> AloneAsync(Ledger ledger, TimeProvider clock, CancellationToken ct)
    {
        var times = new List<double>(AloneMax);
        var started = clock.GetTimestamp();
        while (times.Count == 0 || (times.Count < AloneMax && clock.GetElapsedTime(started) < AloneTimeMax))
        {
            var one = clock.GetTimestamp();
            await ledger.AppendAsync(Reading(times.Count), ct);
            times.Add(clock.GetElapsedTime(one).TotalMilliseconds);
        }
        times.Sort();
        return times[times.Count / 2];
    }

    static AppendRequest Reading(long number) =>
        new(new NewFact(new StreamName("sensors", $"s{number % 1_000}"), "measured", $$"""{"celsius":{{20 + (number % 10)}},"sample":{{number}}}"""));
}
