using Factstone.Testing;
using static Factstone.Storage.Tests.SimulatedDiskFiles;

namespace Factstone.Storage.Tests;

/// <summary>The requested faults of the simulated disk: at every operation, on a full disk, and in single bits.</summary>
public sealed class SimulatedDiskFaultTests
{
    // Every fault at every operation of a small run. The only results are errors that the contract names.
    [Fact]
    public void Every_fault_at_every_operation_is_an_error_of_the_contract_or_the_end_of_the_process()
    {
        var clean = new SimulatedDisk(seed: 5);
        Scribble(clean, new Random(5), operations: 40);
        foreach (var fault in Enum.GetValues<Fault>())
        {
            for (var io = 1; io <= clean.IoCount; io++)
            {
                var disk = new SimulatedDisk(seed: 5);
                disk.Faults.At(io, fault);
                Scribble(disk, new Random(5), operations: 40);
                Assert.True(disk.FaultCounts.Count > 0 || fault is not (Fault.PowerLoss or Fault.ProcessKill or Fault.Error));
            }
        }
    }

    // A caller that is told the disk is full assumes that nothing was written, and writes to the same place again.
    [Theory]
    [InlineData(Fault.SyncWithoutSpaceKeepingPages)]
    [InlineData(Fault.SyncWithoutSpaceDroppingPages)]
    public void A_sync_that_finds_no_space_is_a_failed_sync_and_not_a_full_disk(Fault fault)
    {
        var disk = new SimulatedDisk(seed: 1);
        disk.FileSystem.CreateDirectory("d");
        using var file = disk.Create("d/a", Ones(10_000));
        file.Sync();
        disk.Faults.ReachOfFailedSync = 0;
        file.Write(Twos(10_000), 0);
        disk.Faults.Next(fault);
        Assert.Contains(DiskReasons.NoSpace, Assert.Throws<LedgerIOException>(file.Sync).Message, StringComparison.Ordinal);
        file.Sync();
        Assert.Equal(Ones(10_000), disk.ReadDurable("d/a"));
        Assert.Equal(fault == Fault.SyncWithoutSpaceKeepingPages ? Twos(10_000) : Ones(10_000), disk.ReadAll("d/a"));

        disk.Faults.Next(fault);
        Assert.Throws<LedgerIOException>(() => disk.FileSystem.SyncDirectory("d"));
        disk.Faults.Next(fault);
        Assert.Throws<LedgerFullException>(() => disk.FileSystem.SyncNewName("d"));
        disk.Faults.Next(fault);
        Assert.Throws<LedgerFullException>(file.SyncNew);
        Assert.Equal(4, disk.FaultCounts[fault.ToString()]);
    }

    [Fact]
    public void A_full_disk_refuses_what_needs_space_and_takes_what_was_reserved()
    {
        var disk = new SimulatedDisk(seed: 1) { CapacityBytes = 10 * 4_096 };
        using var file = disk.Create("a", []);
        file.Reserve(0, 4 * 4_096);
        disk.CapacityBytes = 4 * 4_096;

        file.Write(Ones(4 * 4_096), 0);
        file.Sync();
        Assert.Throws<LedgerFullException>(() => file.Write([1], 4 * 4_096));
        Assert.Throws<LedgerFullException>(() => file.Reserve(0, 5 * 4_096));
        Assert.Throws<LedgerFullException>(() => disk.Create("b", []));
        Assert.Throws<LedgerFullException>(() => disk.FileSystem.OpenSharedPage("HEAD", writable: true));
        Assert.Equal(4, disk.FaultCounts["NoSpace"]);

        disk.CapacityBytes = 6 * 4_096;
        file.Write([1], 4 * 4_096);
        using var lockOnFullDisk = disk.FileSystem.TryLock("LOCK", "me", out _);
        Assert.NotNull(lockOnFullDisk);
        Assert.Equal(6 * 4_096, disk.UsedBytes);
    }

    [Fact]
    public void A_write_that_runs_into_a_full_disk_leaves_nothing_or_what_fitted()
    {
        var left = new HashSet<long>();
        for (var seed = 0; seed < 30; seed++)
        {
            var disk = new SimulatedDisk(seed) { CapacityBytes = 3 * 4_096 };
            using var file = disk.Create("a", Ones(100));
            Assert.Throws<LedgerFullException>(() => file.Write(Twos(5 * 4_096), 100));
            left.Add(file.Length);
            Assert.Equal((file.Length + 4_095) / 4_096 * 4_096, disk.UsedBytes);
        }

        Assert.Equal([100, 3 * 4_096], left.Order());
    }

    [Fact]
    public void A_short_write_leaves_a_true_prefix()
    {
        var lengths = new HashSet<long>();
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk(seed);
            using var file = disk.Create("a", []);
            disk.Faults.Next(Fault.ShortWrite);
            Assert.Throws<LedgerIOException>(() => file.Write(Twos(4), 0));
            lengths.Add(file.Length);
            Assert.DoesNotContain((byte)0, file.Content());
        }

        Assert.Equal([0, 1, 2, 3], lengths.Order());
    }

    [Fact]
    public void A_flipped_bit_is_where_it_was_said_to_be_and_survives_everything()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk(seed);
            disk.CreateSynced("a", [.. Ones(5_000), .. new byte[100_000]]).Dispose();
            using (var dirty = disk.CreateSynced("b", Ones(10))) dirty.Write(Twos(10), 0);
            var before = disk.ReadAll("a");

            var flipped = disk.FlipRandomBit();

            Assert.Equal("a", flipped?.Path);
            var (_, at, bit) = flipped!.Value;
            Assert.InRange(at, 0, 4_999);
            before[at] ^= (byte)(1 << bit);
            disk.LosePower();
            Assert.Equal(before, disk.ReadAll("a"));
        }

        Assert.Null(new SimulatedDisk(seed: 1).FlipRandomBit());
    }

    [Fact]
    public void A_fault_strikes_only_the_paths_that_were_asked_for_and_once()
    {
        var disk = new SimulatedDisk(seed: 1);
        disk.Faults.OnlyPaths = path => path.StartsWith("index/", StringComparison.Ordinal);
        disk.FileSystem.CreateDirectory("index");
        using var log = disk.Create("log", []);
        using var run = disk.Create("index/1", []);
        disk.Faults.Next(Fault.Error);

        log.Write([1], 0);
        Assert.Throws<LedgerIOException>(() => run.Write([1], 0));
        run.Write([1], 0);

        Assert.Equal(1, disk.FaultCounts["Error"]);
    }

    // 10,000 seeds of 200 operations should take minutes, so one may take milliseconds. The test measures bytes instead of time: a disk
    // that copied its files at each sync would need megabytes.
    [Fact]
    public void A_sync_costs_what_was_written_and_not_what_stands()
    {
        var disk = new SimulatedDisk(seed: 1);
        using var file = disk.CreateSynced("a", Ones(1 << 20));
        file.Reserve(0, 128 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 200; i++)
        {
            file.Write(Twos(100), (1 << 20) + i * 100);
            file.Sync();
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 600_000);
    }
}
