using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Repairs;

/// <summary>
/// A repair that is stopped at any I/O leaves the ledger as damaged as before, or
/// repaired. A second repair gives the same result as one that was not stopped.
/// </summary>
public sealed class RepairCrashTests
{
    const int Seeds = 3;

    [Theory]
    [InlineData(Fault.PowerLoss)]
    [InlineData(Fault.ProcessKill)]
    [InlineData(Fault.Error)]
    [InlineData(Fault.NoSpace)]
    [InlineData(Fault.ShortWrite)]
    [InlineData(Fault.SyncFailureDroppingPages)]
    public void Stopped_at_any_input_or_output_it_can_be_done_again(Fault fault)
    {
        var (steps, expected) = Undisturbed();
        Assert.True(steps > 30, $"A repair takes {steps} operations.");
        var stopped = 0;
        for (var step = 1; step <= steps; step++)
            for (var seed = 1; seed <= Seeds; seed++)
            {
                try
                {
                    if (Disturbed(seed, step, fault, expected)) stopped++;
                }
                catch (Exception failure)
                {
                    throw new InvalidOperationException($"Operation {step}, seed {seed}: {failure.Message}", failure);
                }
            }

        // A crash can occur at every operation. Not every operation can be refused, and a refused clean-up may not stop the repair.
        Assert.True(fault is Fault.PowerLoss or Fault.ProcessKill ? stopped >= steps : stopped > 0, $"{stopped} repairs were stopped.");
    }

    static (long Steps, List<Fact> Facts) Undisturbed()
    {
        var disk = Damaged(seed: 1, out _);
        var before = disk.IoCount;
        var report = Run(disk);
        var steps = disk.IoCount - before;
        Assert.Equal([2, 6], Repair.Positions(report.Lost));
        return (steps, FactsOf(disk));
    }

    /// <summary>Returns whether the repair was stopped.</summary>
    static bool Disturbed(int seed, long step, Fault fault, List<Fact> expected)
    {
        var disk = Damaged(seed, out var facts);
        disk.Faults.At(disk.IoCount + step, fault);
        var wasStopped = false;
        try
        {
            Run(disk);
        }
        catch (Exception stop) when (stop is PowerLostException or LedgerIOException or LedgerFullException)
        {
            wasStopped = true;
        }

        disk.Faults.Clear();
        if (seed % 2 == 0)
        {
            // An open finds the damage, or an undamaged ledger.
            using var ledger = Open(disk);
            try
            {
                AreSame(expected, Repair.All(ledger));
            }
            catch (LedgerDamagedException)
            {
                Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(ledger));
            }
        }

        var isDone = Run(disk) is { WasDamaged: false };
        AreSame(expected, FactsOf(disk));
        Assert.False(Run(disk).WasDamaged);
        using (var ledger = Open(disk))
        {
            Assert.Equal(2, ledger.Epoch);
            Assert.Single(Repair.Stream(ledger, "$receipts/repair"));
            Assert.Equal(facts + 2, SmallLedger.AppendOne(ledger).FirstPosition.Value);
        }

        Assert.True(disk.FileSystem.List($"{SimulatedLedgers.Root}/quarantine/damaged").Count == 2, $"Damaged files are kept{(isDone ? ", by the open" : "")}.");
        return wasStopped;
    }

    [Fact]
    public void A_full_disk_leaves_nothing_half_made_and_repair_works_when_there_is_room()
    {
        var refused = 0;
        for (var free = 0; free < 32; free++)
        {
            var files = SmallLedger.Rolled();
            var segment = files.Paths.First(LedgerLayout.IsSegment);
            files.FlipBit(segment, (SegmentHeader.Bytes + 200) * 8);
            var before = files.Paths.Where(path => !path.Contains("/index/", StringComparison.Ordinal)).ToList();
            files.CapacityBytes = files.UsedBytes + (free * 4_096L);
            try
            {
                Assert.True(Repair.Run(files).WasDamaged);
            }
            catch (LedgerFullException)
            {
                refused++;
                Assert.Equal(before, files.Paths.Where(path => !path.Contains("/index/", StringComparison.Ordinal)));
                Assert.NotEmpty(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, TestContext.Current.CancellationToken).Damage);
                files.CapacityBytes = long.MaxValue;
                Assert.True(Repair.Run(files).WasDamaged);
            }

            files.CapacityBytes = long.MaxValue;
            using var ledger = SmallLedger.Open(files);
            Assert.Empty(ledger.Damage);
        }

        Assert.InRange(refused, 1, 31);
    }

    /// <summary>Three segments. One fact of the first and one of the second are damaged.</summary>
    static SimulatedDisk Damaged(int seed, out long facts)
    {
        var disk = new SimulatedDisk(seed);
        for (var session = 0; session < 3; session++)
        {
            var ledger = Open(disk);
            for (var i = 0; i < 2; i++)
                Repair.Append(ledger, new AppendRequest { AppendId = $"{session}.{i}", Facts = [new NewFact($"orders/{i}", "placed", $"{session}"), new NewFact("tasks/a", null, $"\"{session}.{i}\"")] });
            if (session < 2) disk.KillProcess(); // whose ledger is dead and need not be closed
            else ledger.Dispose();
        }

        var paths = disk.Paths.Where(LedgerLayout.IsSegment).ToList();
        Assert.Equal(3, paths.Count);
        DamageFact(disk, new Position(2));
        DamageFact(disk, new Position(6));
        facts = 12;
        return disk;
    }

    static void DamageFact(SimulatedDisk disk, Position position)
    {
        var files = disk.FileSystem;
        var manifest = new ManifestFile(files, new LedgerLayout(SimulatedLedgers.Root)).Read()!;
        var header = manifest.Segments.Last(segment => segment.BasePosition <= position);
        var path = $"{SimulatedLedgers.Root}/segments/{header.Name}";
        disk.FlipBit(path, new FactLocation(files, path, header, position).HeaderAt * 8);
    }

    static RepairReport Run(SimulatedDisk disk) => Repair.Run(disk.FileSystem, root: SimulatedLedgers.Root);

    static Ledger Open(SimulatedDisk disk)
    {
        var options = SmallLedger.Options(disk.FileSystem, Repair.Now);
        return Ledger.Open(FileStorage.Open(disk.FileSystem, SimulatedLedgers.Root, options.ToStorageOptions(), CancellationToken.None), options);
    }

    static List<Fact> FactsOf(SimulatedDisk disk)
    {
        using var ledger = Open(disk);
        Assert.Empty(ledger.Damage);
        return Repair.All(ledger);
    }

    static void AreSame(List<Fact> expected, List<Fact> actual) =>
        Assert.Equal(expected.Select(fact => (fact.Position, fact.Stream, fact.StreamVersion, fact.Json)), actual.Select(fact => (fact.Position, fact.Stream, fact.StreamVersion, fact.Json)));
}
