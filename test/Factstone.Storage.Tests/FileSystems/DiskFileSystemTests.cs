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
            Assert.Equal(new LockHolder("another process", IsThisProcess: false), heldBy);
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

    // The lock file was deleted while another process held the lock. Without the file, only the system knows the holder.
    [Fact]
    public void A_process_whose_lock_file_was_removed_is_named_all_the_same()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/flock")) Assert.Skip("needs the flock command");
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        using var other = Process.Start(new ProcessStartInfo("/usr/bin/flock", ["-x", disk.Root, "sh", "-c", "echo locked; read end"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("locked", other.StandardOutput.ReadLine());

        Assert.Null(disk.Files.TryLock(disk.At("LOCK"), "us", out var heldBy));

        Assert.Equal(new LockHolder($"process {other.Id}, whose lock file was removed", IsThisProcess: false), heldBy);
        Assert.True(disk.Files.IsLocked(disk.At("LOCK")));
        Assert.Empty(disk.Files.List(disk.Root));
        other.StandardInput.WriteLine();
        other.WaitForExit();
        using var ours = disk.Files.TryLock(disk.At("LOCK"), "us", out _);
        Assert.NotNull(ours);
    }

    // Without /proc each path is resolved again. Before any change, the path must still lead to the directory that was opened.
    [Fact]
    public void Without_paths_through_an_open_directory_nothing_is_changed_in_another_one()
    {
        if (OperatingSystem.IsWindows()) return;
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        disk.Files.CreateDirectory(disk.At("ledger"));
        using var ledger = new DiskFileSystem(features: DiskFeatures.None).OpenDirectory(disk.At("ledger"));
        using var open = ledger.Open(disk.At("ledger/a"), FileOpening.CreateNew);
        Directory.Move(disk.At("ledger"), disk.At("moved"));
        Assert.Throws<LedgerIOException>(() => ledger.Open(disk.At("ledger/b"), FileOpening.CreateNew));
        disk.Files.CreateDirectory(disk.At("ledger"));
        disk.Create("ledger/a", [9]).Dispose();

        foreach (var change in (Action[])
        [
            () => ledger.Open(disk.At("ledger/b"), FileOpening.CreateNew),
            () => ledger.OpenSharedPage(disk.At("ledger/b"), writable: true),
            () => ledger.CreateDirectory(disk.At("ledger/b")),
            () => ledger.Rename(disk.At("ledger/a"), disk.At("ledger/b")),
            () => ledger.Delete(disk.At("ledger/a")),
            () => ledger.TryLock(disk.At("ledger/LOCK"), "us", out _),
        ])
        {
            var refusal = Assert.Throws<LedgerIOException>(change);
            Assert.Contains("moved, deleted or replaced", refusal.Message, StringComparison.Ordinal);
        }

        open.Write([1], 0);
        Assert.Equal(["a"], disk.Files.List(disk.At("ledger")));
        Assert.Equal([9], disk.Content("ledger/a"));
        Assert.Equal([1], disk.Content("moved/a"));
    }

    // The system call uses a path that the caller did not give. A message with that path would mislead.
    [Fact]
    public void Refusals_in_an_open_directory_name_the_path_that_was_given()
    {
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        disk.Create("file", [1]).Dispose();
        using var root = disk.Files.OpenDirectory(disk.Root);
        Action[] refused =
        [
            () => root.Open(disk.At("file"), FileOpening.CreateNew),
            () => root.Open(disk.At("absent"), FileOpening.ReadOnly),
            () => root.Open(disk.At("absent/a"), FileOpening.CreateNew),
            () => root.Open(disk.Root, FileOpening.ReadOnly),
            () => root.Open(disk.At(new string('x', 300)), FileOpening.CreateNew),
            () => root.CreateDirectory(disk.At("file/below")),
            () => root.Rename(disk.At("absent"), disk.At("file")),
            () => root.List(disk.At("file")),
            () => root.Delete(disk.Root),
            () => root.SyncDirectory(disk.At("absent")),
            () => root.TryLock(disk.At("absent/LOCK"), "me", out _),
            () => root.OpenSharedPage(disk.At("absent"), writable: false),
            () => root.OpenDirectory(disk.At("absent")),
        ];

        Assert.All(refused, action =>
        {
            var refusal = Assert.Throws<LedgerIOException>(action);
            Assert.Contains(disk.Root, refusal.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("/proc/", refusal.ToString(), StringComparison.Ordinal);
        });
        using var file = root.Open(disk.At("file"), FileOpening.Existing);
        Assert.Equal(disk.At("file"), file.Path);
    }

    [Fact]
    public void In_a_directory_that_was_deleted_refusals_say_so_and_nothing_is_made_elsewhere()
    {
        if (!OperatingSystem.IsLinux()) return;
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        disk.Files.CreateDirectory(disk.At("ledger"));
        using var ledger = disk.Files.OpenDirectory(disk.At("ledger"));
        Directory.Delete(disk.At("ledger"));

        foreach (var change in (Action[])
        [
            () => ledger.Open(disk.At("ledger/b"), FileOpening.CreateNew),
            () => ledger.CreateDirectory(disk.At("ledger/b")),
            () => ledger.OpenSharedPage(disk.At("ledger/HEAD"), writable: true),
            () => ledger.Rename(disk.At("ledger/a"), disk.At("ledger/b")),
        ])
        {
            Assert.Contains("the ledger's directory was deleted", Assert.Throws<LedgerIOException>(change).Message, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(disk.At("ledger")));
        ledger.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ledger.FileExists(disk.At("ledger/a")));
    }

    // A child that inherited the lock would hold it after this process has ended: a pager would keep the ledger locked.
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

    // With thin provisioning, network disks and quotas, only the sync reports the lack of space. The state is then that of any failed sync.
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

    // An open of a pipe waits for a process at its other end, and no signal ends that wait.
    [Fact]
    public void A_pipe_where_a_file_should_be_is_refused_at_once()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/mkfifo")) Assert.Skip("needs the mkfifo command");
        using var disk = AnyFileSystem.Of(FileSystemKind.Disk);
        using (var make = Process.Start("/usr/bin/mkfifo", [disk.At("HEAD")])) make.WaitForExit();

        foreach (var open in (Action[])[() => disk.Files.Open(disk.At("HEAD"), FileOpening.ReadOnly), () => disk.Files.OpenSharedPage(disk.At("HEAD"), writable: false), () => disk.Files.OpenSharedPage(disk.At("HEAD"), writable: true)])
            Assert.Contains("Is a pipe, not a file", Assert.Throws<LedgerIOException>(open).Message, StringComparison.Ordinal);
    }

    // A directory that cannot be searched hides its content. If the ledger were reported as absent, the caller would create a new one.
    // The test uses a loop of links, because root can search every real directory.
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
