using System.Diagnostics;
using System.Globalization;

namespace Factstone.Tests.Processes;

/// <summary>A small ext4 of its own, in a file: it can be filled, and what its disk holds at a moment can be copied.</summary>
/// <remarks>Needs root and a kernel that grants loop devices. Unmounted and deleted when let go, whatever happened.</remarks>
internal sealed class LoopDisk : IDisposable
{
    /// <summary>A copy that was disturbed is made again; the writer is stopped, so its last sync is soon over.</summary>
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

    /// <summary>Where its files are.</summary>
    public string MountPoint { get; }

    public static LoopDisk New(int megabytes)
    {
        var disk = new LoopDisk();
        try
        {
            Run("truncate", "-s", string.Create(CultureInfo.InvariantCulture, $"{megabytes}M"), disk._image);

            // All is made ready at once: nothing but the test writes to it later. No blocks are kept for root, who we are.
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

    /// <summary>What this disk would hold if its power were cut now, on another disk: the file systems' caches are lost, and the journal is replayed by the mount.</summary>
    /// <remarks>
    /// The loop device reads and writes the image through the same cache as we do, so the image is what the device was
    /// given. Its blocks are copied one after the other; the copy counts if none of them changed meanwhile.
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

    /// <summary>Leaves no room on the disk; deleting the file gives it back.</summary>
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
                // No room for so many any more; for fewer there may be.
            }
        }

        file.Flush(flushToDisk: true);
    }

    public void Free(string name)
    {
        File.Delete(Path.Combine(MountPoint, name));

        // A journalled delete gives its blocks back when it is committed.
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

    /// <summary>Null when it succeeded, otherwise what it said.</summary>
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
