using System.Buffers.Binary;
using System.Diagnostics;
using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>Directories in which no ledger can be opened. Each is refused with an error that names the remedy.</summary>
public sealed class BadDirectoryTests : IDisposable
{
    readonly string _root = Path.Combine(Path.GetTempPath(), $"factstone-directory-{Guid.NewGuid():N}");

    public BadDirectoryTests() => Directory.CreateDirectory(_root);

    [Fact]
    public async Task A_directory_that_is_a_file_is_refused_and_the_file_stays_as_it_was()
    {
        var file = Path.Combine(_root, "file");
        await File.WriteAllTextAsync(file, "not a ledger");

        var refused = await Assert.ThrowsAsync<LedgerIOException>(async () => await Ledger.OpenAsync(file));
        Assert.Contains("it is a file", refused.Message, StringComparison.Ordinal);
        Assert.Equal(file, refused.Path);
        await Assert.ThrowsAsync<LedgerNotFoundException>(async () => await Ledger.OpenReadOnlyAsync(file));
        await Assert.ThrowsAsync<LedgerNotFoundException>(async () => await Ledger.VerifyAsync(file));

        await Assert.ThrowsAsync<LedgerIOException>(async () => await Ledger.OpenAsync(Path.Combine(file, "below")));
        await Assert.ThrowsAsync<LedgerNotFoundException>(async () => await Ledger.OpenReadOnlyAsync(Path.Combine(file, "below")));
        Assert.Equal("not a ledger", await File.ReadAllTextAsync(file));
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public async Task A_reader_makes_no_ledger_where_there_is_none()
    {
        foreach (var directory in (string[])[_root, Path.Combine(_root, "nowhere")])
        {
            await Assert.ThrowsAsync<LedgerNotFoundException>(async () => await Ledger.OpenReadOnlyAsync(directory));
            await Assert.ThrowsAsync<LedgerNotFoundException>(async () => await Ledger.VerifyAsync(directory));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    // Permissions do not restrict root, so the file system itself is made read-only.
    [Fact]
    public async Task A_read_only_directory_is_refused_for_writing_and_can_be_read()
    {
        Mount("-t", "tmpfs", "-o", "size=64m", "none", _root);
        try
        {
            var directory = Path.Combine(_root, "ledger");
            await using (var ledger = await Ledger.OpenAsync(directory)) await ledger.AppendAsync(new NewFact("s/1", null, "1"));
            Mount("-o", "remount,ro", _root);

            var refused = await Assert.ThrowsAsync<LedgerIOException>(async () => await Ledger.OpenAsync(directory));
            Assert.Contains("ead-only file system", refused.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<LedgerIOException>(async () => await Ledger.OpenAsync(Path.Combine(_root, "other")));
            await using var reader = await Ledger.OpenReadOnlyAsync(directory);
            Assert.Equal("1", (await reader.ReadLatestAsync("s/1"))!.Json);
            Assert.Empty((await Ledger.VerifyAsync(directory)).Damage);
        }
        finally
        {
            Run("umount", "-l", _root);
        }
    }

    [Theory]
    [InlineData("MANIFEST")]
    [InlineData("segment")]
    [InlineData("segment without MANIFEST")]
    public async Task A_ledger_of_a_newer_format_is_refused_and_stays_as_it_was(string where)
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
        await using (var ledger = await Ledger.OpenAsync("newer", options)) await ledger.AppendAsync(new NewFact("s/1", null, "1"));
        var segment = $"newer/segments/{Assert.Single(files.List("newer/segments"))}";
        if (where == "MANIFEST") SetFormat(files, "newer/MANIFEST", checksumAt: null);
        else SetFormat(files, segment, checksumAt: SegmentHeader.Bytes - sizeof(uint));
        if (where == "segment without MANIFEST") files.Delete("newer/MANIFEST");
        var before = FileContents.Of(files, "newer");

        var refused = await Assert.ThrowsAsync<LedgerFormatException>(async () => await Ledger.OpenAsync("newer", options));
        Assert.Equal(LedgerLayout.Format + 1, refused.Found);
        Assert.Contains("newer version", refused.Message, StringComparison.Ordinal);
        Assert.Equal(where == "MANIFEST" ? "newer/MANIFEST" : segment, refused.Path);
        await Assert.ThrowsAsync<LedgerFormatException>(async () => await Ledger.OpenReadOnlyAsync("newer", options));
        Assert.Equal(before, FileContents.Of(files, "newer"));
        await Assert.ThrowsAsync<LedgerFormatException>(async () => await Ledger.OpenAsync("newer", options with { LockWait = TimeSpan.Zero })); // the lock was given back
    }

    [Fact]
    public async Task A_ledger_that_another_process_holds_is_refused_with_its_holder_and_free_once_it_is_closed()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/flock")) Assert.Skip("needs the flock command");
        await using (var first = await Ledger.OpenAsync(_root)) await first.AppendAsync(new NewFact("s/1", null, "1"));
        using var other = Process.Start(new ProcessStartInfo("/usr/bin/flock", ["-x", $"{_root}/LOCK", "sh", "-c", "echo locked; read end"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("locked", other.StandardOutput.ReadLine());
        var told = new List<string>();
        var waited = Stopwatch.StartNew();

        var refused = await Assert.ThrowsAsync<LedgerLockedException>(async () =>
            await Ledger.OpenAsync(_root, new LedgerOptions { LockWait = TimeSpan.FromSeconds(1.3), LockWaiting = told.Add }));

        Assert.InRange(waited.Elapsed.TotalSeconds, 1.3, 60);
        Assert.Contains($"process {Environment.ProcessId}", refused.Holder, StringComparison.Ordinal); // what the file says
        Assert.Contains(_root, refused.Message, StringComparison.Ordinal);
        Assert.Equal([refused.Holder], told);
        Assert.True(refused.IsTransient);

        // Without a callback nobody is told, and the wait is the same.
        Assert.Equal(refused.Holder, (await Assert.ThrowsAsync<LedgerLockedException>(async () => await Ledger.OpenAsync(_root, new LedgerOptions { LockWait = TimeSpan.FromSeconds(1.1) }))).Holder);

        told.Clear();
        await Assert.ThrowsAsync<LedgerLockedException>(async () => await Ledger.OpenAsync(_root, new LedgerOptions { LockWait = TimeSpan.Zero, LockWaiting = told.Add }));
        Assert.Empty(told); // less than a second: nothing to say

        using var given = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Ledger.OpenAsync(_root, cancellationToken: given.Token));

        // Deployments overlap. An open that waits for the lock gets it when the other process closes.
        var second = Ledger.OpenAsync(_root).AsTask();
        await Task.Delay(60);
        Assert.False(second.IsCompleted);
        other.StandardInput.WriteLine();
        await using var opened = await second;
        await opened.AppendAsync(new NewFact("s/1", null, "2"));
        Assert.Equal(new Position(2), await opened.GetHeadAsync());
    }

    // A second open in the same process waited 30 seconds for itself. The error then named "another" process with the same id.
    [Fact]
    public async Task A_ledger_that_this_process_holds_is_refused_at_once_by_whatever_path_it_is_opened()
    {
        var link = $"{_root}-link";
        var first = await Ledger.OpenAsync(_root);
        await first.AppendAsync(new NewFact("s/1", null, "1"));
        if (!OperatingSystem.IsWindows()) Directory.CreateSymbolicLink(link, _root);
        try
        {
            foreach (var path in OperatingSystem.IsWindows() ? (string[])[_root] : [_root, $"{_root}/../{Path.GetFileName(_root)}", link])
            {
                var waited = Stopwatch.StartNew();
                var refused = await Assert.ThrowsAsync<LedgerLockedException>(async () => await Ledger.OpenAsync(path));
                Assert.InRange(waited.Elapsed.TotalSeconds, 0, 20); // it waited 30
                Assert.Contains("This process already has the ledger", refused.Message, StringComparison.Ordinal);
                Assert.Contains("dispose it first", refused.Message, StringComparison.Ordinal);
                Assert.Contains($"process {Environment.ProcessId}", refused.Holder, StringComparison.Ordinal);
                await Assert.ThrowsAsync<LedgerLockedException>(async () => await Ledger.RepairAsync(path));
            }

            Assert.Equal("1", (await first.ReadLatestAsync("s/1"))!.Json);
            await first.DisposeAsync();
            await using var second = await Ledger.OpenAsync(_root);
            await second.AppendAsync(new NewFact("s/1", null, "2"));
        }
        finally
        {
            if (!OperatingSystem.IsWindows()) File.Delete(link);
        }
    }

    [Fact]
    public async Task Options_that_make_no_sense_are_refused_before_anything_is_made()
    {
        var directory = Path.Combine(_root, "options");
        foreach (var options in (LedgerOptions[])[
            new() { SegmentSizeBytes = 1 }, new() { SegmentSizeBytes = 2L * 1_024 * 1_024 * 1_024 }, new() { SegmentSizeBytes = -1 }, new() { LockWait = TimeSpan.FromSeconds(-1) }])
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Ledger.OpenAsync(directory, options));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Ledger.OpenAsync(""));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Ledger.OpenAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Ledger.OpenAsync(directory, new LedgerOptions { TimeProvider = null! }));

        Assert.False(Directory.Exists(directory));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Raises the format in a file's header by one, with a valid checksum.</summary>
    static void SetFormat(MemoryFileSystem files, string path, int? checksumAt)
    {
        const int formatAt = 8;
        using var file = files.Open(path, FileOpening.Existing);
        var bytes = new byte[checksumAt + sizeof(uint) ?? (int)file.Length];
        file.Read(bytes, 0);
        Assert.Equal(LedgerLayout.Format, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(formatAt)));
        Assert.Equal(Crc32C.Of(bytes.AsSpan(0, bytes.Length - 4)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4)));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(formatAt), LedgerLayout.Format + 1);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Of(bytes.AsSpan(0, bytes.Length - 4)));
        file.Write(bytes, 0);
    }

    static void Mount(params string[] arguments)
    {
        var error = Run("mount", arguments);
        Assert.True(error is null, $"This test mounts a read-only file system, which needs root: mount {string.Join(' ', arguments)} said: {error}");
    }

    /// <summary>Returns null if the program succeeded, otherwise its error output.</summary>
    static string? Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : error;
    }
}
