using Factstone.Testing;

namespace Factstone.Storage.Tests;

/// <summary>The simulated disk is believed by every test above it, so what it does to unsynced bytes is itself a claim to test.</summary>
public sealed class SimulatedDiskTests
{
    const int Sector = 512;

    [Fact]
    public void Synced_bytes_and_names_are_never_lost_and_unsynced_ones_can_be()
    {
        var lost = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var disk = new SimulatedDisk(seed);
            using (var file = disk.Create("a", Ones(3_000))) file.Sync();
            disk.FileSystem.SyncDirectory("");
            disk.Open("a").Write(Twos(1_000), 3_000);

            disk.LosePower();

            var content = disk.ReadAll("a");
            Assert.Equal(Ones(3_000), content[..3_000]);
            if (content.Length < 4_000 || content.AsSpan(3_000).Contains((byte)0)) lost++;
        }

        Assert.InRange(lost, 50, 199);
    }

    [Fact]
    public void Sectors_of_an_unsynced_write_are_old_or_new_each_for_itself()
    {
        var (torn, reordered, allOld, allNew) = (0, 0, 0, 0);
        for (var seed = 0; seed < 200; seed++)
        {
            var disk = new SimulatedDisk(seed);
            using (var file = disk.CreateSynced("a", Ones(8 * Sector)))
                file.Write(Twos(6 * Sector), Sector);

            disk.LosePower();

            var content = disk.ReadAll("a");
            var sectors = content.Chunk(Sector).Select(sector => Assert.Single(sector.Distinct())).ToArray();
            Assert.Equal(8 * Sector, content.Length);
            Assert.Equal([1, 1], new[] { sectors[0], sectors[7] });
            var written = sectors[1..7];
            if (written.Distinct().Count() == 2) torn++;
            if (written.Distinct().Count() == 2 && Array.LastIndexOf(written, (byte)2) > Array.IndexOf(written, (byte)1)) reordered++;
            if (!written.Contains((byte)2)) allOld++;
            if (!written.Contains((byte)1)) allNew++;
        }

        Assert.All([torn, reordered, allOld, allNew], times => Assert.True(times >= 20, $"{(torn, reordered, allOld, allNew)}"));
    }

    // What a kernel writes back is a sector as somebody could have seen it: never a later write without an earlier one to
    // the same sector. Two sectors may be of different moments.
    [Fact]
    public void A_sector_is_always_one_that_was_there_at_some_moment()
    {
        var seen = new HashSet<(int, int)>();
        for (var seed = 0; seed < 300; seed++)
        {
            var disk = new SimulatedDisk(seed);
            using (var file = disk.CreateSynced("a", new byte[2 * Sector]))
            {
                for (byte i = 1; i <= 3; i++)
                {
                    file.Write([i], i);
                    file.Write([i], Sector + i);
                }
            }

            disk.LosePower();

            var content = disk.ReadAll("a");
            var moments = new[] { 0, Sector }.Select(at => content[at..(at + 4)] switch
            {
                [0, 0, 0, 0] => 0,
                [0, 1, 0, 0] => 1,
                [0, 1, 2, 0] => 2,
                [0, 1, 2, 3] => 3,
                _ => -1,
            }).ToArray();
            Assert.DoesNotContain(-1, moments);
            seen.Add((moments[0], moments[1]));
        }

        Assert.Contains((0, 3), seen);
        Assert.Contains((3, 0), seen);
        Assert.True(seen.Count >= 12, $"{seen.Count} of 16");
    }

    [Fact]
    public void A_length_that_is_lost_truncates_and_what_was_cut_stays_cut_or_comes_back_whole()
    {
        var lengths = new HashSet<int>();
        for (var seed = 0; seed < 200; seed++)
        {
            var disk = new SimulatedDisk(seed);
            using (var file = disk.CreateSynced("a", Ones(3_000)))
            {
                file.SetLength(1_024);
                file.Reserve(0, 8_192);
                file.Write(Twos(512), 2_048);
            }

            disk.LosePower();

            var content = disk.ReadAll("a");
            lengths.Add(content.Length);
            Assert.Equal((content.Length + 4_095) / 4_096 * 4_096, disk.UsedBytes);
            Assert.Equal(Ones(1_024), content[..1_024]);
            if (content.Length == 3_000) Assert.Equal(Ones(3_000), content);
            else Assert.DoesNotContain((byte)1, content[1_024..]);
        }

        Assert.Equal([1_024, 3_000, 8_192], lengths.Order());
    }

    // The rule behind the examples, on random writes, cuts, reservations and syncs: after a power loss every sector reads as
    // at some moment since the last sync, and so does the length. Cuts are at sectors, since one within a sector makes a
    // sector of two moments.
    [Fact]
    public void After_a_power_loss_every_sector_is_of_some_moment_since_the_last_sync()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var (disk, random) = (new SimulatedDisk(seed), new Random(seed));
            using var file = disk.CreateSynced("a", []);
            var moments = new List<byte[]> { Array.Empty<byte>() };
            for (var step = random.Next(40); step > 0; step--)
            {
                switch (random.Next(8))
                {
                    case 0: file.Sync(); moments.Clear(); break;
                    case 1: file.SetLength(random.Next(12) * Sector); break;
                    case 2: file.Reserve(random.Next(4_000), random.Next(4_000)); break;
                    default: file.Write([.. Enumerable.Repeat((byte)random.Next(1, 256), random.Next(1, 2_000))], random.Next(5_000)); break;
                }

                moments.Add(file.Content());
            }

            disk.LosePower();

            var content = disk.ReadAll("a");
            Assert.Contains(content.Length, moments.Select(moment => moment.Length));
            for (var at = 0; at < content.Length; at += Sector)
            {
                var sector = content[at..Math.Min(at + Sector, content.Length)];
                Assert.True(
                    moments.Any(moment => sector.AsSpan().SequenceEqual(Padded(moment, content.Length).AsSpan(at, sector.Length))),
                    $"seed {seed}, sector at {at}");
            }
        }

        static byte[] Padded(byte[] moment, int length) => [.. moment, .. new byte[Math.Max(0, length - moment.Length)]];
    }

    [Fact]
    public void A_failed_sync_that_keeps_its_pages_shows_bytes_that_no_later_sync_saves()
    {
        var disk = new SimulatedDisk(seed: 1);
        using (var file = disk.CreateSynced("a", Ones(4 * Sector)))
        {
            file.Write(Twos(Sector), Sector);
            disk.Faults.ReachOfFailedSync = 0;
            disk.Faults.Next(Fault.SyncFailureKeepingPages);
            Assert.Throws<LedgerIOException>(file.Sync);

            file.Write(Twos(Sector), 3 * Sector);
            file.Sync();
            Assert.Equal([.. Ones(Sector), .. Twos(Sector), .. Ones(Sector), .. Twos(Sector)], file.Content());
        }

        disk.LosePower();

        Assert.Equal([.. Ones(3 * Sector), .. Twos(Sector)], disk.ReadAll("a"));
        Assert.Equal(1, disk.FaultCounts["SyncFailureKeepingPages"]);
    }

    [Fact]
    public void A_failed_sync_that_drops_its_pages_shows_what_the_disk_holds()
    {
        var disk = new SimulatedDisk(seed: 1);
        using var file = disk.CreateSynced("a", Ones(2 * Sector));
        file.Write(Twos(3 * Sector), Sector);
        disk.Faults.ReachOfFailedSync = 0;
        disk.Faults.Next(Fault.SyncFailureDroppingPages);

        Assert.Throws<LedgerIOException>(file.Sync);

        Assert.Equal([.. Ones(2 * Sector), .. new byte[2 * Sector]], file.Content());
        file.Write([9], 0);
        Assert.Equal(9, file.Content()[0]);
    }

    // The bytes can be on the disk although the sync said no: whoever reads them after a restart must not take them for confirmed.
    [Fact]
    public void A_failed_sync_may_have_written_nothing_something_or_everything()
    {
        var outcomes = new HashSet<int>();
        for (var seed = 0; seed < 100; seed++)
        {
            var disk = new SimulatedDisk(seed);
            using var file = disk.CreateSynced("a", Ones(4 * Sector));
            file.Write(Twos(4 * Sector), 0);
            disk.Faults.Next(Fault.SyncFailureKeepingPages);
            Assert.Throws<LedgerIOException>(file.Sync);
            outcomes.Add(disk.ReadDurable("a").Count(value => value == 2) / Sector);
        }

        Assert.Equal([0, 1, 2, 3, 4], outcomes.Order());
    }

    [Fact]
    public void Names_vanish_without_a_sync_of_their_directory_and_then_from_the_last_backwards()
    {
        var kept = new HashSet<int>();
        for (var seed = 0; seed < 200; seed++)
        {
            var disk = new SimulatedDisk(seed);
            for (var i = 0; i < 4; i++)
                using (var file = disk.Create($"{i}", Ones(10))) file.Sync();

            disk.LosePower();

            var names = disk.FileSystem.List("");
            Assert.Equal(["0", "1", "2", "3"], names.Concat(Enumerable.Range(names.Count, 4 - names.Count).Select(i => $"{i}")));
            Assert.All(names, name => Assert.Equal(Ones(10), disk.ReadAll(name)));
            kept.Add(names.Count);
        }

        Assert.Equal([0, 1, 2, 3, 4], kept.Order());
    }

    [Fact]
    public void A_rename_leaves_the_old_file_or_the_new_one()
    {
        var outcomes = new HashSet<byte>();
        for (var seed = 0; seed < 100; seed++)
        {
            var disk = new SimulatedDisk(seed);
            disk.CreateSynced("MANIFEST", [1]).Dispose();
            disk.CreateSynced("MANIFEST.new", [2]).Dispose();
            disk.FileSystem.Rename("MANIFEST.new", "MANIFEST");

            disk.LosePower();

            var content = Assert.Single(disk.ReadAll("MANIFEST"));
            outcomes.Add(content);
            Assert.Equal(content == 1, disk.FileSystem.FileExists("MANIFEST.new"));
        }

        Assert.Equal(2, outcomes.Count);
    }

    [Fact]
    public void A_rename_between_directories_happens_in_both_or_in_neither()
    {
        var outcomes = new HashSet<bool>();
        for (var seed = 0; seed < 100; seed++)
        {
            var disk = new SimulatedDisk(seed);
            disk.FileSystem.CreateDirectory("segments");
            disk.FileSystem.CreateDirectory("quarantine");
            disk.CreateSynced("segments/1", [1]).Dispose();
            disk.Create("quarantine/earlier", [2]).Dispose();
            disk.FileSystem.Rename("segments/1", "quarantine/1");
            if (seed % 2 == 0) disk.FileSystem.SyncDirectory("segments");
            disk.Create("segments/later", [3]).Dispose();

            disk.LosePower();

            var moved = disk.FileSystem.FileExists("quarantine/1");
            Assert.NotEqual(moved, disk.FileSystem.FileExists("segments/1"));
            if (moved) Assert.True(disk.FileSystem.FileExists("quarantine/earlier"));
            else Assert.False(disk.FileSystem.FileExists("segments/later"));
            if (seed % 2 == 0) Assert.True(moved);
            else outcomes.Add(moved);
        }

        Assert.Equal(2, outcomes.Count);
    }

    [Fact]
    public void A_deletion_that_is_lost_brings_the_file_back_with_its_space()
    {
        var outcomes = new HashSet<bool>();
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk(seed);
            disk.CreateSynced("a", Ones(10_000)).Dispose();
            disk.FileSystem.Delete("a");
            Assert.Equal(0, disk.UsedBytes);

            disk.LosePower();

            var stands = disk.FileSystem.FileExists("a");
            outcomes.Add(stands);
            Assert.Equal(stands ? 3 * 4_096 : 0, disk.UsedBytes);
            if (!stands) continue;
            disk.Open("a").Dispose();
            Assert.Equal(3 * 4_096, disk.UsedBytes);
            Assert.Equal(Ones(10_000), disk.ReadAll("a"));
        }

        Assert.Equal(2, outcomes.Count);
    }

    [Fact]
    public void A_mapped_page_is_left_in_any_of_its_states_sector_by_sector_and_not_before_its_last_sync()
    {
        var states = new HashSet<(byte, byte)>();
        for (var seed = 0; seed < 400; seed++)
        {
            var disk = new SimulatedDisk(seed);
            var page = disk.FileSystem.OpenSharedPage("HEAD", writable: true);
            disk.FileSystem.SyncDirectory("");
            page.Write([1], 0);
            page.Write([1], 2_048);
            page.Sync();
            for (byte state = 2; state <= 4; state++)
            {
                page.Write([state], 0);
                page.Write([state], 2_048);
            }

            disk.LosePower();

            var content = disk.ReadAll("HEAD");
            states.Add((content[0], content[2_048]));
        }

        Assert.Equal(16, states.Count);
        Assert.All(states, state => Assert.True(state.Item1 is >= 1 and <= 4 && state.Item2 is >= 1 and <= 4));
    }

    [Fact]
    public void Whatever_ran_before_a_power_loss_can_do_nothing_after_it()
    {
        var disk = new SimulatedDisk(seed: 1);
        var files = disk.FileSystem;
        var other = disk.StartProcess();
        var file = disk.CreateSynced("a", [1]);
        var page = files.OpenSharedPage("HEAD", writable: true);
        var held = files.TryLock("LOCK", "me", out _);

        disk.LosePower();

        Assert.Throws<PowerLostException>(() => files.FileExists("a"));
        Assert.Throws<PowerLostException>(() => other.FileExists("a"));
        Assert.Throws<PowerLostException>(() => files.Open("b", FileOpening.CreateNew));
        Assert.Throws<PowerLostException>(() => file.Length);
        Assert.Throws<PowerLostException>(() => file.Read(new byte[1], 0));
        Assert.Throws<PowerLostException>(() => file.Write([2], 0));
        Assert.Throws<PowerLostException>(file.Sync);
        Assert.Throws<PowerLostException>(() => page.Write([2], 0));
        Assert.Throws<PowerLostException>(page.Sync);
        page.Dispose();
        file.Dispose();
        Assert.NotNull(disk.FileSystem.TryLock("LOCK", "the next one", out _));
        held!.Dispose();
        Assert.Null(disk.FileSystem.TryLock("LOCK", "a third one", out var heldBy));
        Assert.Equal("the next one", heldBy);
        Assert.Equal([1], disk.ReadAll("a"));
    }

    [Fact]
    public void A_killed_process_leaves_what_it_wrote_and_the_power_can_still_take_it()
    {
        var disk = new SimulatedDisk(seed: 3);
        var files = disk.FileSystem;
        var reader = disk.StartProcess();
        var file = disk.CreateSynced("a", [1]);
        var mapped = reader.OpenSharedPage("a", writable: true);
        Assert.NotNull(files.TryLock("LOCK", "the killed one", out _));
        Assert.Null(reader.TryLock("LOCK", "the other one", out _));
        file.Write(Twos(100_000), 4_096);

        disk.KillProcess();

        Assert.Throws<PowerLostException>(() => file.Write([9], 0));
        Assert.Throws<PowerLostException>(() => files.List(""));
        Assert.NotNull(reader.TryLock("LOCK", "the other one", out _));
        mapped.Write([3], 0);
        Assert.Equal([3, .. new byte[4_095], .. Twos(100_000)], disk.ReadAll("a"));
        Assert.Equal([1], disk.ReadDurable("a"));
        disk.LosePower();
        Assert.NotEqual(104_096, disk.ReadAll("a").Count(value => value == 2) + 4_096);
        Assert.Equal(1, disk.FaultCounts["ProcessKill"]);
    }

    [Fact]
    public void The_same_seed_has_the_same_outcome_down_to_the_trace()
    {
        static (string Trace, string Content) Run(int seed)
        {
            var disk = new SimulatedDisk(seed) { Trace = new StringWriter() };
            disk.Faults[Fault.Error] = 0.02;
            disk.Faults[Fault.ShortWrite] = 0.02;
            disk.Faults[Fault.SyncFailureKeepingPages] = 0.02;
            disk.Faults[Fault.SyncFailureDroppingPages] = 0.02;
            disk.Faults[Fault.PowerLoss] = 0.01;
            disk.Faults[Fault.ProcessKill] = 0.01;
            Scribble(disk, new Random(seed), operations: 300);
            disk.Faults.Clear();
            disk.LosePower();
            return (disk.Trace.ToString()!, string.Join("|", disk.Paths.Select(path => path + Convert.ToHexString(disk.ReadAll(path)))));
        }

        for (var seed = 0; seed < 10; seed++) Assert.Equal(Run(seed), Run(seed));
        Assert.NotEqual(Run(1).Trace, Run(2).Trace);
    }

    // Every fault at every operation of a small run: none leaves anything but the errors that the contract names.
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

    // 10,000 seeds of 200 operations are to take minutes, so one has to take milliseconds. Bytes stand for time: a disk
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

    static byte[] Ones(int count) => [.. Enumerable.Repeat((byte)1, count)];

    static byte[] Twos(int count) => [.. Enumerable.Repeat((byte)2, count)];

    /// <summary>Operations of all kinds on a few files, by a program that starts again where it was killed and gives up what was refused.</summary>
    static void Scribble(SimulatedDisk disk, Random random, int operations)
    {
        IStorageFile? file = null;
        ISharedPage? page = null;
        for (var i = 0; i < operations; i++)
        {
            try
            {
                var files = disk.FileSystem;
                var name = $"d/{random.Next(4)}";
                if (i % 20 == 0) files.CreateDirectory("d");
                switch (random.Next(12))
                {
                    case 0: file = files.Open(name, FileOpening.CreateNew); break;
                    case 1: file = files.Open(name, FileOpening.Existing); break;
                    case 2: files.Rename(name, $"d/{random.Next(4)}"); break;
                    case 3: files.Delete(name); break;
                    case 4: files.SyncDirectory("d"); break;
                    case 5: page = files.OpenSharedPage("d/HEAD", writable: true); break;
                    case 6: page?.Write([(byte)i], random.Next(ISharedPage.Size)); break;
                    case 7: file?.Sync(); break;
                    case 8: file?.Reserve(random.Next(5_000), random.Next(5_000)); break;
                    case 9: file?.SetLength(random.Next(9_000)); break;
                    case 10: files.TryLock("d/LOCK", $"{i}", out _)?.Dispose(); break;
                    default: file?.Write(Twos(random.Next(3_000)), random.Next(6_000)); break;
                }
            }
            catch (FactstoneException)
            {
                // Refused, as the contract allows.
            }
            catch (PowerLostException)
            {
                (file, page) = (null, null);
            }
        }
    }
}

internal static class SimulatedDiskFiles
{
    public static IStorageFile Create(this SimulatedDisk disk, string path, byte[] content)
    {
        var file = disk.FileSystem.Open(path, FileOpening.CreateNew);
        file.Write(content, 0);
        return file;
    }

    public static IStorageFile CreateSynced(this SimulatedDisk disk, string path, byte[] content)
    {
        var file = disk.Create(path, content);
        file.Sync();
        disk.FileSystem.SyncDirectory(FileNames.DirectoryOf(path));
        return file;
    }

    public static IStorageFile Open(this SimulatedDisk disk, string path) => disk.FileSystem.Open(path, FileOpening.Existing);
}
