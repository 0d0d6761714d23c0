using Xunit.Sdk;

namespace Factstone.Tests.Processes;

/// <summary>
/// A power cut of a real kernel: a writer on a disk of its own is suspended at
/// some moment, and the content of the disk at that moment is mounted and opened.
/// </summary>
public sealed class PowerCutTests
{
    const int Megabytes = 48;

    [Fact]
    public async Task Every_acknowledged_append_survives_a_power_cut()
    {
        var random = Rounds.Seeded(out _);
        var rounds = Rounds.Or(20);
        var acknowledged = 0L;
        for (var round = 0; round < rounds;)
        {
            // The recovered copy is the disk of the next round, three times. Then a new disk and ledger follow.
            var disk = LoopDisk.New(Megabytes);
            try
            {
                var before = new List<(long, long, Child.Load)>();
                for (var i = 0; i < 3 && round < rounds; i++, round++)
                {
                    var (copy, told) = await CutAsync(disk, random);
                    disk.Dispose();
                    disk = copy;
                    before.AddRange(told);
                    await using var ledger = await OpenAsync(copy);
                    await LoadCheck.HoldsAsync(ledger, before);
                    acknowledged += told.Count;
                }
            }
            finally
            {
                disk.Dispose();
            }
        }

        Assert.True(acknowledged > rounds * 10, $"Only {acknowledged} appends were acknowledged before the cuts: that shows too little.");
    }

    // The negative control: if a ledger whose syncs do nothing passed the test above, that test would prove nothing.
    [Fact]
    public async Task Without_syncs_the_same_test_fails()
    {
        var random = Rounds.Seeded(out _);
        for (var round = 0; round < Rounds.Or(20); round++)
        {
            using var disk = LoopDisk.New(Megabytes);
            var (copy, told) = await CutAsync(disk, random, "--no-sync");
            using (copy)
            {
                try
                {
                    await using var ledger = await OpenAsync(copy);
                    await LoadCheck.HoldsAsync(ledger, told);
                }
                catch (Exception lost) when (lost is XunitException or FactstoneException)
                {
                    return;
                }
            }
        }

        Assert.Fail("Nothing was lost without a sync, so the test of power cuts would not notice a missing one.");
    }

    static async Task<(LoopDisk Copy, IReadOnlyList<(long, long, Child.Load)> Acknowledged)> CutAsync(LoopDisk disk, Random random, params string[] options)
    {
        using var child = new ChildProcess(["append", Directory(disk), .. options]);

        // Some are cut off during the start, the creation, the open or the recovery.
        if (random.Next(4) > 0 || options.Length > 0) child.WaitForAppends(20);
        await Task.Delay(random.Next(300), TestContext.Current.CancellationToken);
        child.SuspendAtOnce();

        // Every append read by now was acknowledged before the first block is copied.
        var acknowledged = child.Acknowledged;
        return (disk.AfterPowerCut(), acknowledged);
    }

    static ValueTask<Ledger> OpenAsync(LoopDisk disk) =>
        Ledger.OpenAsync(Directory(disk), new LedgerOptions { SegmentSizeBytes = 64 * 1_024 }, TestContext.Current.CancellationToken);

    static string Directory(LoopDisk disk) => Path.Combine(disk.MountPoint, "ledger");
}
