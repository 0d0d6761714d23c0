using System.Security.Cryptography;
using System.Text.Json;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Blobs;

/// <summary>What a put stores, what a read gives, and what is refused.</summary>
public sealed class BlobStoreTests : IDisposable
{
    const string Hello = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq";

    readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("factstone-blobs-");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    string Data => Path.Combine(_scratch.FullName, "ledger");

    public void Dispose() => _scratch.Delete(recursive: true);

    [Fact]
    public async Task A_blob_is_read_as_it_was_put_before_and_after_a_reopen_and_without_the_ledger()
    {
        var contents = new[] { 0, 1, 262_143, 262_144, 262_145, 1_000_000 }.Select(RandomNumberGenerator.GetBytes).ToList();
        var references = new List<BlobReference>();
        await using (var ledger = await Ledger.OpenAsync(Data, cancellationToken: Cancellation))
        {
            Assert.False(ledger.Blobs.IsReadOnly);
            foreach (var content in contents)
            {
                var reference = await ledger.Blobs.PutAsync(new MemoryStream(content), "image/png", Cancellation);
                Assert.Equal(new BlobReference(Cid.Of(content), content.Length, "image/png"), reference);
                await ledger.AppendAsync(new NewFact("photos/1", "added", JsonSerializer.Serialize(reference)), Cancellation);
                references.Add(reference);
            }

            await CheckAsync(ledger.Blobs);
        }

        await using (var readOnly = await Ledger.OpenReadOnlyAsync(Data, cancellationToken: Cancellation))
        {
            await CheckAsync(readOnly.Blobs);
            Assert.True(readOnly.Blobs.IsReadOnly);
            await Assert.ThrowsAsync<InvalidOperationException>(() => readOnly.Blobs.PutAsync(contents[1], cancellationToken: Cancellation).AsTask());
            await foreach (var fact in readOnly.ReadStreamAsync("photos/1", cancellationToken: Cancellation))
                Assert.Equal(contents[(int)fact.StreamVersion.Value - 1], await readOnly.Blobs.ReadAsync(JsonSerializer.Deserialize<BlobReference>(fact.Json!)!.Cid, cancellationToken: Cancellation));
        }

        await using (var beside = await Ledger.OpenBlobsAsync(Data, readOnly: true, Cancellation)) await CheckAsync(beside);
        await using (var elsewhere = await BlobStore.OpenReadOnlyAsync(Path.Combine(Data, "blobs"), Cancellation)) await CheckAsync(elsewhere);

        async Task CheckAsync(IBlobStore blobs)
        {
            for (var i = 0; i < contents.Count; i++)
            {
                Assert.Equal(contents[i], await blobs.ReadAsync(references[i].Cid, cancellationToken: Cancellation));
                Assert.Equal(new BlobStat(references[i].Cid, contents[i].Length), await blobs.StatAsync(references[i].Cid, Cancellation));
            }

            var listed = new List<BlobStat>();
            await foreach (var blob in blobs.ListAsync(Cancellation)) listed.Add(blob);
            Assert.Equal(references.Select(one => new BlobStat(one.Cid, one.Size)).OrderBy(one => $"{one.Cid}"), listed.OrderBy(one => $"{one.Cid}"));
        }
    }

