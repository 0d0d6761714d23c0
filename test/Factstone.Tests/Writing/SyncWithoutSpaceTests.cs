using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Writing;

/// <summary>
/// With thin provisioning, network disks and Btrfs, only a sync reveals that there
/// is no space. The log treats that as a failed sync, not as a refused write.
/// </summary>
public sealed class SyncWithoutSpaceTests
{
    // The sync of an append found no space. The log took that for a refused write: it overwrote the append with zeros, in pages whose state
    // was unknown, and trusted a sync of those pages. The caller was told that nothing had been written.
    [Theory]
    [InlineData(Fault.SyncWithoutSpaceKeepingPages)]
    [InlineData(Fault.SyncWithoutSpaceDroppingPages)]
    public void An_append_whose_sync_finds_no_space_is_written_into_the_next_segment(Fault fault)
    {
        for (var indexedEnd = 0.0; indexedEnd <= 1; indexedEnd += 0.5)
        {
            var disk = new SimulatedDisk(seed: 3);
            var branches = new List<RecoveryBranch>();
            var ledger = SmallLedger.Open(Options(disk, branches));
            SmallLedger.AppendOne(ledger);
            disk.Faults.ReachOfFailedSync = indexedEnd;
            disk.Faults.Next(fault);
            Assert.Equal(2, SmallLedger.AppendOne(ledger).FirstPosition.Value);
            Assert.Contains(RecoveryBranch.SyncFailedAndMoved, branches);
            Assert.DoesNotContain(RecoveryBranch.FullWhileWriting, branches);
            Assert.Equal(3, SmallLedger.AppendOne(ledger).FirstPosition.Value);
            disk.LosePower();

            using var again = SmallLedger.Open(Options(disk, branches));
            Assert.Empty(again.Damage);
            Assert.Equal(4, SmallLedger.AppendOne(again).FirstPosition.Value);
        }
    }

    // The next segment finds no space either. Whether the append is durable is unknown, and no later sync can tell.
    [Theory]
    [InlineData(Fault.SyncWithoutSpaceKeepingPages)]
    [InlineData(Fault.SyncWithoutSpaceDroppingPages)]
    public void Where_the_next_segment_finds_no_space_either_the_outcome_is_unknown_until_a_reopen(Fault fault)
    {
        var disk = new SimulatedDisk(seed: 4);
        var branches = new List<RecoveryBranch>();
        using (var ledger = SmallLedger.Open(Options(disk, branches)))
        {
            SmallLedger.AppendOne(ledger);
            disk.Faults.Next(fault);
            disk.Faults.Next(fault);
            var unknown = Assert.IsType<AppendOutcome.Unknown>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("orders/9", "paid")) { AppendId = "second" })));
            Assert.Contains("No space left", unknown.Cause.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Nothing was written", unknown.Cause.Message, StringComparison.Ordinal);
            Assert.Contains(RecoveryBranch.SyncFailedAndUnknown, branches);
            var refused = Assert.Throws<LedgerFailedException>(() => SmallLedger.AppendOne(ledger));
            Assert.DoesNotContain("Nothing was written", refused.Message, StringComparison.Ordinal);
            Assert.Equal(1, ledger.Storage.Head.Position.Value);
        }

        using var again = SmallLedger.Open(Options(disk, branches));
        Assert.Empty(again.Damage);
        var head = again.Storage.Head.Position.Value;
        Assert.Equal(again.Storage.FindAppend("second") is null ? 1 : 2, head);
        Assert.Equal(head + 1, SmallLedger.AppendOne(again).FirstPosition.Value);
    }

    // In the short life of a ledger, each sync finds no space once: in the open, a roll, the manifest, the directory, the index, the close
    // and the recovery. Acknowledged appends stay, refused ones are absent, and the next open with room continues.
    [Theory]
    [InlineData(Fault.SyncWithoutSpaceKeepingPages)]
    [InlineData(Fault.SyncWithoutSpaceDroppingPages)]
    public void Every_sync_may_find_no_space_once(Fault fault)
    {
        var clean = new SimulatedDisk(seed: 5);
        Live(clean);
        var struck = 0;
        for (var io = 1L; io <= clean.IoCount; io++)
        {
            var disk = new SimulatedDisk(seed: 5);
            disk.Faults.At(io, fault);
            Live(disk);
            struck += disk.FaultCounts.ContainsKey(fault.ToString()) ? 1 : 0;
        }

        Assert.True(struck > 100, $"only {struck} of {clean.IoCount} operations were struck");
    }

    /// <summary>Two sessions, the first of which ends with a power cut, and an open that compares.</summary>
    static void Live(SimulatedDisk disk)
    {
        var (kept, maybe) = (new List<string>(), new List<string>());
        if (TryOpen(disk) is { } first) Append(first, kept, maybe, from: 0);
        disk.LosePower();
        using (var second = TryOpen(disk))
            if (second is not null) Append(second, kept, maybe, from: 100);
        disk.Faults.Clear();
        using var ledger = SmallLedger.Open(Options(disk, []));
        Assert.Empty(ledger.Damage);
        var found = Enumerable.Range(1, (int)ledger.Storage.Head.Position.Value).Select(position => ledger.Storage.ReadAt(new Position(position))!.Type!).ToList();
        Assert.Equal(kept, found.Except(maybe));
        Assert.Equal(found.Count, found.Distinct().Count());
        SmallLedger.AppendOne(ledger);
    }

    static Ledger? TryOpen(SimulatedDisk disk)
    {
        try
        {
            return SmallLedger.Open(Options(disk, []));
        }
        catch (FactstoneException)
        {
            return null; // the next open finds what there is
        }
    }

    static void Append(Ledger ledger, List<string> kept, List<string> maybe, int from)
    {
        for (var i = from; i < from + 30; i++)
        {
            try
            {
                var outcome = SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/1", $"n{i}", $"\"{new string('x', 6_000)}\""))));
                (outcome is AppendOutcome.Unknown ? maybe : kept).Add($"n{i}");
            }
            catch (FactstoneException)
            {
                // A refused append must be absent.
            }
        }
    }

    static LedgerOptions Options(SimulatedDisk disk, List<RecoveryBranch> branches) =>
        SmallLedger.Options(disk.FileSystem) with { BranchTaken = branches.Add, PreallocationBytesMin = 4_096, PreallocationBytesMax = 16_384, MemoryFactsMax = 10 };
}
