using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Reading;

/// <summary>Segments are opened, checked and mapped at their first read, and few of them are open at a time.</summary>
public sealed class FilesOnDemandTests
{
    const int Segments = 60;

    // The open opened and mapped every segment. A ledger with thousands of segments needed as many descriptors and calls before the first
    // read. With a low limit on open files, it could not be opened at all.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_open_opens_no_segment_but_the_last(bool isReadOnly)
    {
        var files = new WatchedFiles(Ledger());
        var opened = new HashSet<string>();
        files.Opening = path =>
        {
            if (LedgerLayout.IsSegment(path)) opened.Add(path);
        };
        files.Looking = path => Assert.False(LedgerLayout.IsSegment(path) && !path.Contains($"/{Segments:D20}.", StringComparison.Ordinal), $"{path} was looked for by itself.");

        using var ledger = isReadOnly ? SmallLedger.OpenReadOnly(files) : SmallLedger.Open(files);

        Assert.Equal(Segments, ledger.Storage.Statistics().LogFiles);
        Assert.True(opened.Count <= 1, string.Join(", ", opened));
        Assert.Empty(ledger.Damage);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void All_is_read_through_a_few_open_files(bool isMapped)
    {
        var memory = Ledger();
        var files = new CountedFiles(memory, isMapped);
        var options = SmallLedger.Options(files) with { OpenFilesMax = 8, MappedFilesMax = 8, MappedReads = isMapped };
        using var ledger = SmallLedger.Open(options);

        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, reader =>
        {
            for (var i = 0; i < 3 * Segments; i++)
            {
                var position = 1 + (((i * (reader + 7)) + reader) % Segments);
                Assert.Equal(Payload(position), ledger.Storage.ReadAt(new Position(position))!.Payload.ToArray());
            }
        });

        // Each of the four readers may hold one segment beyond those that the pool keeps. The last segment is not part of the pool.
        Assert.True(files.MostOpen <= 8 + 4 + 1, $"{files.MostOpen} segments were open at a time.");
        Assert.Equal(Segments, ledger.Storage.Read(new Position(1), new Position(Segments), backward: false).Count());
        Assert.Empty(ledger.Damage);
    }

