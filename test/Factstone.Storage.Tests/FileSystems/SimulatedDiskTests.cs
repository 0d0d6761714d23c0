using Factstone.Testing;
using static Factstone.Storage.Tests.SimulatedDiskFiles;

namespace Factstone.Storage.Tests;

/// <summary>Every test above relies on the simulated disk, so its treatment of unsynced bytes needs tests of its own.</summary>
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

    // A kernel writes back a sector in a state that it had at some moment: never a later write without an earlier one to the same sector.
    // Two sectors may be of different moments.
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

    // The general rule, on random writes, truncations, reservations and syncs: after a power cut,
    // every sector has a state of some moment since the last sync, and so does the length. Truncations
    // are at sector boundaries, because one within a sector would create a sector of two moments.
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

    // The bytes may be on the disk although the sync failed. A read after a restart must not take them for confirmed.
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
        Assert.Equal(new LockHolder("the next one", IsThisProcess: true), heldBy);
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
}
