using System.Diagnostics;

namespace Factstone.Storage.Tests;

public sealed class DiskFileSystemTests
{
    [Fact]
    public void Another_process_that_holds_the_lock_excludes_us_until_it_ends()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/flock")) Assert.Skip("needs the flock command");
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        disk.Create("LOCK", "another process"u8.ToArray()).Dispose();

        using (var other = Process.Start(new ProcessStartInfo("/usr/bin/flock", ["-x", disk.At("LOCK"), "sh", "-c", "echo locked; read end"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!)
        {
            Assert.Equal("locked", other.StandardOutput.ReadLine());
            Assert.Null(disk.Files.TryLock(disk.At("LOCK"), "us", out var heldBy));
            Assert.Equal("another process", heldBy);
            other.StandardInput.WriteLine();
            other.WaitForExit();
        }

        using var ours = disk.Files.TryLock(disk.At("LOCK"), "us", out _);
        Assert.NotNull(ours);
        using var refused = Process.Start("/usr/bin/flock", ["-n", disk.At("LOCK"), "true"]);
        refused.WaitForExit();
        Assert.Equal(1, refused.ExitCode);
    }

    [Fact]
    public void A_lock_of_another_process_is_seen_also_where_nothing_may_be_written()
    {
        if (OperatingSystem.IsWindows()) return;
        if (!File.Exists("/usr/bin/flock")) Assert.Skip("needs the flock command");
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        disk.Create("LOCK").Dispose();
        File.SetUnixFileMode(disk.At("LOCK"), UnixFileMode.UserRead);
        File.SetUnixFileMode(disk.Root, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            Assert.False(disk.Files.IsLocked(disk.At("LOCK")));
            using var other = Process.Start(new ProcessStartInfo("/usr/bin/flock", ["-x", disk.At("LOCK"), "sh", "-c", "echo locked; read end"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            Assert.Equal("locked", other.StandardOutput.ReadLine());

            Assert.True(disk.Files.IsLocked(disk.At("LOCK")));

            other.StandardInput.WriteLine();
            other.WaitForExit();
            Assert.False(disk.Files.IsLocked(disk.At("LOCK")));
        }
        finally
        {
            File.SetUnixFileMode(disk.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    // A child that inherited the lock would keep it after we are gone: the ledger would be locked by a pager.
    [Fact]
    public void A_child_process_does_not_inherit_the_lock()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("needs sleep");
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        var first = disk.Files.TryLock(disk.At("LOCK"), "us", out _)!;
        using var child = Process.Start(new ProcessStartInfo("sleep", ["60"]))!;
        try
        {
            first.Dispose();
            using var again = disk.Files.TryLock(disk.At("LOCK"), "us again", out _);
            Assert.NotNull(again);
        }
        finally
        {
            child.Kill();
            child.WaitForExit();
        }
    }

    [Fact]
    public void A_full_disk_is_told_from_other_errors()
    {
        if (!File.Exists("/dev/full")) Assert.Skip("needs /dev/full");
        using var full = new DiskFileSystem().Open("/dev/full", FileOpening.Existing);

        var refusal = Assert.Throws<LedgerFullException>(() => full.Write([1], 0));

        Assert.Equal("/dev/full", refusal.Path);
        Assert.True(refusal.IsTransient);
    }

    // Thin provisioning, network disks and quotas say it at the sync; what is known then is what any failed sync leaves.
    [Fact]
    public void A_sync_that_finds_no_space_is_not_told_as_a_full_disk()
    {
        if (OperatingSystem.IsWindows()) return;
        foreach (var error in (int[])[LibC.ErrorNoSpace, LibC.ErrorQuota])
        {
            Assert.IsType<LedgerFullException>(DiskErrors.From(error, "f", "write"));
            var failure = DiskErrors.FromSync(error, "f", "sync");
            Assert.IsType<LedgerFullException>(failure.InnerException);
            Assert.DoesNotContain("Nothing was written", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_path_that_is_too_long_is_an_error_of_ours()
    {
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        var path = disk.At(new string('x', 300));

        Assert.Throws<LedgerIOException>(() => disk.Files.Open(path, FileOpening.CreateNew));
        Assert.Throws<LedgerIOException>(() => disk.Files.CreateDirectory(path));
        Assert.Throws<LedgerIOException>(() => disk.Files.Rename(path, path + "y"));
    }

    // A directory that cannot be searched says nothing about what is in it: to call the ledger absent would be to start a
    // new one. A loop of links is such a directory for the superuser too, who may read everything else.
    [Fact]
    public void A_directory_that_cannot_be_searched_is_an_error_and_not_an_absence()
    {
        if (OperatingSystem.IsWindows()) return;
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        var closed = disk.At("closed");
        Directory.CreateSymbolicLink(closed, disk.At("again"));
        Directory.CreateSymbolicLink(disk.At("again"), closed);

        Assert.Throws<LedgerIOException>(() => disk.Files.FileExists(closed + "/MANIFEST"));
        Assert.Throws<LedgerIOException>(() => disk.Files.DirectoryExists(closed + "/segments"));
        Assert.Throws<LedgerIOException>(() => disk.Files.List(closed));
        Assert.Throws<LedgerIOException>(() => disk.Files.Open(closed + "/MANIFEST", FileOpening.CreateNew));
    }

    [Fact]
    public void Without_syncs_everything_else_works()
    {
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        var files = new DiskFileSystem(DiskSyncs.None);
        using var file = files.Open(disk.At("a"), FileOpening.CreateNew);
        using var page = files.OpenSharedPage(disk.At("HEAD"), writable: true);

        file.Write([1], 0);
        file.Sync();
        page.Sync();
        files.SyncDirectory(disk.Root);

        Assert.Equal([1], disk.Content("a"));
    }
}