    [Fact]
    public async Task The_same_content_is_stored_once_under_a_name_that_depends_on_nothing_else()
    {
        await using (var store = await BlobStore.OpenAsync(Path.Combine(_scratch.FullName, "a", "store"), Cancellation))
        {
            var first = await store.PutAsync("hello"u8.ToArray(), "text/plain", Cancellation);
            var file = Path.Combine(_scratch.FullName, "a", "store", "ye", Hello);
            var written = File.GetLastWriteTimeUtc(file);
            var second = await store.PutAsync("hello"u8.ToArray(), "text/html", Cancellation);
            var large = RandomNumberGenerator.GetBytes(700_000);
            await store.PutAsync(large, cancellationToken: Cancellation);
            await store.PutAsync(large, cancellationToken: Cancellation);

            Assert.Equal((Hello, "text/plain", "text/html"), (first.Cid.ToString(), first.Mime, second.Mime));
            Assert.Equal(first.Cid, second.Cid);
            Assert.Equal(written, File.GetLastWriteTimeUtc(file));
            Assert.Equal(2, Directory.GetFiles(Path.Combine(_scratch.FullName, "a", "store"), "bafkrei*", SearchOption.AllDirectories).Length);
        }

        Assert.Empty(Directory.GetFiles(_scratch.FullName, "*.part", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task An_unknown_cid_and_a_damaged_blob_are_two_errors()
    {
        await using var ledger = await Ledger.OpenAsync(Data, cancellationToken: Cancellation);
        var (unknown, content) = (Cid.Of("nobody"u8), RandomNumberGenerator.GetBytes(600_000));
        var missing = await Assert.ThrowsAsync<BlobNotFoundException>(() => ledger.Blobs.OpenReadAsync(unknown, Cancellation).AsTask());
        Assert.Equal((unknown, false), (missing.Cid, missing.IsTransient));
        Assert.Contains(Path.Combine(Data, "blobs"), missing.Message, StringComparison.Ordinal);
        Assert.Null(await ledger.Blobs.StatAsync(unknown, Cancellation));

        var cid = (await ledger.Blobs.PutAsync(content, cancellationToken: Cancellation)).Cid;
        var path = PathOf(cid);
        foreach (var damage in new Action<FileStream>[] { Flip(0), Flip(300_000), Flip(599_999), file => file.SetLength(599_999), file => file.SetLength(600_001), file => file.SetLength(0) })
        {
            await File.WriteAllBytesAsync(path, content, Cancellation);
            using (var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite)) damage(file);
            var damaged = await Assert.ThrowsAsync<BlobDamagedException>(() => ledger.Blobs.ReadAsync(cid, cancellationToken: Cancellation).AsTask());
            Assert.Equal((cid, path), (damaged.Cid, damaged.Location));

            // Whoever has the content repairs the blob with it.
            await ledger.Blobs.PutAsync(content, cancellationToken: Cancellation);
            Assert.Equal(content, await ledger.Blobs.ReadAsync(cid, cancellationToken: Cancellation));
        }

        static Action<FileStream> Flip(int at) => file =>
        {
            file.Position = at;
            var one = file.ReadByte();
            file.Position = at;
            file.WriteByte((byte)(one ^ 4));
        };
    }

    [Fact]
    public async Task Every_flipped_bit_of_a_small_blob_is_reported()
    {
        var files = new MemoryFileSystem();
        using var store = Store(files);
        var cid = (await store.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation)).Cid;
        for (var bit = 0; bit < 40; bit++)
        {
            files.FlipBit($"store/ye/{Hello}", bit);
            await Assert.ThrowsAsync<BlobDamagedException>(() => store.ReadAsync(cid, cancellationToken: Cancellation).AsTask());
            files.FlipBit($"store/ye/{Hello}", bit);
        }

        Assert.Equal("hello"u8.ToArray(), await store.ReadAsync(cid, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task What_is_refused_reads_nothing_and_stores_nothing()
    {
        var files = new MemoryFileSystem();
        using var store = Store(files);
        using var content = new MemoryStream("hello"u8.ToArray());
        foreach (var mime in new[] { "", "png", "image/png\n", $"text/{new string('x', 251)}", "ü/ü" })
            await Assert.ThrowsAsync<ArgumentException>(() => store.PutAsync(content, mime, Cancellation).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => store.PutAsync(null!, cancellationToken: Cancellation).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => store.PutAsync(content, null!, Cancellation).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutAsync(content, cancellationToken: new CancellationToken(canceled: true)).AsTask());
        Assert.Equal(0, content.Position);
        content.Dispose();
        await Assert.ThrowsAsync<ArgumentException>(() => store.PutAsync(content, cancellationToken: Cancellation).AsTask());
        Assert.Empty(files.Paths);
    }

    // The request of an upload breaks off, or is cancelled, in the middle of a large blob.
    [Fact]
    public async Task Content_that_breaks_off_is_not_stored_and_leaves_nothing()
    {
        var files = new MemoryFileSystem();
        using var store = Store(files);
        using var cancellation = new CancellationTokenSource();
        var broken = new SteppedContent(10, at => { if (at == 5) throw new IOException("The connection was reset."); });
        Assert.Equal("The connection was reset.", (await Assert.ThrowsAsync<IOException>(() => store.PutAsync(broken, cancellationToken: Cancellation).AsTask())).Message);
        var cancelled = new SteppedContent(10, at => { if (at == 5) cancellation.Cancel(); });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutAsync(cancelled, cancellationToken: cancellation.Token).AsTask());
        Assert.Equal(["store/new/1/LOCK"], files.Paths);
    }

    [Fact]
    public async Task A_full_disk_refuses_a_blob_keeps_space_for_the_log_and_leaves_nothing()
    {
        var files = new MemoryFileSystem(1_024 * 1_024);
        using var store = Store(files);
        var kept = await store.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation);
        var used = files.UsedBytes;
        var full = await Assert.ThrowsAsync<LedgerFullException>(() => store.PutAsync(new byte[2_000_000], cancellationToken: Cancellation).AsTask());
        Assert.True(full.IsTransient);
        Assert.Equal(used, files.UsedBytes);

        // A sixteenth of the disk is left to the log.
        await Assert.ThrowsAsync<LedgerFullException>(() => store.PutAsync(RandomNumberGenerator.GetBytes(1_000_000), cancellationToken: Cancellation).AsTask());
        var large = await store.PutAsync(RandomNumberGenerator.GetBytes(900_000), cancellationToken: Cancellation);
        Assert.Equal("hello"u8.ToArray(), await store.ReadAsync(kept.Cid, cancellationToken: Cancellation));
        Assert.True(await store.ExistsAsync(large.Cid, Cancellation));
    }

    [Fact]
    public async Task Many_callers_put_the_same_and_other_content_at_once_and_read_meanwhile()
    {
        await using var ledger = await Ledger.OpenAsync(Data, cancellationToken: Cancellation);
        await using var beside = await Ledger.OpenBlobsAsync(Data, cancellationToken: Cancellation);
        var contents = Enumerable.Range(0, 6).Select(i => RandomNumberGenerator.GetBytes(i * 150_000)).ToList();
        await Task.WhenAll(Enumerable.Range(0, 48).Select(i => Task.Run(async () =>
        {
            var (store, content) = (i % 3 == 0 ? beside : ledger.Blobs, contents[i % contents.Count]);
            if (await store.ExistsAsync(Cid.Of(content), Cancellation)) Assert.Equal(content, await store.ReadAsync(Cid.Of(content), cancellationToken: Cancellation));
            Assert.Equal(Cid.Of(content), (await store.PutAsync(content, cancellationToken: Cancellation)).Cid);
            Assert.Equal(content, await ledger.Blobs.ReadAsync(Cid.Of(content), cancellationToken: Cancellation));
        })));
        Assert.Equal(contents.Count, Directory.GetFiles(Path.Combine(Data, "blobs"), "bafkrei*", SearchOption.AllDirectories).Length);
        Assert.Empty(Directory.GetFiles(Path.Combine(Data, "blobs"), "*.part", SearchOption.AllDirectories));
    }

    // While one writer is in the middle of a blob, others open, put and close: none may remove it.
    [Fact]
    public async Task The_next_open_removes_what_killed_writers_left_and_nothing_that_is_being_written()
    {
        var disk = new SimulatedDisk(seed: 7);
        using (SmallLedger.Open(disk.FileSystem)) { }
        var killed = FileBlobStore.OfLedger(disk.FileSystem, new LedgerLayout(SmallLedger.Root), isReadOnly: false, new BlobStorageOptions { ChunkBytes = 1_000 });
        await Assert.ThrowsAsync<PowerLostException>(() => killed.PutAsync(new SteppedContent(10, at => { if (at == 5) disk.KillProcess(); }), cancellationToken: Cancellation).AsTask());
        Assert.Single(disk.Paths, static path => path.EndsWith(".part", StringComparison.Ordinal));

        var seen = new List<int>();
        using var living = FileBlobStore.OfLedger(disk.StartProcess(), new LedgerLayout(SmallLedger.Root), isReadOnly: false, new BlobStorageOptions { ChunkBytes = 1_000 });
        var reference = await living.PutAsync(
            new SteppedContent(10, at =>
            {
                if (at != 5) return;
                using (var ledger = SmallLedger.Open(disk.FileSystem)) Assert.True(ledger.Blobs.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation).AsTask().Wait(TimeSpan.FromMinutes(1)));
                seen.Add(disk.Paths.Count(static path => path.EndsWith(".part", StringComparison.Ordinal)));
            }),
            cancellationToken: Cancellation);

        Assert.Equal([1], seen); // its own; the leftover is gone
        Assert.Equal(10_000, (await living.ReadAsync(reference.Cid, cancellationToken: Cancellation)).Length);
        Assert.DoesNotContain(disk.Paths, static path => path.EndsWith(".part", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reader_sees_nothing_of_a_blob_before_it_is_whole_and_reads_on_when_the_ledger_closes()
    {
        var files = new MemoryFileSystem();
        var content = SteppedContent.Bytes(10);
        BlobContent reading;
        using (var store = Store(files))
        {
            await store.PutAsync(new SteppedContent(10, _ => Assert.False(store.ExistsAsync(Cid.Of(content), Cancellation).AsTask().Result)), cancellationToken: Cancellation);
            reading = await store.OpenReadAsync(Cid.Of(content), Cancellation);
        }

        await using (reading)
        {
            using var copy = new MemoryStream();
            await reading.CopyToAsync(copy, Cancellation);
            Assert.Equal(content, copy.ToArray());
        }
    }

    [Fact]
    public async Task A_ledger_that_is_closed_abandons_its_puts_and_refuses_others()
    {
        var ledger = await Ledger.OpenAsync(Data, cancellationToken: Cancellation);
        var blobs = ledger.Blobs;
        var put = blobs.PutAsync(new SteppedContent(900, at => { if (at == 500) ledger.Dispose(); }), cancellationToken: Cancellation).AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => put);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => blobs.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => blobs.OpenReadAsync(default, Cancellation).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => blobs.StatAsync(default, Cancellation).AsTask());
        Assert.Empty(Directory.GetFiles(_scratch.FullName, "*.part", SearchOption.AllDirectories));

        var never = await Ledger.OpenAsync(Data, cancellationToken: Cancellation);
        await never.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => never.Blobs);
    }

    // The ledger goes on in its directory, and never writes into another one that has its name now.
    [Fact]
    public async Task Blobs_are_put_into_the_ledgers_directory_wherever_it_is_moved()
    {
        if (!OperatingSystem.IsLinux()) return;
        var moved = Path.Combine(_scratch.FullName, "moved");
        await using var ledger = await Ledger.OpenAsync(Data, cancellationToken: Cancellation);
        await ledger.Blobs.PutAsync("first"u8.ToArray(), cancellationToken: Cancellation);
        Directory.Move(Data, moved);
        Directory.CreateDirectory(Data);
        var cid = (await ledger.Blobs.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation)).Cid;
        Assert.True(File.Exists(Path.Combine(moved, "blobs", "ye", $"{cid}")));
        Assert.Empty(Directory.GetFileSystemEntries(Data));
    }

