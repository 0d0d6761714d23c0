using Factstone.Testing;
using static Factstone.Storage.Tests.SimulatedDiskFiles;

namespace Factstone.Storage.Tests;

/// <summary>The effect of the simulated disk on file names that are created, renamed or deleted, and not synced.</summary>
public sealed class SimulatedDiskNameTests
{
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
}
