using System.Diagnostics;

namespace Factstone.Cli.Growth;

/// <summary>Runs every measured operation on one ledger for a while, in a separate process, so that its memory can be measured.</summary>
internal static class GrowthReading
{
    const long ScanFacts = 1_000_000;
    static readonly TimeSpan EachMin = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan EachMax = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(string directory, GrowthSize size, CancellationToken ct)
    {
        var each = TimeSpan.FromMicroseconds(Math.Clamp(size.Facts, EachMin.TotalMicroseconds, EachMax.TotalMicroseconds));
        await using var ledger = await GrowthLedger.OpenAsync(directory, size, seed: 2, ct);
        foreach (var operation in GrowthOperation.All)
        {
            for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < each;)
            {
                ct.ThrowIfCancellationRequested();
                await operation.Draw(ledger, operation.TimesPerRound).Run();
            }
        }

        var scanned = 0L;
        await foreach (var _ in ledger.Ledger.ReadAsync(new ReadOptions { Limit = ScanFacts }, ct)) scanned++;
        if (scanned < Math.Min(ScanFacts, size.Facts)) throw new InvalidDataException($"A scan found {scanned:N0} facts.");
    }
}
