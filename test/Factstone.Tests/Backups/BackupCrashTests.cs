using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Backups;

/// <summary>A backup or a restore that is stopped at any I/O leaves nothing that opens, or a complete result. It can be repeated.</summary>
public sealed class BackupCrashTests
{
    const int Seeds = 2;

    static readonly byte[][] Blobs = [[], [.. "hello"u8]];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<Fault, bool> Faults
    {
        get
        {
            var data = new TheoryData<Fault, bool>();
            foreach (var fault in new[] { Fault.PowerLoss, Fault.ProcessKill, Fault.Error, Fault.NoSpace, Fault.ShortWrite, Fault.SyncFailureDroppingPages })
            {
                data.Add(fault, false);
                data.Add(fault, true);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Faults))]
    public void Stopped_at_any_input_or_output_nothing_opens_and_it_can_be_done_again(Fault fault, bool isRestore)
    {
        var steps = Undisturbed(isRestore);
        Assert.True(steps > 30, $"It takes {steps} operations.");
        var stopped = 0;
        for (var step = 1; step <= steps; step++)
            for (var seed = 1; seed <= Seeds; seed++)
            {
                try
                {
                    if (Disturbed(seed, step, fault, isRestore)) stopped++;
                }
                catch (Exception failure)
                {
                    throw new InvalidOperationException($"Operation {step}, seed {seed}: {failure.Message}", failure);
                }
            }

        // A crash can occur at every operation. Not every operation can be refused.
        Assert.True(fault is Fault.PowerLoss or Fault.ProcessKill ? stopped == steps * Seeds : stopped > 0, $"{stopped} of {steps * Seeds} were stopped.");
    }

    // The disk has room for a number of additional pages. For each number, the copy fails at another place.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_full_disk_leaves_nothing_that_opens_and_gives_back_what_it_took(bool isRestore)
    {
        var refused = 0;
        for (var free = 0; ; free++)
        {
            var files = SmallLedger.Rolled();
            if (isRestore) Backup.Make(files);
            var root = isRestore ? Backup.Restored : Backup.Root;
            var before = (files.UsedBytes, Paths: files.Paths.ToList());
            files.CapacityBytes = files.UsedBytes + (free * 4_096L);
            try
            {
                Run(files, isRestore);
                Assert.True(Backup.Opens(files, root));
                break;
            }
            catch (LedgerFullException)
            {
                refused++;
            }

            files.CapacityBytes = long.MaxValue;
            Assert.Throws<LedgerNotFoundException>(() => Backup.OpenReadOnly(files, root));
            Assert.Equal(before.Paths, files.Paths.Where(path => path != $"{root}/LOCK"));
            Assert.True(files.UsedBytes <= before.UsedBytes + 4_096, "What was written is given back but for the lock.");
            Run(files, isRestore);
            Assert.Empty(Backup.Verify(files, root).Damage);
        }

        Assert.True(refused > 20, $"{refused}");
    }

    static long Undisturbed(bool isRestore)
    {
        var disk = Prepared(seed: 1, isRestore);
        var before = disk.IoCount;
        Run(disk.FileSystem, isRestore);
        var steps = disk.IoCount - before;
        IsDone(disk.FileSystem, isRestore);
        return steps;
    }

    /// <summary>Returns whether it was stopped.</summary>
    static bool Disturbed(int seed, long step, Fault fault, bool isRestore)
    {
        var disk = Prepared(seed, isRestore);
        disk.Faults.At(disk.IoCount + step, fault);
        var wasStopped = false;
        try
        {
            Run(disk.FileSystem, isRestore);
        }
        catch (Exception stop) when (stop is PowerLostException or FactstoneException)
        {
            wasStopped = true;
        }

        disk.Faults.Clear();
        var files = disk.FileSystem;
        var root = isRestore ? Backup.Restored : Backup.Root;
        if (!wasStopped || Backup.Opens(files, root))
        {
            // It completed, or was stopped between its last operation and its return.
            IsDone(files, isRestore);
            return wasStopped;
        }

        if (files.FileExists($"{root}/UNFINISHED")) Assert.Throws<LedgerUnfinishedException>(() => Backup.Open(files, root));
        else Assert.True(IsEmpty(files, root), string.Join(' ', disk.Paths));
        Run(files, isRestore);
        IsDone(files, isRestore);
        return true;
    }

    /// <summary>It is complete, and no file marks it as unfinished.</summary>
    static void IsDone(IFileSystem files, bool isRestore)
    {
        var root = isRestore ? Backup.Restored : Backup.Root;
        Assert.False(files.FileExists($"{root}/UNFINISHED"));
        Assert.Empty(Backup.Verify(files, root).Damage);
        using var ledger = isRestore ? Backup.Open(files, root) : Backup.OpenReadOnly(files, root);
        Assert.Equal(Expected(files), Backup.Leaves(ledger, new Position(9)));
        Assert.Equal(isRestore ? 10 : 9, SmallLedger.Now(ledger.GetHeadAsync(Cancellation)).Value);
        foreach (var blob in Blobs) Assert.Equal(blob, ledger.Blobs.ReadAsync(Cid.Of(blob), cancellationToken: Cancellation).AsTask().GetAwaiter().GetResult());
    }

    static List<string> Expected(IFileSystem files)
    {
        using var ledger = Backup.OpenReadOnly(files, SmallLedger.Root);
        return Backup.Leaves(ledger, new Position(9));
    }

    static bool IsEmpty(IFileSystem files, string root) =>
        files.List(root).All(name => name == "LOCK") && files.List($"{root}/segments").Count == 0 && files.List($"{root}/index").Count == 0
        && files.ListDirectories($"{root}/blobs").All(shard => files.List($"{root}/blobs/{shard}").Count == 0);

    static void Run(IFileSystem files, bool isRestore)
    {
        if (isRestore) Backup.Restore(files);
        else Backup.Make(files);
    }

    /// <summary>A durable ledger of three segments, several runs and two blobs. For a restore, also a backup of it.</summary>
    static SimulatedDisk Prepared(int seed, bool isRestore)
    {
        var disk = new SimulatedDisk(seed);
        for (var session = 0; session < 3; session++)
        {
            var ledger = Backup.Open(disk.FileSystem, SmallLedger.Root);
            for (var i = 0; i < 3; i++) Repair.Append(ledger, new AppendRequest(new NewFact($"orders/{i}", "placed", $"{session}")) { Cells = [NewCell.Put("state", $"{i}", $"{session}")] });
            if (session == 0) disk.KillProcess(); // whose ledger is dead and need not be closed
            else ledger.Dispose();
        }

        using (var blobs = FileBlobStore.OfLedger(disk.FileSystem, new LedgerLayout(SmallLedger.Root), isReadOnly: false, new BlobStorageOptions()))
            foreach (var blob in Blobs)
                blobs.PutAsync(blob, cancellationToken: Cancellation).AsTask().GetAwaiter().GetResult();
        if (isRestore) Backup.Make(disk.FileSystem);
        return disk;
    }
}
