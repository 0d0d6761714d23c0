using Factstone.Storage;

namespace Factstone.Tests.Indexing;

/// <summary>
/// A fingerprint table has the same bytes for every memory limit of its writer, and its time grows only with the number of terms.
/// </summary>
public sealed class FingerprintTableTests
{
    // Every part begins with the overflow of the part before it. The smallest parts, of one bucket, test that most.
    [Theory]
    [InlineData(64, 64)]
    [InlineData(128, 64)]
    [InlineData(640, 32)]
    [InlineData(4_096, 128)]
    [InlineData(4_096, 8_192)]
    [InlineData(65_536, 16_384)]
    [InlineData(8 * 1_024 * 1_024, 16_384)]
    public void A_table_has_the_same_bytes_as_one_that_was_made_by_reading_all_terms_for_each_part(int bytesMax, int chunkBytes)
    {
        var random = new Random(bytesMax + chunkBytes);
        foreach (var shape in (BucketShape[])[BucketShape.OfStreams, BucketShape.OfOthers])
        {
            foreach (var count in (int[])[0, 1, 2, 3, 7, 20, 100, 1_000, bytesMax < 1_000 ? 2_000 : 20_000])
            {
                foreach (var spread in (ulong[])[ulong.MaxValue, ulong.MaxValue / 8, 1_000, 0])
                {
                    // Similar hashes overflow into many buckets; those at the end overflow behind the last one.
                    var low = random.Next(2) == 0 ? 0 : ulong.MaxValue - spread;
                    if (count > 2_000 && spread < ulong.MaxValue) continue; // long chains of full buckets take long in both ways
                    TermLocation[] terms = [.. Enumerable.Range(0, count).Select(number => Draw(random, low, spread, number))];

                    var expected = OneBucketAfterTheOther.Table(shape, terms, bytesMax);
                    var (written, table) = Written(shape, terms, new RunMemory(bytesMax, HashesKeptMax: 0, chunkBytes, ScratchBegin: random.Next(2) == 0 ? 1 : 1_000_000));

                    Assert.Equal(expected.Length / RunFormat.BucketBytes, table.Count);
                    Assert.True(expected.AsSpan().SequenceEqual(written), $"{count} terms, spread {spread}, from {low}, {shape}");
                }
            }
        }
    }

    [Fact]
    public void Each_term_is_read_once_however_many_parts_the_table_has()
    {
        var random = new Random(1);
        TermLocation[] terms = [.. Enumerable.Range(0, 10_000).Select(number => Draw(random, 0, ulong.MaxValue, number))];
        foreach (var bytesMax in (int[])[64, 1_024, 1_024 * 1_024])
        {
            var read = 0;
            Written(BucketShape.OfStreams, terms, new RunMemory(bytesMax, ChunkBytes: 64), () => read++);
            Assert.Equal(terms.Length, read);
        }
    }

    // The writer keeps 64 KiB of the table and 4 KiB of a partition in memory. The rest is on the disk.
    [Fact]
    public void Memory_does_not_grow_with_the_number_of_terms()
    {
        var allocated = new List<long>();
        foreach (var count in (int[])[20_000, 400_000])
        {
            var files = new MemoryFileSystem();
            files.CreateDirectory("d");
            using var file = new CountingFile(files.Open("d/run", FileOpening.CreateNew));
            using var output = new RunOutput(file, new RunMemory(64 * 1_024, ChunkBytes: 4_096));
            var writer = new FingerprintWriter(output, BucketShape.OfStreams, count, 64 * 1_024);
            var random = new Random(count);
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var _ in writer.Write(Terms())) { }
            output.Flush();
            allocated.Add(GC.GetAllocatedBytesForCurrentThread() - before - file.Allocated);

            IEnumerable<TermLocation> Terms()
            {
                for (var i = 0; i < count; i++) yield return Draw(random, 0, ulong.MaxValue, i);
            }
        }

        Assert.InRange(allocated[1] - allocated[0], 0, 1_024 * 1_024); // 400,000 terms are 7 MB
    }

    static TermLocation Draw(Random random, ulong low, ulong spread, int number) =>
        new(low + (spread == ulong.MaxValue ? (ulong)random.NextInt64() * 2 : spread == 0 ? 0 : (ulong)random.NextInt64() % spread), (uint)number, (ushort)random.Next(65_536), (uint)random.Next());

    static (byte[] Bytes, BucketTable Table) Written(BucketShape shape, TermLocation[] terms, RunMemory memory, Action? isRead = null)
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory("d");
        using var file = files.Open("d/run", FileOpening.CreateNew);
        using var output = new RunOutput(file, memory);
        output.Write(new byte[RunFormat.BucketBytes]);
        var writer = new FingerprintWriter(output, shape, terms.Length, memory.FingerprintBytes);
        foreach (var _ in writer.Write(terms.Select(term =>
        {
            isRead?.Invoke();
            return term;
        }))) { }

        var end = output.FileOffset;
        output.WriteChecksums();
        foreach (var _ in output.Scratch.CutOff(output.FileOffset)) { }
        Assert.Equal(end + (RunFormat.BlocksIn(end) * sizeof(uint)), file.Length);
        var bytes = new byte[end - writer.Table.At];
        Assert.Equal(bytes.Length, file.Read(bytes, writer.Table.At));
        return (bytes, writer.Table);
    }
}