    // The open used to compare the header of each segment with the manifest. The first read of a segment does that now.
    [Fact]
    public void A_damaged_header_is_found_by_who_reads_the_segment_first()
    {
        var memory = Ledger();
        var path = PathOf(memory, 3);
        using (var file = memory.Open(path, FileOpening.Existing)) file.Write([0xFF], 20);
        using var ledger = SmallLedger.Open(memory);
        Assert.Empty(ledger.Damage);

        Assert.NotNull(ledger.Storage.ReadAt(new Position(7)));
        Assert.Empty(ledger.Damage);
        Assert.Equal(Payload(3), ledger.Storage.ReadAt(new Position(3))!.Payload.ToArray());

        var damage = Assert.Single(ledger.Damage);
        Assert.Equal((path, "The header of the segment is damaged; the manifest has a copy of it."), (damage.File, damage.What));
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(ledger));
    }

    [Fact]
    public void A_missing_segment_is_found_by_the_open()
    {
        var memory = Ledger();
        memory.Delete(PathOf(memory, 3));

        using var ledger = SmallLedger.Open(memory);

        Assert.Contains(ledger.Damage, one => one.What == "The file is missing." && one.FirstPosition == new Position(3));
    }

    [Fact]
    public void A_segment_that_goes_missing_later_is_damage()
    {
        var memory = Ledger();
        using var ledger = SmallLedger.Open(memory);
        memory.Delete(PathOf(memory, 3));

        Assert.Throws<LedgerDamagedException>(() => ledger.Storage.ReadAt(new Position(3)));

        Assert.Contains(ledger.Damage, one => one.What == "The file is missing." && one.FirstPosition == new Position(3));
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(ledger));
        Assert.NotNull(ledger.Storage.ReadAt(new Position(4)));
    }

    // A process that appended to a log of many segments kept each of them open forever.
    [Fact]
    public void A_segment_that_is_full_is_closed_when_others_are_read()
    {
        var files = new CountedFiles(new MemoryFileSystem(), isMapped: false);
        using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { OpenFilesMax = 4 });
        Fill(ledger);

        for (var position = 1; position <= Segments; position++) Assert.NotNull(ledger.Storage.ReadAt(new Position(position)));

        Assert.True(files.Open <= 4 + 1, $"{files.Open} segments are open.");
    }

    /// <summary>A closed ledger with one fact in each segment.</summary>
    static MemoryFileSystem Ledger()
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(files)) Fill(ledger);
        return files;
    }

    static void Fill(Ledger ledger)
    {
        for (var i = 1; i <= Segments; i++)
            Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload($"orders/{i}", "grown") with { Payload = Payload(i) }))));
    }

    static byte[] Payload(int position) => [.. $"\"{position}{new string('x', 40_000)}\"".Select(unit => (byte)unit)];

    static string PathOf(MemoryFileSystem files, int position) => files.Paths.Single(path => path.EndsWith($"/{LedgerLayout.SegmentName(new Position(position), 1)}", StringComparison.Ordinal));

    /// <summary>Counts the open segments. A mapping is a copy.</summary>
    sealed class CountedFiles(MemoryFileSystem files, bool isMapped) : IFileSystem
    {
        int _open;
        int _mostOpen;

        public int Open => Volatile.Read(ref _open);

        public int MostOpen => Volatile.Read(ref _mostOpen);

        public bool DirectoryExists(string path) => files.DirectoryExists(path);

        public bool FileExists(string path) => files.FileExists(path);

        public void CreateDirectory(string path) => files.CreateDirectory(path);

        public IReadOnlyList<string> List(string directory) => files.List(directory);

        public IReadOnlyList<string> ListDirectories(string directory) => files.ListDirectories(directory);

        public void Rename(string from, string to) => files.Rename(from, to);

        public void Delete(string path) => files.Delete(path);

        public void SyncDirectory(string path) => files.SyncDirectory(path);

        public IHeldLock? TryLock(string path, string holder, out LockHolder heldBy) => files.TryLock(path, holder, out heldBy);

        public bool IsLocked(string path) => files.IsLocked(path);

        public ISharedPage OpenSharedPage(string path, bool writable) => files.OpenSharedPage(path, writable);

        IStorageFile IFileSystem.Open(string path, FileOpening opening)
        {
            var file = files.Open(path, opening);
            if (!LedgerLayout.IsSegment(path)) return file;
            var open = Interlocked.Increment(ref _open);
            for (var most = MostOpen; open > most && Interlocked.CompareExchange(ref _mostOpen, open, most) != most; most = MostOpen) { }
            return new CountedFile(this, file);
        }

        sealed class CountedFile(CountedFiles files, IStorageFile file) : IStorageFile
        {
            public string Path => file.Path;

            public long Length => file.Length;

            public int Read(Span<byte> buffer, long fileOffset) => file.Read(buffer, fileOffset);

            public void Write(ReadOnlySpan<byte> bytes, long fileOffset) => file.Write(bytes, fileOffset);

            public void Reserve(long fileOffset, long length) => file.Reserve(fileOffset, length);

            public void SetLength(long length) => file.SetLength(length);

            public void Sync() => file.Sync();

            public IMappedFile? Map(long length)
            {
                if (!files.IsMapped) return null;
                var bytes = new byte[file.Length];
                file.Read(bytes, 0);
                return new Copy(bytes);
            }

            public void Dispose()
            {
                Interlocked.Decrement(ref files._open);
                file.Dispose();
            }
        }

        bool IsMapped => isMapped;

        sealed class Copy(byte[] bytes) : IMappedFile
        {
            public ReadOnlySpan<byte> Bytes(long fileOffset, int length) => bytes.AsSpan((int)fileOffset, length);

            public void Prefetch(long fileOffset, int length) { }

            public void Dispose() { }
        }
    }
}
