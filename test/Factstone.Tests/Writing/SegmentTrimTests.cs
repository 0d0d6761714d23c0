using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Writing;

/// <summary>Recovery releases the zeros that a crash left at the end of a segment, and nothing else.</summary>
public sealed class SegmentTrimTests
{
    const int PageBytes = 4_096;
    const int ZeroAheadBytes = 32 * 1_024;

    // The preallocated space used to stay in each segment that ended with a crash.
    [Fact]
    public void A_recovery_gives_back_the_zeros_of_the_segment_that_a_crash_ended()
    {
        var files = Killed(new MemoryFileSystem());

        using var ledger = SmallLedger.Open(Options(files));

        Assert.Equal(PageBytes, Lengths(files)[0]);
        Assert.Equal(3, ledger.Storage.Head.Position.Value);
    }

    // A crash after the publication in HEAD and before the trim leaves the zeros in the old segment. The next recovery finds that segment
    // no longer at the end of the log.
    [Fact]
    public void A_recovery_also_trims_what_a_crash_kept_the_one_before_from_trimming()
    {
        var files = Killed(new MemoryFileSystem());
        for (var i = 0; i < 2; i++)
        {
            var watched = new WatchedFiles(files);
            var opens = 0;
            watched.Opening = path =>
            {
                // The inventory and the recovery open the segment first, then the trim.
                if (path == Segments(files)[i] && ++opens == 3) throw new LedgerIOException(path, "open", "no trim");
            };
            files = Killed(files, watched);
        }

        Assert.All(Lengths(files), length => Assert.True(length >= ZeroAheadBytes));
        using var ledger = SmallLedger.Open(Options(files));

        Assert.Equal([PageBytes, PageBytes, PageBytes], Lengths(files)[..3]);
        Assert.Equal(9, ledger.Storage.Head.Position.Value);
    }

    [Fact]
    public void Bytes_that_are_not_zeros_stay()
    {
        var files = Killed(new MemoryFileSystem());
        var path = Segments(files)[0];
        using (var file = files.Open(path, FileOpening.Existing)) file.Write([1, 2, 3], 10_000);
        var before = Bytes(files, path);

        using var ledger = SmallLedger.Open(Options(files));

        var after = Bytes(files, path);
        Assert.Equal(3 * PageBytes, after.Length);
        Assert.Equal(before[..after.Length], after);
        Assert.DoesNotContain(before[after.Length..], one => one != 0);
    }

    // The end that HEAD published before the crash lies behind the end that the next segment records for the old one. A reader in another
    // process may hold offsets there.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reader_that_was_open_before_the_crash_reads_on(bool isMapped)
    {
        var directory = Directory.CreateTempSubdirectory("factstone-trim-");
        try
        {
            var root = directory.FullName.Replace('\\', '/');
            CopyTo(Killed(new MemoryFileSystem()), root);
            var options = Options(new DiskFileSystem()) with { MappedReads = isMapped };
            using var reader = Ledger.Open(FileStorage.OpenReadOnly(options.FileSystem!, root, options.ToStorageOptions()), options);

            using var writer = Ledger.Open(FileStorage.Open(options.FileSystem!, root, options.ToStorageOptions(), TestContext.Current.CancellationToken), options);

            Assert.Equal(PageBytes, new FileInfo($"{root}/segments/{LedgerLayout.SegmentName(new Position(1), 1)}").Length);
            Assert.Equal(["placed", "paid", "sent"], Enumerable.Range(1, 3).Select(position => reader.Storage.ReadAt(new Position(position))!.Type));
            Assert.Empty(reader.Damage);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Appends three more facts, then kills the process.</summary>
    static MemoryFileSystem Killed(MemoryFileSystem files, IFileSystem? through = null)
    {
        using var ledger = SmallLedger.Open(Options(through ?? files));
        foreach (var type in (string[])["placed", "paid", "sent"])
            Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(new NewFact("orders/1", type, "1")))));
        return files.Clone();
    }

    static LedgerOptions Options(IFileSystem files) => SmallLedger.Options(files) with { PreallocationBytesMin = ZeroAheadBytes, PreallocationBytesMax = ZeroAheadBytes };

    static List<string> Segments(MemoryFileSystem files) => [.. files.Paths.Where(LedgerLayout.IsSegment).Order(StringComparer.Ordinal)];

    static List<long> Lengths(MemoryFileSystem files) => [.. Segments(files).Select(path => (long)Bytes(files, path).Length)];

    static byte[] Bytes(MemoryFileSystem files, string path)
    {
        using var file = files.Open(path, FileOpening.ReadOnly);
        var bytes = new byte[file.Length];
        file.Read(bytes, 0);
        return bytes;
    }

    static void CopyTo(MemoryFileSystem files, string root)
    {
        foreach (var path in files.Paths)
        {
            var target = $"{root}/{path[(SmallLedger.Root.Length + 1)..]}";
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, Bytes(files, path));
        }
    }
}
