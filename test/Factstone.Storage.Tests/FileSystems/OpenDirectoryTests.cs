using Factstone.Testing;

namespace Factstone.Storage.Tests;

/// <summary>An open directory stays the one that was opened, whatever happens to its name.</summary>
public sealed class OpenDirectoryTests
{
    public static TheoryData<FileSystemKind> KindsWithMoves => [FileSystemKind.Disk, FileSystemKind.Simulated];

    // A directory was moved away under a running writer, and a new one was created in
    // its place. Every later operation of the writer by name affected the new one.
    [Theory, MemberData(nameof(KindsWithMoves))]
    public void After_a_move_every_operation_goes_on_in_the_directory_that_was_opened(FileSystemKind kind)
    {
        if (OperatingSystem.IsWindows() && kind == FileSystemKind.Disk) return; // which moves no directory in which a file is open
        using var disk = AnyFileSystem.Of(kind);
        disk.Files.CreateDirectory(disk.At("ledger/segments"));
        disk.Create("ledger/old", [1]).Dispose();
        disk.Create("ledger/gone", [2]).Dispose();
        using var ledger = disk.Files.OpenDirectory(disk.At("ledger"));
        Assert.True(ledger.IsInPlace);

        Move(disk, "ledger", "moved");
        disk.Files.CreateDirectory(disk.At("ledger"));
        disk.Create("ledger/new", [9]).Dispose();

        Assert.False(ledger.IsInPlace);
        ledger.Delete(disk.At("ledger/gone"));
        ledger.Rename(disk.At("ledger/old"), disk.At("ledger/segments/renamed"));
        ledger.CreateDirectory(disk.At("ledger/quarantine/damaged"));
        using (var created = ledger.Open(disk.At("ledger/segments/1"), FileOpening.CreateNew)) created.Write([3], 0);
        using (var page = ledger.OpenSharedPage(disk.At("ledger/HEAD"), writable: true)) page.Write([4], 0);
        ledger.SyncDirectory(disk.At("ledger"));
        ledger.SyncDirectory(disk.At("ledger/segments"));

        Assert.Equal(["HEAD"], ledger.List(disk.At("ledger")));
        Assert.Equal(["1", "renamed"], ledger.List(disk.At("ledger/segments")));
        Assert.True(ledger.DirectoryExists(disk.At("ledger/quarantine/damaged")));
        Assert.False(ledger.FileExists(disk.At("ledger/new")));
        Assert.Equal(["new"], disk.Files.List(disk.At("ledger")));
        Assert.False(disk.Files.DirectoryExists(disk.At("ledger/segments")));
        Assert.Equal(["HEAD"], disk.Files.List(disk.At("moved")));
        Assert.Equal([3], disk.Content("moved/segments/1"));
        Assert.Equal([1], disk.Content("moved/segments/renamed"));
        Assert.Equal(4, disk.Content("moved/HEAD")[0]);
    }

    [Theory, MemberData(nameof(KindsWithMoves))]
    public void A_lock_moves_with_its_directory_and_leaves_the_name_free(FileSystemKind kind)
    {
        if (OperatingSystem.IsWindows() && kind == FileSystemKind.Disk) return;
        using var disk = AnyFileSystem.Of(kind);
        disk.Files.CreateDirectory(disk.At("ledger"));
        using var ledger = disk.Files.OpenDirectory(disk.At("ledger"));
        using var held = ledger.TryLock(disk.At("ledger/LOCK"), "the first", out _)!;

        Move(disk, "ledger", "moved");
        disk.Files.CreateDirectory(disk.At("ledger"));
        using var other = disk.Files.TryLock(disk.At("ledger/LOCK"), "the second", out _);

        Assert.NotNull(other);
        Assert.Null(held.WhyLost());
        Assert.Null(disk.Files.TryLock(disk.At("moved/LOCK"), "the third", out var heldBy));
        Assert.Equal(new LockHolder("the first", IsThisProcess: true), heldBy);
        Assert.True(ledger.IsLocked(disk.At("ledger/LOCK")));
        held.Dispose();
        Assert.False(ledger.IsLocked(disk.At("ledger/LOCK")));
        Assert.True(disk.Files.IsLocked(disk.At("ledger/LOCK")));
    }

