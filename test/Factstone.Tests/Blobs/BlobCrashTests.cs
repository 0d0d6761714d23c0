using System.Text.Json;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Backups;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Blobs;

/// <summary>
/// A blob whose put has returned is there and whole, and so is the blob of every reference in the ledger, whatever the disk
/// does: blobs are put by two processes on a disk that fails, is killed and loses power between any two steps.
/// </summary>
public sealed class BlobCrashTests
{
    const int Runs = 150;
    const int Rounds = 5;
    const int PutsPerRound = 8;
    const string Root = $"{SmallLedger.Root}/blobs";

    static readonly BlobStorageOptions Options = new() { ChunkBytes = 1_024, BytesPerSync = 4_096 };

    /// <summary>A mistake in how a put uses the disk.</summary>
    public enum Mistake
    {
        None,
        BytesAreNotSynced,
        NamesAreNotSynced,
        WrittenInPlace,
    }

    [Fact]
    public async Task No_stored_blob_is_lost_whatever_the_disk_does()
    {
        var counts = await new SeedRuns(Runs).RunAsync(static (seed, counts) => RunAsync(seed, Mistake.None, counts));
        if (counts.Seeds < Runs) return;
        Assert.True(counts["stored"] > 500);
        Assert.All(["refused", "ended by PowerLostException", "put within a put"], what => Assert.True(counts[what] > 100, what));
        Assert.True(counts["reference"] > 300);
        Assert.True(counts["stored blob compared"] > 2_000);
        Assert.True(counts["part file left behind"] > 10);
    }

    [Theory]
    [InlineData(Mistake.BytesAreNotSynced)]
    [InlineData(Mistake.NamesAreNotSynced)]
    [InlineData(Mistake.WrittenInPlace)]
    public async Task A_mistake_in_the_use_of_the_disk_is_found(Mistake mistake)
    {
        for (var seed = 1; seed <= 400; seed++)
        {
            try
            {
                await RunAsync(seed, mistake, new SeedCounts(1));
            }
            catch (BlobLostException)
            {
                return;
            }
        }

        Assert.Fail($"{mistake} was not found.");
    }

    static async Task RunAsync(int seed, Mistake mistake, SeedCounts counts)
    {
        var (disk, random) = (new SimulatedDisk(seed), new Random(seed));
        var stored = new Dictionary<Cid, byte[]>();
        var contents = new List<byte[]>();
        for (var round = 0; round < Rounds; round++)
        {
            disk.Faults.Clear();
            if (disk.Paths.Any(path => path.EndsWith(".part", StringComparison.Ordinal))) counts.Count("part file left behind");
            var ledger = Backup.Open(disk.FileSystem, SmallLedger.Root);
            await CheckAsync(disk, ledger, stored, counts);
            var first = Store(new MistakenUse(disk.FileSystem, mistake));
            var second = Store(new MistakenUse(disk.StartProcess(), mistake));
            SetFaults(disk, random);
            var isStopped = false;
            for (var i = 0; i < PutsPerRound && !isStopped; i++)
            {
                var content = Content(random, contents);
                try
                {
                    var store = random.Next(3) == 0 ? second : first;
                    var reference = await store.PutAsync(new InterruptedContent(content, InterruptAsync), "image/png");
                    Assert.Equal(new BlobReference(Cid.Of(content), content.Length, "image/png"), reference);
                    stored[reference.Cid] = content;
                    counts.Count("stored");
                    if (random.Next(2) == 0) continue;
                    await ledger.AppendAsync(new AppendRequest(new NewFact($"photos/{i}", "added", JsonSerializer.Serialize(reference))));
                    counts.Count("reference");
                }
                catch (FactstoneException)
                {
                    counts.Count("refused");
                }
                catch (PowerLostException)
                {
                    isStopped = true;
                    counts.Count("ended by PowerLostException");
                }

                // In the middle of a put, another process puts the same content, or another one.
                async Task InterruptAsync()
                {
                    if (random.Next(12) != 0) return;
                    counts.Count("put within a put");
                    var other = random.Next(2) == 0 ? content : Content(random, contents);
                    try
                    {
                        var reference = await second.PutAsync(new MemoryStream(other));
                        stored[reference.Cid] = other;
                    }
                    catch (FactstoneException)
                    {
                        counts.Count("refused");
                    }
                }
            }

            disk.Faults.Clear();
            switch (isStopped ? random.Next(2) : random.Next(3))
            {
                case 0:
                    disk.LosePower();
                    break;
                case 1:
                    disk.KillProcess();
                    break;
                default:
                    first.Dispose();
                    ledger.Dispose();
                    break;
            }
        }

        disk.LosePower();
        using var last = Backup.Open(disk.FileSystem, SmallLedger.Root);
        await CheckAsync(disk, last, stored, counts);
        Assert.DoesNotContain(disk.Paths, path => path.EndsWith(".part", StringComparison.Ordinal)); // after a power loss nobody writes
        last.Dispose();
    }

