namespace Factstone.Storage.Tests;

/// <summary>The contract of every file system, so that the engine meets nothing on a disk that it did not meet in memory.</summary>
public sealed class FileSystemContractTests
{
    public static TheoryData<FileSystemKind> Kinds => [.. Enum.GetValues<FileSystemKind>()];

    [Theory, MemberData(nameof(Kinds))]
    public void A_read_ends_where_the_file_ends(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        using var file = disk.Create("a", [1, 2, 3]);
        var buffer = new byte[] { 9, 9, 9, 9, 9 };

        Assert.Equal(2, file.Read(buffer, 1));
        Assert.Equal([2, 3, 9, 9, 9], buffer);
        Assert.Equal(0, file.Read(buffer, 3));
        Assert.Equal(0, file.Read(buffer, 1L << 36));
        Assert.Equal(0, file.Read([], 0));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_write_grows_the_file_and_the_gap_reads_as_zeros(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        using var file = disk.Create("a", [7]);

        file.Write([8, 9], 10_000);

        Assert.Equal(10_002, file.Length);
        var content = file.Content();
        Assert.Equal(7, content[0]);
        Assert.False(content.AsSpan(1, 9_999).ContainsAnyExcept((byte)0));
        Assert.Equal([8, 9], content[10_000..]);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_write_across_pages_reads_back_whole(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        using var file = disk.Create("a");
        var bytes = new byte[20_000];
        new Random(1).NextBytes(bytes);

        file.Write(bytes, 4_000);
        file.Write([], 100_000);
        file.Reserve(100_000, 0);

        var read = new byte[20_000];
        Assert.Equal(20_000, file.Read(read, 4_000));
        Assert.Equal(bytes, read);
        Assert.Equal(24_000, file.Length);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_write_back_changes_nothing_that_is_read(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        using var file = disk.Create("a", [1, 2, 3]);

        file.StartWriteBack(0, 3);
        file.WaitForWriteBack(0, 3);
        file.Write([4], 3);
        file.StartWriteBack(1, 100_000); // behind the end, too
        file.WaitForWriteBack(200_000, 1);

        Assert.Equal([1, 2, 3, 4], file.Content());
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Reserved_space_reads_as_zeros_and_leaves_what_stood_there(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        using var file = disk.Create("a", [1, 2, 3]);

        file.Reserve(0, 10_000);
        Assert.Equal(10_000, file.Length);
        file.Reserve(0, 100);
        Assert.Equal(10_000, file.Length);

        Assert.Equal([1, 2, 3, .. new byte[9_997]], file.Content());
    }

    [Theory, MemberData(nameof(Kinds))]
    public void What_was_cut_off_does_not_come_back_when_the_file_grows(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        using var file = disk.Create("a", [.. Enumerable.Repeat((byte)5, 10_000)]);

        file.SetLength(4_100);
        file.SetLength(9_000);

        Assert.Equal([.. Enumerable.Repeat((byte)5, 4_100), .. new byte[4_900]], file.Content());
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_list_is_in_the_order_of_utf8_bytes_and_holds_files_only(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        // U+FF5E sorts before U+1F600 in UTF-8 and after it in UTF-16.
        string[] names = ["B", "a", "a.b", "aa", "\u00e9", "\uff5e", "\U0001f600"];
        foreach (var name in names.Reverse()) disk.Create(name).Dispose();
        disk.Files.CreateDirectory(disk.At("directory"));

        Assert.Equal(names, disk.Files.List(disk.Root));
        Assert.Equal(names, disk.Files.List(disk.Root + "/"));
        Assert.Empty(disk.Files.List(disk.At("absent")));
        Assert.Empty(disk.Files.List(disk.At("absent/deeper")));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Directories_are_listed_by_their_names_without_what_is_in_them(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        disk.Create("file").Dispose();
        disk.Files.CreateDirectory(disk.At("b/c"));
        disk.Files.CreateDirectory(disk.At("a"));

        Assert.Equal(["a", "b"], disk.Files.ListDirectories(disk.Root));
        Assert.Equal(["a", "b"], disk.Files.ListDirectories($"{disk.Root}/"));
        Assert.Equal(["c"], disk.Files.ListDirectories(disk.At("b")));
        Assert.Empty(disk.Files.ListDirectories(disk.At("a")));
        Assert.Empty(disk.Files.ListDirectories(disk.At("nowhere")));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_directory_comes_with_its_parents_and_may_stand_already(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);

        disk.Files.CreateDirectory(disk.At("x/y/z"));
        disk.Files.CreateDirectory(disk.At("x/y/z/"));
        disk.Create("x/y/z/file").Dispose();

        Assert.True(disk.Files.DirectoryExists(disk.At("x/y")));
        Assert.False(disk.Files.DirectoryExists(disk.At("x/z")));
        Assert.False(disk.Files.DirectoryExists(disk.At("x/y/z/file")));
        Assert.True(disk.Files.FileExists(disk.At("x/y/z/file")));
        Assert.False(disk.Files.FileExists(disk.At("x/y/z")));
        Assert.False(disk.Files.FileExists(disk.At("x/y/z/file/below")));
        disk.Files.SyncDirectory(disk.At("x/y/z"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_rename_replaces_and_readers_of_the_old_file_keep_it(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        disk.Create("new", [2]).Dispose();
        using var old = disk.Create("name", [1]);

        disk.Files.Rename(disk.At("new"), disk.At("name"));

        Assert.Equal(["name"], disk.Files.List(disk.Root));
        Assert.Equal([2], disk.Content("name"));
        Assert.Equal([1], old.Content());
        disk.Files.Rename(disk.At("name"), disk.At("name"));
        Assert.Equal([2], disk.Content("name"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_rename_goes_into_another_directory(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        disk.Create("a", [1]).Dispose();
        disk.Files.CreateDirectory(disk.At("quarantine"));

        disk.Files.Rename(disk.At("a"), disk.At("quarantine/b"));

        Assert.Empty(disk.Files.List(disk.Root));
        Assert.Equal([1], disk.Content("quarantine/b"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_deleted_file_stays_with_those_who_have_it_open(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        using var old = disk.Create("a", [1, 2]);

        disk.Files.Delete(disk.At("a"));
        disk.Files.Delete(disk.At("a"));
        disk.Files.Delete(disk.At("absent/a"));
        disk.Create("a", [3]).Dispose();
        old.Write([4], 2);

        Assert.Equal([1, 2, 4], old.Content());
        Assert.Equal([3], disk.Content("a"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Two_handles_are_one_file(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        using var writer = disk.Create("a");
        using var reader = disk.Files.Open(disk.At("a"), FileOpening.ReadOnly);

        writer.Write([1, 2, 3], 0);

        Assert.Equal([1, 2, 3], reader.Content());
        writer.Sync();
        reader.Dispose();
        writer.Write([4], 0);
        Assert.Equal([4, 2, 3], writer.Content());
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_lock_excludes_and_names_its_holder_until_it_is_let_go(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        disk.Create("LOCK", "a much longer holder from before"u8.ToArray()).Dispose();

        var first = disk.Files.TryLock(disk.At("LOCK"), "process 1 on ä", out var before);
        Assert.NotNull(first);
        Assert.Equal(LockHolder.Unknown, before);
        for (var i = 0; i < 3; i++)
        {
            Assert.Null(disk.Files.TryLock(disk.At("LOCK"), "process 2", out var heldBy));
            Assert.Equal(new LockHolder("process 1 on ä", IsThisProcess: true), heldBy);
        }

        disk.Files.CreateDirectory(disk.At("other"));
        using (disk.Files.TryLock(disk.At("other/LOCK"), "process 2", out _)) Assert.True(disk.Files.FileExists(disk.At("other/LOCK")));
        Assert.Null(first.WhyLost());
        first.Dispose();
        first.Dispose();
        using var second = disk.Files.TryLock(disk.At("LOCK"), "process 2", out _);
        Assert.NotNull(second);
        first.Dispose();
        Assert.Null(disk.Files.TryLock(disk.At("LOCK"), "process 3", out _));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Whether_a_lock_is_held_can_be_asked_without_taking_it(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        disk.Files.CreateDirectory(disk.At("directory"));

        Assert.False(disk.Files.IsLocked(disk.At("LOCK")));
        Assert.False(disk.Files.IsLocked(disk.At("absent/LOCK")));
        Assert.Empty(disk.Files.List(disk.Root));
        for (var round = 0; round < 3; round++)
        {
            using (var held = disk.Files.TryLock(disk.At("LOCK"), "process 1", out _))
            {
                Assert.NotNull(held);
                Assert.True(disk.Files.IsLocked(disk.At("LOCK")));
                Assert.True(disk.Files.IsLocked(disk.At("LOCK")));
                Assert.False(disk.Files.IsLocked(disk.At("directory/LOCK")));
            }

            Assert.False(disk.Files.IsLocked(disk.At("LOCK")));
        }

        Assert.Equal("process 1"u8.ToArray(), disk.Content("LOCK"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_shared_page_is_seen_at_once_through_every_other_mapping(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        using var writer = disk.Files.OpenSharedPage(disk.At("HEAD"), writable: true);
        using var reader = disk.Files.OpenSharedPage(disk.At("HEAD"), writable: false);
        var seen = new byte[ISharedPage.Size];
        reader.Read(seen, 0);
        Assert.False(seen.AsSpan().ContainsAnyExcept((byte)0));

        writer.Write([1, 2, 3], 4_093);
        reader.Read(seen.AsSpan(0, 4), 4_092);

        Assert.Equal([0, 1, 2, 3], seen[..4]);
        writer.Sync();
        reader.Sync();
        Assert.Equal([1, 2, 3], disk.Content("HEAD")[4_093..]);
        Assert.Throws<LedgerIOException>(() => reader.Write([1], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write([1], ISharedPage.Size));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.Read(new byte[2], ISharedPage.Size - 1));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_shared_page_outlives_its_mapping_and_keeps_what_stands_behind_it(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        disk.Create("HEAD", [.. Enumerable.Repeat((byte)3, 5_000)]).Dispose();

        using (var page = disk.Files.OpenSharedPage(disk.At("HEAD"), writable: true)) page.Write([4], 0);
        using var again = disk.Files.OpenSharedPage(disk.At("HEAD"), writable: false);

        var seen = new byte[2];
        again.Read(seen, 0);
        Assert.Equal([4, 3], seen);
        Assert.Equal(5_000, disk.Content("HEAD").Length);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_short_file_becomes_a_page_for_a_writer_and_is_refused_to_a_reader(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        disk.Create("HEAD", [1]).Dispose();

        Assert.Throws<LedgerIOException>(() => disk.Files.OpenSharedPage(disk.At("HEAD"), writable: false));
        disk.Files.OpenSharedPage(disk.At("HEAD"), writable: true).Dispose();

        Assert.Equal([1, .. new byte[4_095]], disk.Content("HEAD"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Every_refusal_names_path_and_operation(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        var (files, at) = (disk.Files, (Func<string, string>)disk.At);
        disk.Create("file", [1]).Dispose();
        files.CreateDirectory(at("directory"));
        disk.Create("directory/inner").Dispose();
        using var readOnly = files.Open(at("file"), FileOpening.ReadOnly);

        Refused("create", at("file"), "File exists", () => files.Open(at("file"), FileOpening.CreateNew));
        Refused("open", at("absent"), "No such file or directory", () => files.Open(at("absent"), FileOpening.Existing));
        Refused("open", at("absent"), "No such file or directory", () => files.Open(at("absent"), FileOpening.ReadOnly));
        Refused("create", at("absent/a"), "No such file or directory", () => files.Open(at("absent/a"), FileOpening.CreateNew));
        Refused("open", at("directory"), "Is a directory", () => files.Open(at("directory"), FileOpening.Existing));
        Refused("rename", at("absent"), "No such file or directory", () => files.Rename(at("absent"), at("file")));
        Refused("rename", null, null, () => files.Rename(at("file"), at("directory")));
        Refused("rename", null, null, () => files.Rename(at("file"), at("absent/file")));
        Refused("delete", at("directory"), "Is a directory", () => files.Delete(at("directory")));
        Refused("create directory", at("file"), "File exists", () => files.CreateDirectory(at("file")));
        Refused("create directory", at("file/below"), "File exists", () => files.CreateDirectory(at("file/below")));
        Refused("list", at("file"), "Not a directory", () => files.List(at("file")));
        Refused("sync directory", at("absent"), "No such file or directory", () => files.SyncDirectory(at("absent")));
        Refused("sync directory", at("file"), "Not a directory", () => files.SyncDirectory(at("file")));
        Refused("lock", at("directory"), "Is a directory", () => files.TryLock(at("directory"), "me", out _));
        Refused("lock", at("absent/LOCK"), "No such file or directory", () => files.TryLock(at("absent/LOCK"), "me", out _));
        Refused("map", at("absent"), "No such file or directory", () => files.OpenSharedPage(at("absent"), writable: false));
        Refused("map", at("directory"), "Is a directory", () => files.OpenSharedPage(at("directory"), writable: true));
        Refused("write", at("file"), "Bad file descriptor", () => readOnly.Write([1], 0));
        Refused("reserve", at("file"), "Bad file descriptor", () => readOnly.Reserve(0, 1));
        Refused("set length", at("file"), null, () => readOnly.SetLength(0));

        Assert.Equal([1], disk.Content("file"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_closed_handle_is_the_mistake_of_its_caller(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        var file = disk.Create("a", [1]);
        var page = disk.Files.OpenSharedPage(disk.At("HEAD"), writable: true);
        file.Dispose();
        file.Dispose();
        page.Dispose();
        page.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Length);
        Assert.Throws<ObjectDisposedException>(() => file.Read(new byte[1], 0));
        Assert.Throws<ObjectDisposedException>(() => file.Write([1], 0));
        Assert.Throws<ObjectDisposedException>(file.Sync);
        Assert.Throws<ObjectDisposedException>(() => page.Read(new byte[1], 0));
        Assert.Throws<ObjectDisposedException>(() => page.Write([1], 0));
        Assert.Throws<ObjectDisposedException>(page.Sync);
    }

    // The simulated disk is excluded, because it draws everything from one seed on one thread.
    [Theory, InlineData(FileSystemKind.Memory), InlineData(FileSystemKind.Disk)]
    public void Readers_beside_a_writer_see_what_was_written_before_they_asked(FileSystemKind kind)
    {
        using var disk = AnyFileSystem.Of(kind);
        using var file = disk.Create("a");
        var written = 0L;
        const int Records = 500;

        var readers = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            var record = new byte[100];
            for (long seen = 0; seen < Records;)
            {
                seen = Interlocked.Read(ref written);
                if (seen == 0) continue;
                Assert.Equal(100, file.Read(record, (seen - 1) * 100));
                Assert.False(record.AsSpan().ContainsAnyExcept((byte)(seen % 250 + 1)));
            }
        })).ToList();
        readers.ForEach(reader => reader.Start());
        var bytes = new byte[100];
        for (var i = 1; i <= Records; i++)
        {
            bytes.AsSpan().Fill((byte)(i % 250 + 1));
            file.Write(bytes, (i - 1) * 100);
            Interlocked.Exchange(ref written, i);
        }

        readers.ForEach(reader => reader.Join());
    }

    static void Refused(string operation, string? path, string? reason, Action action)
    {
        var refusal = Assert.Throws<LedgerIOException>(action);
        Assert.Equal(operation, refusal.Operation);
        if (path is not null) Assert.Equal(path, refusal.Path);
        if (reason is not null) Assert.EndsWith($": {reason}.", refusal.Message, StringComparison.Ordinal);
    }
}
