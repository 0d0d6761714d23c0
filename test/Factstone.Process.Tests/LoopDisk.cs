using System.Diagnostics;
using System.Globalization;

namespace Factstone.Tests.Processes;

/// <summary>A small ext4 file system in a file. It can be filled, and the content of its disk at a moment can be copied.</summary>
/// <remarks>Needs root and a kernel with loop devices. Always unmounted and deleted on disposal.</remarks>
internal sealed class LoopDisk : IDisposable
{
    /// <summary>A copy is repeated if the disk changed during it. The writer is suspended, so its last sync soon ends.</summary>
    const int CopiesMax = 50;

    readonly DirectoryInfo _directory;
    readonly string _image;
    bool _isMounted;

    LoopDisk()
    {
        _directory = Directory.CreateTempSubdirectory("factstone-disk-");
        _image = Path.Combine(_directory.FullName, "image");
        MountPoint = Path.Combine(_directory.FullName, "mounted");
        Directory.CreateDirectory(MountPoint);
    }

    /// <summary>The directory of its files.</summary>
    public string MountPoint { get; }

    public static LoopDisk New(int megabytes)
    {
        var disk = new LoopDisk();
        try
        {
            Run("truncate", "-s", string.Create(CultureInfo.InvariantCulture, $"{megabytes}M"), disk._image);

            // Everything is initialised at once, so that only the test writes later.
            // No blocks are reserved for root, because the test runs as root.
            Run("mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", "-J", "size=4", "-E", "lazy_itable_init=0,lazy_journal_init=0", disk._image);
            disk.Mount();
            return disk;
        }
        catch
        {
            disk.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Another disk with the content that this one would have if its power were cut
    /// now: the caches of the file system are lost, and the mount replays the journal.
    /// </summary>
    /// <remarks>
    /// The loop device accesses the image through the same cache as this process, so the image is what the device received.
    /// Its blocks are copied one after the other. The copy is valid if none of them changed meanwhile.
    /// </remarks>
    public LoopDisk AfterPowerCut()
    {
        var copy = new LoopDisk();
        try
        {
            for (var i = 0; ; i++)
            {
                Assert.True(i < CopiesMax, "The disk does not come to rest.");
                Run("cp", "--sparse=always", _image, copy._image);
                if (TryRun("cmp", "-s", _image, copy._image) is null) break;
            }

            copy.Mount();
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>Fills the disk. Deleting the file releases the space.</summary>
    public void Fill(string name)
    {
        using var file = new FileStream(Path.Combine(MountPoint, name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        for (var bytes = 1_024 * 1_024; bytes > 0; bytes /= 16)
        {
            var zeros = new byte[bytes];
            try
            {
                while (true) file.Write(zeros);
            }
            catch (IOException)
            {
                // There is no room for this many bytes. There may be room for fewer.
            }
        }

        file.Flush(flushToDisk: true);
    }

    public void Free(string name)
    {
        File.Delete(Path.Combine(MountPoint, name));

        // A journalled deletion releases its blocks at its commit.
        Run("sync", "-f", MountPoint);
    }

    public void Dispose()
    {
        if (_isMounted && TryRun("umount", MountPoint) is not null) Run("umount", "-l", MountPoint);
        _isMounted = false;
        _directory.Delete(recursive: true);
    }

    void Mount()
    {
        if (TryRun("mount", "-o", "loop", _image, MountPoint) is { } refused)
            Assert.Fail($"This machine refuses to mount a file as a disk, which this test needs (root, and a loop device): {refused}");
        _isMounted = true;
    }

    static void Run(string program, params string[] arguments)
    {
        if (TryRun(program, arguments) is { } failed) Assert.Fail($"{program} {string.Join(' ', arguments)}: {failed}");
    }

    /// <summary>Returns null if the program succeeded, otherwise its error output.</summary>
    static string? TryRun(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            var said = process.StandardError.ReadToEnd() + process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"exit code {process.ExitCode}. {said.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return exception.Message;
        }
    }
}