    static async Task CheckAsync(SimulatedDisk disk, Ledger ledger, Dictionary<Cid, byte[]> stored, SeedCounts counts)
    {
        foreach (var (cid, content) in stored) Assert.Equal(content, await WholeAsync(ledger, cid, "A stored blob"));
        foreach (var fact in Repair.All(ledger))
        {
            var reference = JsonSerializer.Deserialize<BlobReference>(fact.Json!)!;
            Assert.Equal(reference.Size, (await WholeAsync(ledger, reference.Cid, $"The blob of the fact at {fact.Position}")).Length);
        }

        // Whatever else has the name of a blob is whole, too.
        await foreach (var blob in ledger.Blobs.ListAsync()) await WholeAsync(ledger, blob.Cid, "A blob");
        counts.Count("stored blob compared", stored.Count);
        Assert.DoesNotContain(disk.Paths, path => path.StartsWith($"{Root}/", StringComparison.Ordinal) && !IsKnown(path));
    }

    static bool IsKnown(string path)
    {
        var (shard, name) = (FileNames.NameOf(FileNames.DirectoryOf(path)), FileNames.NameOf(path));
        return BlobLayout.IsBlob(shard, name, out _) || (path.StartsWith($"{Root}/new/", StringComparison.Ordinal) && (name == "LOCK" || BlobLayout.IsPart(name)));
    }

    static async Task<byte[]> WholeAsync(Ledger ledger, Cid cid, string what)
    {
        try
        {
            return await ledger.Blobs.ReadAsync(cid);
        }
        catch (Exception lost) when (lost is BlobNotFoundException or BlobDamagedException)
        {
            throw new BlobLostException($"{what} is lost: {lost.Message}");
        }
    }

    static FileBlobStore Store(IFileSystem files) => FileBlobStore.OfLedger(files, new LedgerLayout(SmallLedger.Root), isReadOnly: false, Options);

    /// <summary>New content, or content that was put before. Some has a multiple of the size of a piece.</summary>
    static byte[] Content(Random random, List<byte[]> contents)
    {
        if (contents.Count > 0 && random.Next(3) == 0) return contents[random.Next(contents.Count)];
        var content = new byte[random.Next(5) switch { 0 => random.Next(16), 1 => 1_024 * random.Next(1, 9), _ => random.Next(12_000) }];
        random.NextBytes(content);
        contents.Add(content);
        return content;
    }

    static void SetFaults(SimulatedDisk disk, Random random)
    {
        foreach (var fault in new[] { Fault.Error, Fault.ShortWrite, Fault.NoSpace, Fault.SyncFailureKeepingPages, Fault.SyncFailureDroppingPages, Fault.SyncWithoutSpaceKeepingPages })
            if (random.Next(3) == 0) disk.Faults[fault] = 0.02;
        if (random.Next(2) == 0) disk.Faults[Fault.PowerLoss] = 0.005;
        if (random.Next(3) == 0) disk.Faults[Fault.ProcessKill] = 0.005;
    }

    sealed class BlobLostException(string what) : Exception(what);

    /// <summary>Content during whose reading something else happens. Each read gives some hundred bytes.</summary>
    sealed class InterruptedContent(byte[] content, Func<Task> interrupt) : ReadOnlyContent
    {
        int _read;

        public override int Read(Span<byte> buffer) => throw new NotSupportedException();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await interrupt();
            var next = content.AsMemory(_read, Math.Min(Math.Min(buffer.Length, 700), content.Length - _read));
            next.CopyTo(buffer);
            _read += next.Length;
            return next.Length;
        }
    }

    /// <summary>A file system that is used with a mistake.</summary>
    sealed class MistakenUse(IFileSystem inner, Mistake mistake) : DecoratedFiles(inner)
    {
        public override IStorageFile Open(string path, FileOpening opening) =>
            mistake == Mistake.BytesAreNotSynced ? new UnsyncedFile(Inner.Open(path, opening)) : Inner.Open(path, opening);

        public override void SyncDirectory(string path)
        {
            if (mistake != Mistake.NamesAreNotSynced) Inner.SyncDirectory(path);
        }

        public override void Rename(string from, string to)
        {
            if (mistake != Mistake.WrittenInPlace)
            {
                Inner.Rename(from, to);
                return;
            }

            using var source = Inner.Open(from, FileOpening.ReadOnly);
            var bytes = new byte[source.Length];
            source.Read(bytes, 0);
            using (var target = Inner.Open(to, Inner.FileExists(to) ? FileOpening.Existing : FileOpening.CreateNew))
            {
                target.Write(bytes, 0);
                target.Sync();
            }

            Inner.Delete(from);
        }
    }

    sealed class UnsyncedFile(IStorageFile inner) : DecoratedFile(inner)
    {
        public override void Sync() { }
    }
}
