using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Indexing;

/// <summary>
/// A merge keeps what does not fit in memory behind the end of the file that it writes. The finished run contains nothing of that, and a
/// merge that ends early leaves no file behind.
/// </summary>
public sealed class RunScratchTests
{
    /// <summary>
    /// One bucket of a table at a time, and a few entries of everything else. The scratch space moves each time the run grows.
    /// </summary>
    static readonly RunMemory Tiny = new(FingerprintBytes: RunFormat.BucketBytes, HashesKeptMax: 0, ChunkBytes: 32, ScratchBegin: 1);

    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(32, 1)]
    [InlineData(32, 1_000_000)]
    [InlineData(100, 1)]
    [InlineData(4_096, 5_000)]
    public void A_merge_with_little_memory_writes_the_same_bytes(int chunkBytes, int scratchBegin)
    {
        var disk = Written(facts: 400, memoryFactsMax: 70);
        var usual = new RunMemory(HashesKeptMax: 0);
        Merge(disk.FileSystem, "expected", usual);
        Merge(disk.FileSystem, "merged", usual with { ChunkBytes = chunkBytes, ScratchBegin = scratchBegin });

        Assert.Equal(disk.ReadAll("expected"), disk.ReadAll("merged"));
    }

    [Theory]
    [InlineData(Fault.Error)]
    [InlineData(Fault.NoSpace)]
    [InlineData(Fault.ShortWrite)]
    [InlineData(Fault.ProcessKill)]
    [InlineData(Fault.PowerLoss)]
    public void A_merge_that_ends_at_any_read_or_write_leaves_nothing_behind_the_next_open(Fault fault)
    {
        var ended = 0;
        for (var io = 1; ; io++)
        {
            var disk = Written(facts: 40, memoryFactsMax: 7);
            var files = disk.FileSystem;
            var path = MergedPath(files);
            disk.Faults.OnlyPaths = changed => changed == path;
            disk.Faults.At(disk.IoCount + io, fault);
            try
            {
                Merge(files, path, Tiny);
                if (disk.FaultCounts.Count == 0) break;
            }
            catch (FactstoneException)
            {
                files.Delete(path); // as the index worker does
            }
            catch (MachineStoppedException)
            {
                // After a crash, nothing cleans up.
            }

            ended++;
            disk.Faults.Clear();
            using (var ledger = SmallLedger.Open(disk.FileSystem))
            {
                Assert.Equal(40, SmallLedger.Now(ledger.GetHeadAsync(Now)).Value);
                Assert.Equal(
                    ((FileStorage)ledger.Storage).Index.Parts.ToArray().OfType<Run>().Select(static run => run.Path).Order(StringComparer.Ordinal),
                    disk.Paths.Where(static name => name.StartsWith($"{SmallLedger.Root}/index/", StringComparison.Ordinal)));
            }

            Assert.Empty(StorageEngine.Verify(disk.FileSystem, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Now).Damage);
        }

        Assert.InRange(ended, 50, 5_000);
    }

    // Otherwise a bit flipped in the scratch space would enter the run under a valid checksum.
    [Fact]
    public void A_damaged_byte_of_the_scratch_space_ends_the_merge()
    {
        var found = 0;
        for (var bit = 0; bit < 16 * 8; bit++)
        {
            var files = new MemoryFileSystem();
            files.CreateDirectory("d");
            using var file = files.Open("d/run", FileOpening.CreateNew);
            var scratch = new RunScratch(file, Tiny);
            var spool = new RunSpool(scratch);
            spool.Write(new byte[33]);
            files.FlipBit("d/run", (1 * 8) + bit);
            found += Assert.Throws<LedgerIOException>(() => spool.Read().Count()).Message.Contains("not what was written", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.Equal(16 * 8, found);
    }

    static SimulatedDisk Written(int facts, int memoryFactsMax)
    {
        var disk = new SimulatedDisk(seed: facts);
        using var ledger = SmallLedger.Open(SmallLedger.Options(disk.FileSystem) with { MemoryFactsMax = memoryFactsMax });
        for (var i = 0; i < facts; i++)
            Repair.Append(ledger, new AppendRequest(new NewFact(new StreamName("s", $"{i * 7 % (facts * 3 / 4)}"), "made", "1") { Tags = [$"t:{i % 5}"] }) { AppendId = $"a{i}" });
        return disk;
    }

    static List<string> Paths(IFileSystem files) => [.. files.List($"{SmallLedger.Root}/index").Select(static name => $"{SmallLedger.Root}/index/{name}")];

    static string MergedPath(IFileSystem files)
    {
        var runs = Runs(files);
        Assert.InRange(runs.Count, 2, 7);
        var path = $"{SmallLedger.Root}/index/{runs[0].First.Value:D20}-{runs[^1].Last.Value:D20}.run";
        runs.ForEach(static run => run.Dispose());
        return path;
    }

    static List<Run> Runs(IFileSystem files) => [.. Paths(files).Select(path => Run.Inspect(files.Open(path, FileOpening.ReadOnly), out _)!).OrderBy(static run => run.First.Value)];

    static void Merge(IFileSystem files, string path, RunMemory memory)
    {
        var runs = Runs(files);
        using var file = files.Open(path, FileOpening.CreateNew);
        using var merge = new RunMerge(runs, file, Defect.None, memory);
        while (merge.Step()) { }
        Assert.Equal(merge.Footer!.FileBytes, file.Length);
        runs.ForEach(static run => run.Dispose());
    }
}
