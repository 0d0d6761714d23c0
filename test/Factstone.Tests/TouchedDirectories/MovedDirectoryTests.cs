using System.Diagnostics;
using Factstone.Storage;

namespace Factstone.Tests.TouchedDirectories;

/// <summary>A writer whose directory is moved or deleted while it writes.</summary>
public sealed class MovedDirectoryTests : IDisposable
{
    const int Rounds = 60;

    readonly string _root = Directory.CreateTempSubdirectory("factstone-moved-").FullName;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // A ledger's directory was moved while the ledger was open, and a new ledger was created at the old path. At its next roll the old
    // writer put its segments, its manifest, its zeroed files and its index into the new ledger, and both were damaged.
    [Fact]
    public async Task A_writer_goes_on_in_its_directory_when_that_is_moved_and_never_touches_a_new_ledger_at_the_old_path()
    {
        if (OperatingSystem.IsWindows()) return; // which moves no directory in which a file is open
        var (path, moved) = ($"{_root}/ledger", $"{_root}/moved");
        var old = await Ledger.OpenAsync(path, Options(), Cancellation);
        await AppendAsync(old, "old", 1, 20);
        await using var reader = await Ledger.OpenReadOnlyAsync(path, cancellationToken: Cancellation);

        Directory.Move(path, moved);
        await AppendAsync(old, "old", 21, 40);
        Assert.False(Directory.Exists(path));
        await using (var young = await Ledger.OpenAsync(path, Options(), Cancellation))
        {
            for (var i = 0; i < Rounds; i++)
            {
                await AppendAsync(old, "old", 41 + i, 41 + i);
                await AppendAsync(young, "young", 1 + i, 1 + i);
            }

            Assert.Equal(Rounds, (await young.GetHeadAsync(Cancellation)).Value);
            Assert.NotEqual(old.Id, young.Id);
        }

        Assert.Equal(40 + Rounds, (await reader.GetHeadAsync(Cancellation)).Value);
        await HoldsAsync(reader, "old", 40 + Rounds);
        await Assert.ThrowsAsync<LedgerLockedException>(async () => await Ledger.OpenAsync(moved, Options(), Cancellation));
        Assert.True((await old.GetStatisticsAsync(Cancellation)).Segments > 5);
        await old.DisposeAsync();

        foreach (var (where, name, count) in ((string, string, int)[])[(moved, "old", 40 + Rounds), (path, "young", Rounds)])
        {
            var report = await Ledger.VerifyAsync(where, new VerifyOptions { Deep = true }, cancellationToken: Cancellation);
            Assert.Empty(report.Damage);
            Assert.Equal(count, report.Facts);
            await using var again = await Ledger.OpenAsync(where, Options(), Cancellation);
            await HoldsAsync(again, name, count);
            Assert.True(Directory.EnumerateFiles($"{where}/index").Any(), "No run was written, so this shows less than it says.");
        }
    }

    // A caller that waits for the lock wants the ledger at that path. While it waited, a restored copy was put there, and it opened the
    // ledger that had been moved away.
    [Fact]
    public async Task Who_waited_for_the_lock_opens_what_stands_at_the_path_by_then()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/flock")) Assert.Skip("needs the flock command");
        var path = $"{_root}/ledger";
        await using (var first = await Ledger.OpenAsync(path, Options(), Cancellation)) await AppendAsync(first, "old", 1, 1);
        await using (var restored = await Ledger.OpenAsync($"{_root}/restored", Options(), Cancellation)) await AppendAsync(restored, "young", 1, 2);
        using var other = Process.Start(new ProcessStartInfo("/usr/bin/flock", ["-x", $"{path}/LOCK", "sh", "-c", "echo locked; read end"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("locked", await other.StandardOutput.ReadLineAsync(Cancellation));

        await using var opened = await Ledger.OpenAsync(path, Options() with
        {
            LockWait = TimeSpan.FromSeconds(30),
            LockWaiting = _ =>
            {
                Directory.Move(path, $"{_root}/moved");
                Directory.Move($"{_root}/restored", path);
                other.StandardInput.WriteLine();
            },
        }, Cancellation);

        await HoldsAsync(opened, "young", 2);
        await AppendAsync(opened, "young", 3, 3);
        await using var moved = await Ledger.OpenAsync($"{_root}/moved", Options(), Cancellation);
        await HoldsAsync(moved, "old", 1);
    }

    // After `rm -rf` under a writer, appends were acknowledged into files without a name until the next roll.
    [Theory]
    [InlineData("the directory")]
    [InlineData("its files")]
    [InlineData("the segments")]
    public async Task A_writer_whose_files_are_deleted_acknowledges_nothing_more_and_makes_nothing_anew(string deleted)
    {
        if (OperatingSystem.IsWindows()) return; // which deletes no file that is open
        var path = $"{_root}/ledger";
        var ledger = await Ledger.OpenAsync(path, Options(), Cancellation);
        await AppendAsync(ledger, "old", 1, 20);

        if (deleted == "the directory") DeleteAll(path);
        else foreach (var file in Directory.EnumerateFiles(deleted == "the segments" ? $"{path}/segments" : path, "*", SearchOption.AllDirectories)) File.Delete(file);
        var left = Files().Where(IsKept).ToList();

        for (var i = 0; i < 3; i++)
        {
            var refused = await Assert.ThrowsAsync<LedgerFailedException>(async () => await AppendAsync(ledger, "old", 21 + i, 21 + i));
            Assert.Contains("was deleted", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("/proc/", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(20, (await ledger.GetHeadAsync(Cancellation)).Value);
        await ledger.DisposeAsync();
        Assert.Equal(left, Files().Where(IsKept));
        if (deleted == "the directory") Assert.Empty(Directory.EnumerateFileSystemEntries(_root));

        // A late worker may have created the file of the next segment. An open for writing removes it.
        static bool IsKept(string file) => !file.Contains("/index/", StringComparison.Ordinal) && !file.Contains("/segments/spare", StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>A worker may create the file of the next segment between the listing of its directory and the removal.</summary>
    static void DeleteAll(string path)
    {
        while (Directory.Exists(path))
        {
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (IOException)
            {
                Cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    static LedgerOptions Options() => new()
    {
        SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin,
        PreallocationBytesMin = 16 * 1_024,
        PreallocationBytesMax = 32 * 1_024,
        MemoryFactsMax = 8,
    };

    static async Task AppendAsync(Ledger ledger, string name, int from, int to)
    {
        for (var i = from; i <= to; i++)
            await ledger.AppendAsync(new NewFact(new StreamName(name, $"{i % 7}"), "said", $"\"{i} {new string('x', 6_000)}\""), Cancellation);
    }

    static async Task HoldsAsync(Ledger ledger, string name, int count)
    {
        var i = 0;
        await foreach (var fact in ledger.ReadAsync(cancellationToken: Cancellation))
        {
            Assert.Equal(++i, fact.Position.Value);
            Assert.Equal(name, fact.Stream.Store);
            Assert.StartsWith($"\"{i} ", fact.Json, StringComparison.Ordinal);
        }

        Assert.Equal(count, i);
    }

    List<string> Files() => [.. Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories).Where(file => !file.Contains("/index/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
