using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.TouchedDirectories;

/// <summary>A writer that is no longer the only one stops before its next acknowledgement.</summary>
public sealed class SecondWriterTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // The lock file was taken for a leftover and deleted. The writer still holds the
    // lock of the directory, so this mistake of an operator must not stop a service.
    [Fact]
    public async Task A_writer_goes_on_without_its_lock_file_while_it_holds_the_lock_of_the_directory()
    {
        if (OperatingSystem.IsWindows()) return; // which deletes no file that is open
        using var directory = new TemporaryDirectory();
        await using (var ledger = await Ledger.OpenAsync(directory.Path, cancellationToken: Cancellation))
        {
            await ledger.AppendAsync(new NewFact("s/1", null, "1"), Cancellation);
            File.Delete($"{directory.Path}/LOCK");

            await ledger.AppendAsync(new NewFact("s/1", null, "2"), Cancellation);
            var refused = await Assert.ThrowsAsync<LedgerLockedException>(async () => await Ledger.OpenAsync(directory.Path, cancellationToken: Cancellation));
            Assert.Contains("This process already has the ledger", refused.Message, StringComparison.Ordinal);
            await ledger.AppendAsync(new NewFact("s/1", null, "3"), Cancellation);
            Assert.False(File.Exists($"{directory.Path}/LOCK"));
        }

        await using var again = await Ledger.OpenAsync(directory.Path, cancellationToken: Cancellation);
        Assert.True(File.Exists($"{directory.Path}/LOCK"));
        Assert.Equal(3, (await again.GetHeadAsync(Cancellation)).Value);
    }

    // Where a directory cannot be locked (NFS), deleting the lock file loses the lock. The next process locked a new file, and both writers
    // acknowledged the same positions.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_a_lock_of_the_directory_a_writer_stops_when_its_lock_file_is_gone(bool isReplaced)
    {
        if (OperatingSystem.IsWindows()) return;
        using var directory = new TemporaryDirectory();
        var files = new DiskFileSystem(features: DiskFeatures.OpenPaths);
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
        var ledger = await Ledger.OpenAsync(directory.Path, options, Cancellation);
        await ledger.AppendAsync(new NewFact("s/1", null, "1"), Cancellation);

        File.Delete($"{directory.Path}/LOCK");
        if (isReplaced) await File.WriteAllTextAsync($"{directory.Path}/LOCK", "", Cancellation);
        var before = FileContents.Of(files, directory.Path);

        for (var i = 0; i < 2; i++)
        {
            var refused = await Assert.ThrowsAsync<LedgerFailedException>(async () => await ledger.AppendAsync(new NewFact("s/1", null, "2"), Cancellation));
            Assert.Contains(isReplaced ? "the lock file was replaced" : "the lock file was removed", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal("1", (await ledger.ReadLatestAsync("s/1", cancellationToken: Cancellation))!.Json);
        await ledger.DisposeAsync();
        Assert.Equal(before, FileContents.Of(files, directory.Path)); // not even closed: it is another's
        await using var again = await Ledger.OpenAsync(directory.Path, options, Cancellation);
        await again.AppendAsync(new NewFact("s/1", null, "2"), Cancellation);
        Assert.Equal(2, (await again.GetHeadAsync(Cancellation)).Value);
    }

    // The lock file was deleted while a group was being synced. The group is durable, but the new owner of the lock may have assigned its
    // positions again. The outcome is unknown until a reopen.
    [Fact]
    public async Task A_group_that_was_synced_when_the_lock_was_lost_is_unknown()
    {
        if (OperatingSystem.IsWindows()) return;
        using var directory = new TemporaryDirectory();
        var isDue = false;
        var files = new WatchedFiles(new DiskFileSystem(features: DiskFeatures.OpenPaths))
        {
            Syncing = path =>
            {
                if (isDue && LedgerLayout.IsSegment(path)) File.Delete($"{directory.Path}/LOCK");
            },
        };
        var ledger = await Ledger.OpenAsync(directory.Path, new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 }, Cancellation);
        await ledger.AppendAsync(new NewFact("s/1", null, "1"), Cancellation);
        isDue = true;

        var outcome = await ledger.TryAppendAsync(new AppendRequest { AppendId = "second", Facts = [new NewFact("s/1", null, "2")] }, Cancellation);

        var unknown = Assert.IsType<AppendOutcome.Unknown>(outcome);
        Assert.Contains("the lock file was removed", Assert.IsType<LedgerFailedException>(unknown.Cause).Message, StringComparison.Ordinal);
        Assert.Equal(1, (await ledger.GetHeadAsync(Cancellation)).Value);
        await Assert.ThrowsAsync<LedgerFailedException>(async () => await ledger.AppendAsync(new NewFact("s/1", null, "3"), Cancellation));
        isDue = false;
        await ledger.DisposeAsync();

        await using var again = await Ledger.OpenAsync(directory.Path, cancellationToken: Cancellation);
        Assert.Equal(2, (await again.FindAppendAsync("second", Cancellation))!.FirstPosition.Value);
        Assert.Equal(2, (await again.GetHeadAsync(Cancellation)).Value);
    }

    // A second writer, however it got in, publishes in HEAD. The first writer checks HEAD before each acknowledgement.
    [Theory]
    [InlineData("before")]
    [InlineData("during")]
    public async Task A_writer_stops_when_another_one_has_published(string moment)
    {
        var inner = new MemoryFileSystem();
        Action? publish = null;
        var files = new WatchedFiles(inner)
        {
            Syncing = path =>
            {
                if (LedgerLayout.IsSegment(path)) publish?.Invoke();
            },
        };
        using var ledger = SmallLedger.Open(files);
        await ledger.AppendAsync(new NewFact("s/1", null, "1"), Cancellation);
        if (moment == "before") PublishAsAnother(inner, slot => slot);
        else publish = () => PublishAsAnother(inner, slot => slot);
        var before = FileContents.Of(inner, SmallLedger.Root);

        if (moment == "before")
        {
            await RefusedAsync(ledger);
        }
        else
        {
            var unknown = Assert.IsType<AppendOutcome.Unknown>(await ledger.TryAppendAsync(new AppendRequest { Facts = [new NewFact("s/1", null, "2")] }, Cancellation));
            Assert.Contains("another writer has published position 1", unknown.Cause.Message, StringComparison.Ordinal);
            before = FileContents.Of(inner, SmallLedger.Root);
        }

        await RefusedAsync(ledger);
        Assert.Equal(1, (await ledger.GetHeadAsync(Cancellation)).Value);
        ledger.Dispose();
        Assert.Equal(before, FileContents.Of(inner, SmallLedger.Root));
    }

    [Fact]
    public async Task A_writer_stops_when_HEAD_is_another_ledgers_or_of_a_later_epoch_and_not_for_an_older_slot_or_damage()
    {
        foreach (var (change, stops) in ((Func<HeadSlot, HeadSlot>, bool)[])
        [
            (slot => slot with { LedgerId = new LedgerId(Guid.NewGuid()), Sequence = 1 }, true),
            (slot => slot with { Epoch = slot.Epoch + 1, Sequence = 1 }, true),
            (slot => slot with { Position = slot.Position.Next() }, true),
            (slot => slot with { Sequence = slot.Sequence - 1, Position = Position.None }, false),
        ])
        {
            var files = new MemoryFileSystem();
            using var ledger = SmallLedger.Open(files);
            for (var i = 0; i < 3; i++) await ledger.AppendAsync(new NewFact("s/1", null, "1"), Cancellation);
            WriteSlot(files, change);
            if (stops) await RefusedAsync(ledger);
            else await ledger.AppendAsync(new NewFact("s/1", null, "2"), Cancellation);
        }

        var damaged = new MemoryFileSystem();
        using var other = SmallLedger.Open(damaged);
        await other.AppendAsync(new NewFact("s/1", null, "1"), Cancellation);
        for (var bit = 0; bit < 2; bit++) damaged.FlipBit($"{SmallLedger.Root}/HEAD", (8 + 512 * bit) * 8);
        await other.AppendAsync(new NewFact("s/1", null, "2"), Cancellation);
    }

    static async Task RefusedAsync(Ledger ledger)
    {
        var refused = await Assert.ThrowsAsync<LedgerFailedException>(async () => await ledger.AppendAsync(new NewFact("s/1", null, "2"), Cancellation));
        Assert.Contains("another writer has published", refused.Message, StringComparison.Ordinal);
    }

    static void PublishAsAnother(MemoryFileSystem files, Func<HeadSlot, HeadSlot> change)
    {
        using var head = new HeadFile(files.OpenSharedPage($"{SmallLedger.Root}/HEAD", writable: true));
        var newest = head.Read(out _)!.Value;
        head.ContinueAfter(newest.Sequence);
        head.Publish(change(newest));
    }

    /// <summary>Overwrites the newest slot.</summary>
    static void WriteSlot(MemoryFileSystem files, Func<HeadSlot, HeadSlot> change)
    {
        using var page = files.OpenSharedPage($"{SmallLedger.Root}/HEAD", writable: true);
        var newest = new HeadFile(page).Read(out _)!.Value;
        var bytes = new byte[HeadSlot.Bytes];
        change(newest).Write(bytes);
        page.Write(bytes, (int)(newest.Sequence & 1) * 512);
    }

    sealed class TemporaryDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("factstone-second-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
