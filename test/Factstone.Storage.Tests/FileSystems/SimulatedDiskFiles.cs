using Factstone.Testing;

namespace Factstone.Storage.Tests;

/// <summary>The writes of the tests of the simulated disk.</summary>
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

    public static byte[] Ones(int count) => [.. Enumerable.Repeat((byte)1, count)];

    public static byte[] Twos(int count) => [.. Enumerable.Repeat((byte)2, count)];

    /// <summary>
    /// Runs operations of all kinds on a few files. After a kill the program starts again, and after a refusal it abandons the operation.
    /// </summary>
    public static void Scribble(SimulatedDisk disk, Random random, int operations)
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
