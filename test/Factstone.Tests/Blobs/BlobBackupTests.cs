using System.Security.Cryptography;
using System.Text.Json;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Backups;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Blobs;

/// <summary>A backup has every blob to which it refers, and so has a ledger that is restored from it.</summary>
public sealed class BlobBackupTests
{
    static readonly byte[] Content = RandomNumberGenerator.GetBytes(10_000);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Blobs_go_into_a_backup_and_come_back_with_a_restore()
    {
        var files = new MemoryFileSystem();
        using (var ledger = Backup.Open(files, SmallLedger.Root))
        {
            await ledger.Blobs.PutAsync(Content, cancellationToken: Cancellation);
            await ledger.Blobs.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation);
            var reports = new List<(long Copied, long Bytes)>();
            var report = Backup.Make(files, progress: (copied, bytes) => reports.Add((copied, bytes)));
            Assert.Equal((2, 10_005), (report.Blobs, report.BlobBytes));
            Assert.Equal((report.SegmentBytes + report.RunBytes + report.BlobBytes), reports[^1].Copied);
            Assert.True(reports.TrueForAll(static at => at.Copied <= at.Bytes));
            await ledger.Blobs.PutAsync("later"u8.ToArray(), cancellationToken: Cancellation);
        }

        // What is being written, and what is not a blob, is not copied.
        Assert.DoesNotContain(files.Paths, static path => path.StartsWith($"{Backup.Root}/blobs/new", StringComparison.Ordinal));
        Backup.Make(files, Backup.Root, "again");
        var restored = Backup.Restore(files, "again");
        Assert.Equal((2, 10_005), (restored.Blobs, restored.BlobBytes));
        foreach (var root in new[] { Backup.Root, "again", Backup.Restored })
        {
            using var copy = Backup.OpenReadOnly(files, root);
            Assert.Equal(Content, await copy.Blobs.ReadAsync(Cid.Of(Content), cancellationToken: Cancellation));
            Assert.Equal("hello"u8.ToArray(), await copy.Blobs.ReadAsync(Cid.Of("hello"u8), cancellationToken: Cancellation));
            Assert.False(await copy.Blobs.ExistsAsync(Cid.Of("later"u8), Cancellation));
        }

        using var ledger2 = Backup.Open(files, Backup.Restored);
        await ledger2.Blobs.PutAsync("later"u8.ToArray(), cancellationToken: Cancellation);
        Assert.Throws<LedgerIsBackupException>(() => FileBlobStore.OpenBeside(files, new LedgerLayout(Backup.Root), isReadOnly: false, new BlobStorageOptions()));
        using var beside = FileBlobStore.OpenBeside(files, new LedgerLayout(Backup.Root), isReadOnly: true, new BlobStorageOptions());
        Assert.True(await beside.ExistsAsync(Cid.Of(Content), Cancellation));
    }

    [Fact]
    public async Task A_backup_beside_writers_has_the_blob_of_every_reference_in_it()
    {
        var scratch = Directory.CreateTempSubdirectory("factstone-blobs-");
        try
        {
            await using var ledger = await Ledger.OpenAsync(Path.Combine(scratch.FullName, "ledger"), cancellationToken: Cancellation);
            var isDone = false;
            var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
            {
                for (var i = 0; !Volatile.Read(ref isDone); i++)
                {
                    var reference = await ledger.Blobs.PutAsync(RandomNumberGenerator.GetBytes(i % 3 * 2_000), cancellationToken: Cancellation);
                    await ledger.AppendAsync(new NewFact($"photos/{writer}", "added", JsonSerializer.Serialize(reference)), Cancellation);
                }
            })).ToList();

            var references = 0;
            for (var i = 0; i < 8 || references <= 20; i++)
            {
                await Task.Delay(30, Cancellation);
                var to = Path.Combine(scratch.FullName, $"backup-{i}");
                await ledger.BackupAsync(to, cancellationToken: Cancellation);
                await using var backup = await Ledger.OpenReadOnlyAsync(to, cancellationToken: Cancellation);
                await foreach (var fact in backup.ReadAsync(cancellationToken: Cancellation))
                {
                    await backup.Blobs.ReadAsync(JsonSerializer.Deserialize<BlobReference>(fact.Json!)!.Cid, cancellationToken: Cancellation);
                    references++;
                }
            }

            Volatile.Write(ref isDone, true);
            await Task.WhenAll(writers);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    // A bad copy would take the place of a good one.
    [Fact]
    public async Task A_damaged_blob_is_not_backed_up_and_not_restored()
    {
        var files = new MemoryFileSystem();
        using (var ledger = Backup.Open(files, SmallLedger.Root)) await ledger.Blobs.PutAsync(Content, cancellationToken: Cancellation);
        Backup.Make(files);
        var (blob, copy) = (new BlobLayout($"{SmallLedger.Root}/blobs").Blob(Cid.Of(Content)), new BlobLayout($"{Backup.Root}/blobs").Blob(Cid.Of(Content)));

        files.FlipBit(blob, 12_345);
        var refused = Assert.Throws<BlobDamagedException>(() => Backup.Make(files, target: "second"));
        Assert.Equal((Cid.Of(Content), blob), (refused.Cid, refused.Location));
        Assert.Contains("nothing was backed up", refused.Message, StringComparison.Ordinal);
        Assert.False(Backup.Opens(files, "second"));

        files.FlipBit(copy, 12_345);
        Assert.Contains("nothing was restored", Assert.Throws<BlobDamagedException>(() => Backup.Restore(files)).Message, StringComparison.Ordinal);
        Assert.False(Backup.Opens(files, Backup.Restored));

        files.FlipBit(copy, 12_345);
        Backup.Restore(files);
        Backup.Make(files, Backup.Restored, "second");
    }

    // An attempt that was stopped can leave a directory whose name is not durable. The next attempt found it there, and synced its blobs only.
    [Fact]
    public async Task The_names_of_directories_that_were_there_are_made_durable()
    {
        var files = new MemoryFileSystem();
        using (var ledger = Backup.Open(files, SmallLedger.Root)) await ledger.Blobs.PutAsync(Content, cancellationToken: Cancellation);
        var blobs = $"{Backup.Root}/blobs";
        var shard = new BlobLayout(blobs).Blob(Cid.Of(Content))[..^(Cid.Of(Content).ToString().Length + 1)];
        files.CreateDirectory(shard);
        var syncs = new SyncedDirectories(files);

        Backup.Make(syncs);

        Assert.True(syncs.Paths.LastIndexOf(blobs) > syncs.Paths.LastIndexOf(shard), string.Join(' ', syncs.Paths));
    }

    sealed class SyncedDirectories(IFileSystem inner) : DecoratedFiles(inner)
    {
        public List<string> Paths { get; } = [];

        public override void SyncDirectory(string path)
        {
            Paths.Add(path);
            Inner.SyncDirectory(path);
        }
    }

    [Fact]
    public async Task A_directory_with_blobs_is_not_empty()
    {
        var files = new MemoryFileSystem();
        using (var ledger = Backup.Open(files, SmallLedger.Root)) await ledger.Blobs.PutAsync(Content, cancellationToken: Cancellation);
        files.CreateDirectory("target/blobs");
        using (var store = new FileBlobStore(files, "target/blobs", isReadOnly: false, new BlobStorageOptions())) await store.PutAsync("mine"u8.ToArray(), cancellationToken: Cancellation);
        Assert.Throws<DirectoryNotEmptyException>(() => Backup.Make(files, target: "target"));
        Assert.Contains(new BlobLayout("target/blobs").Blob(Cid.Of("mine"u8)), files.Paths);
    }
}