    // LOCK was taken for a leftover and deleted, and a second writer locked a new file of that name.
    [Theory, MemberData(nameof(FileSystemContractTests.Kinds), MemberType = typeof(FileSystemContractTests))]
    public void A_lock_whose_file_is_deleted_or_made_anew_is_still_held(FileSystemKind kind)
    {
        if (OperatingSystem.IsWindows() && kind == FileSystemKind.Disk) return; // which deletes no file that is open
        using var disk = AnyFileSystem.Of(kind);
        using var held = disk.Files.TryLock(disk.At("LOCK"), "the first", out _)!;

        disk.Files.Delete(disk.At("LOCK"));

        Assert.True(disk.Files.IsLocked(disk.At("LOCK")));
        Assert.Null(disk.Files.TryLock(disk.At("LOCK"), "the second", out var heldBy));
        Assert.True(heldBy.IsThisProcess);
        Assert.False(disk.Files.FileExists(disk.At("LOCK"))); // whoever is refused leaves nothing
        disk.Create("LOCK", "a copy"u8.ToArray()).Dispose();
        Assert.Null(disk.Files.TryLock(disk.At("LOCK"), "the third", out _));
        Assert.Equal("a copy"u8.ToArray(), disk.Content("LOCK"));
        Assert.Null(held.WhyLost());

        held.Dispose();
        var next = disk.Files.TryLock(disk.At("LOCK"), "the next", out _);
        Assert.NotNull(next);
        next.Dispose();
        Assert.Equal("the next"u8.ToArray(), disk.Content("LOCK"));
    }

    // NFS cannot lock directories. The lock is then lost with its file, and its holder can only detect the loss.
    [Theory, MemberData(nameof(KindsWithMoves))]
    public void Where_directories_cannot_be_locked_a_lock_says_that_its_file_is_gone(FileSystemKind kind)
    {
        if (OperatingSystem.IsWindows()) return;
        using var disk = AnyFileSystem.Of(kind, locksDirectories: false);
        using var held = disk.Files.TryLock(disk.At("LOCK"), "the first", out _)!;
        Assert.Null(held.WhyLost());
        Assert.True(disk.Files.IsLocked(disk.At("LOCK")));

        disk.Files.Delete(disk.At("LOCK"));
        Assert.Contains("removed", held.WhyLost(), StringComparison.Ordinal);
        disk.Create("LOCK", "the second"u8.ToArray()).Dispose();
        Assert.Contains("replaced", held.WhyLost(), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(FileSystemContractTests.Kinds), MemberType = typeof(FileSystemContractTests))]
    public void An_open_file_knows_whether_it_has_a_name(FileSystemKind kind)
    {
        if (OperatingSystem.IsWindows() && kind == FileSystemKind.Disk) return;
        using var disk = AnyFileSystem.Of(kind);
        using var file = disk.Create("a", [1]);
        using var replaced = disk.Create("b", [2]);
        Assert.False(file.IsDeleted);
        Assert.False(replaced.IsDeleted);

        disk.Files.Rename(disk.At("a"), disk.At("b"));

        Assert.False(file.IsDeleted);
        Assert.True(replaced.IsDeleted);
        disk.Files.Delete(disk.At("b"));
        Assert.True(file.IsDeleted);
    }

    [Fact]
    public void Another_process_of_the_simulation_is_another_process_to_its_locks()
    {
        var disk = new SimulatedDisk(seed: 1);
        disk.FileSystem.CreateDirectory("ledger");
        var other = disk.StartProcess();
        using var held = disk.FileSystem.OpenDirectory("ledger").TryLock("ledger/LOCK", "the first", out _);

        Assert.Null(other.TryLock("ledger/LOCK", "the second", out var heldBy));
        Assert.Equal(new LockHolder("the first", IsThisProcess: false), heldBy);
        Assert.True(disk.DeleteLock());
        Assert.Null(other.TryLock("ledger/LOCK", "the second", out heldBy));
        Assert.Equal(LockHolder.Unknown, heldBy);
        disk.KillProcess();
        Assert.NotNull(other.TryLock("ledger/LOCK", "the second", out _));
        Assert.Equal(1, disk.FaultCounts["LockDeleted"]);
    }

    static void Move(AnyFileSystem disk, string from, string to)
    {
        if (disk.Simulated is { } simulated) simulated.MoveDirectory(disk.At(from), disk.At(to));
        else Directory.Move(disk.At(from), disk.At(to));
    }
}