    [Fact]
    public async Task Files_with_other_names_are_none_of_the_stores()
    {
        var store = await BlobStore.OpenAsync(Data, Cancellation);
        await store.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation);
        string[] others = [$"zz/{Hello}", "ye/notes.txt", "ye/BAFKREI", "new/1/mine.part", "readme", $"new/{Hello}", $"YE/{Hello}", "new/first/00000000000000000000000000000000.part"];
        foreach (var other in others)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Data, other))!);
            await File.WriteAllTextAsync(Path.Combine(Data, other), "mine", Cancellation);
        }

        await store.DisposeAsync();
        await store.DisposeAsync();
        await using var again = await BlobStore.OpenAsync(Data, Cancellation);
        Assert.Equal(Hello, $"{Assert.Single(await again.ListAsync(Cancellation).ToListAsync(Cancellation)).Cid}");
        Assert.All(others, other => Assert.Equal("mine", File.ReadAllText(Path.Combine(Data, other))));
    }

    [Fact]
    public async Task A_directory_that_was_removed_is_created_again()
    {
        await using var store = await BlobStore.OpenAsync(Data, Cancellation);
        await store.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation);
        Directory.Delete(Path.Combine(Data, "ye"), recursive: true);
        await Assert.ThrowsAsync<LedgerIOException>(() => store.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation).AsTask());
        var reference = await store.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation);
        Assert.True(await store.ExistsAsync(reference.Cid, Cancellation));
        Assert.Empty(Directory.GetFiles(Data, "*.part", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_ledger_in_memory_has_blobs_in_memory()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: Cancellation);
        var reference = await ledger.Blobs.PutAsync("hello"u8.ToArray(), "text/plain", Cancellation);
        Assert.Equal("hello"u8.ToArray(), await ledger.Blobs.ReadAsync(reference.Cid, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Blobs_beside_a_ledger_need_a_ledger()
    {
        await Assert.ThrowsAsync<LedgerNotFoundException>(() => Ledger.OpenBlobsAsync(Data, cancellationToken: Cancellation).AsTask());
        await Assert.ThrowsAsync<LedgerNotFoundException>(() => Ledger.OpenBlobsAsync(Data, readOnly: true, Cancellation).AsTask());
        await Assert.ThrowsAsync<LedgerIOException>(() => BlobStore.OpenReadOnlyAsync(Data, Cancellation).AsTask());
        Assert.False(Directory.Exists(Data));
        await using (await Ledger.OpenAsync(Data, cancellationToken: Cancellation)) { }
        await using var empty = await Ledger.OpenBlobsAsync(Data, readOnly: true, Cancellation);
        Assert.Empty(await empty.ListAsync(Cancellation).ToListAsync(Cancellation));
        Assert.False(Directory.Exists(Path.Combine(Data, "blobs")));
    }

    // A read that fails because of the disk is no damage, and a directory is no blob.
    [Fact]
    public async Task An_error_of_the_disk_is_its_own()
    {
        await using var store = await BlobStore.OpenAsync(Data, Cancellation);
        Directory.CreateDirectory(Path.Combine(Data, "ye", Hello));
        Assert.Null(await store.StatAsync(Cid.Parse(Hello), Cancellation));
        await Assert.ThrowsAsync<LedgerIOException>(() => store.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation).AsTask());
        Assert.Empty(Directory.GetFiles(Data, "*.part", SearchOption.AllDirectories));

        var disk = new SimulatedDisk(seed: 1);
        using var simulated = Store(disk.FileSystem);
        var cid = (await simulated.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation)).Cid;
        disk.Faults.OnlyPaths = static path => path.EndsWith(Hello, StringComparison.Ordinal);
        await using var content = await simulated.OpenReadAsync(cid, Cancellation);
        disk.Faults.Next(Fault.Error);
        Assert.Throws<LedgerIOException>(() => content.Read(new byte[10]));
        Assert.Equal(5, content.Read(new byte[10]));
    }

    // After a failed sync of a directory nothing is known of the names in it, and another sync would prove nothing.
    [Fact]
    public async Task After_a_failed_sync_of_names_a_blob_is_written_again()
    {
        var disk = new SimulatedDisk(seed: 1);
        using var store = Store(disk.FileSystem);
        disk.Faults.OnlyPaths = static path => path == "store/ye";
        disk.Faults.At(disk.IoCount + 1, Fault.SyncWithoutSpaceKeepingPages);
        await Assert.ThrowsAsync<LedgerFullException>(() => store.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation).AsTask());
        var renames = new StringWriter();
        disk.Trace = renames;
        await store.PutAsync("hello"u8.ToArray(), cancellationToken: Cancellation);
        Assert.Contains("rename", renames.ToString(), StringComparison.Ordinal);
        Assert.Contains("sync directory store/ye", renames.ToString(), StringComparison.Ordinal);
    }

    string PathOf(Cid cid) => Path.Combine(Data, "blobs", $"{cid}"[56..58], $"{cid}");

    static FileBlobStore Store(IFileSystem files)
    {
        files.CreateDirectory("store");
        return new FileBlobStore(files, "store", isReadOnly: false, new BlobStorageOptions { ChunkBytes = 1_000 });
    }

    /// <summary>Content of some thousand bytes, a thousand at a time. Before each thousand something happens.</summary>
    sealed class SteppedContent(int steps, Action<int> before) : ReadOnlyContent
    {
        int _read;

        public static byte[] Bytes(int steps) => [.. Enumerable.Range(0, steps).SelectMany(static step => Enumerable.Repeat((byte)step, 1_000))];

        public override int Read(Span<byte> buffer)
        {
            if (_read % 1_000 == 0) before(_read / 1_000);
            if (_read == steps * 1_000) return 0;
            var next = buffer[..Math.Min(buffer.Length, 1_000 - (_read % 1_000))];
            next.Fill((byte)(_read / 1_000));
            _read += next.Length;
            return next.Length;
        }
    }
}
