namespace Factstone.Tests.Processes;

/// <summary>kill -9 of a process that appends. Every acknowledged append is in the ledger, whatever the process was doing.</summary>
public sealed class KillTests
{
    /// <summary>Rounds on one ledger before the next one is created, so that both repeated recovery and creation are tested.</summary>
    const int RoundsPerLedger = 6;

    [Fact]
    public async Task Every_acknowledged_append_survives_a_kill()
    {
        var random = Rounds.Seeded(out _);
        var rounds = Rounds.Or(30);
        for (var round = 0; round < rounds;)
        {
            var directory = Directory.CreateTempSubdirectory("factstone-kill-");
            try
            {
                var acknowledged = new List<(long, long, Child.Load)>();
                for (var i = 0; i < RoundsPerLedger && round < rounds; i++, round++)
                    acknowledged.AddRange(await KillAndCheckAsync($"{directory.FullName}/ledger", random, acknowledged));
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }
    }

    static async Task<IReadOnlyList<(long, long, Child.Load)>> KillAndCheckAsync(string directory, Random random, List<(long, long, Child.Load)> before)
    {
        using var child = new ChildProcess("append", directory);

        // Some are killed during the start, the open or the recovery.
        if (random.Next(4) > 0) child.WaitForAppends(2);
        await Task.Delay(random.Next(250), TestContext.Current.CancellationToken);
        child.Kill();

        await using var ledger = await Ledger.OpenAsync(directory, new LedgerOptions { SegmentSizeBytes = 64 * 1_024 }, TestContext.Current.CancellationToken);
        await LoadCheck.HoldsAsync(ledger, [.. before, .. child.Acknowledged]);
        return child.Acknowledged;
    }
}
