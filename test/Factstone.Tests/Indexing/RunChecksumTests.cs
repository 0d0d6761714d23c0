using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Indexing;

/// <summary>
/// The checksums of a run's blocks are only in its file. Damage to them is detected before the content of a block is used.
/// </summary>
public sealed class RunChecksumTests
{
    const string Path = "d/run";
    const int Facts = 3_000;

    [Fact]
    public void A_run_does_not_open_when_any_bit_of_its_checksums_has_flipped()
    {
        var disk = Written();
        var footer = Footer(disk);
        Assert.InRange(footer.ChecksumsBytes, 12, 200);
        for (var bit = footer.ChecksumsAt * 8; bit < (footer.ChecksumsAt + footer.ChecksumsBytes) * 8; bit++)
        {
            disk.FlipBit(Path, bit);
            foreach (var maps in (bool[])[true, false]) Assert.Null(Run.Inspect(disk.FileSystem.Open(Path, FileOpening.ReadOnly), out _, maps));
            disk.FlipBit(Path, bit);
        }

        using var whole = Run.Inspect(disk.FileSystem.Open(Path, FileOpening.ReadOnly), out var wrong);
        Assert.True(whole is not null, wrong);
    }

    // A run stays open as long as the ledger, and its checksums are read from the file each time.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_block_whose_checksum_was_damaged_while_the_run_was_open_is_damaged(bool maps)
    {
        var disk = Written();
        var footer = Footer(disk);
        var blocks = RunFormat.BlocksIn(footer.ChecksumsAt);
        for (var bit = 0L; bit < footer.ChecksumsBytes * 8; bit++)
        {
            using var run = Run.Inspect(disk.FileSystem.Open(Path, FileOpening.ReadOnly), out _, maps)!;
            Assert.Equal(maps, run.IsMapped);
            disk.FlipBit(Path, (footer.ChecksumsAt * 8) + bit);
            for (var block = 0L; block < blocks; block++)
            {
                if (block == bit / 32) Assert.Throws<RunDamagedException>(() => Read(run, block));
                else Read(run, block);
            }

            Assert.Equal([bit / 32], run.DamagedBlocks());
            disk.FlipBit(Path, (footer.ChecksumsAt * 8) + bit);
        }
    }

    // A block that has passed before is checked again before a merge copies its content under a new checksum.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Checksums_and_blocks_are_read_again_when_a_run_is_checked_anew(bool maps)
    {
        var disk = Written();
        var footer = Footer(disk);
        using var run = Run.Inspect(disk.FileSystem.Open(Path, FileOpening.ReadOnly), out _, maps)!;
        for (var block = 0L; block < RunFormat.BlocksIn(footer.ChecksumsAt); block++) Read(run, block);
        disk.FlipBit(Path, footer.ChecksumsAt * 8);
        Read(run, 0);

        run.ForgetChecks();
        Assert.Throws<RunDamagedException>(() => Read(run, 0));
        Read(run, 1);
    }

    // 1 GiB has 262,144 blocks. Their checksums take 1 MiB, of which 64 KiB are read at a time. A mapped file keeps one bit per block.
    [Fact]
    public void Neither_an_open_run_nor_its_writer_keeps_memory_for_its_blocks()
    {
        const int Pieces = 512;
        const int PieceBytes = 2 * 1_024 * 1_024;
        var files = new MemoryFileSystem();
        files.CreateDirectory("d");
        RunFooter footer;
        long allocated;
        using (var file = new CountingFile(files.Open(Path, FileOpening.CreateNew)))
        using (var writer = new RunWriter(file, new Position(1)))
        {
            var zeros = new byte[PieceBytes];
            writer.AddLocations(zeros);
            var before = GC.GetAllocatedBytesForCurrentThread() - file.Allocated;
            for (var i = 1; i < Pieces; i++) writer.AddLocations(zeros);
            allocated = GC.GetAllocatedBytesForCurrentThread() - file.Allocated - before;
            writer.AddSegment(new Position(1), new Position(1), 1);
            writer.AddTime(new TimeRow(1, new Position(1), IsAll: true));
            footer = writer.Finish(default, epoch: 1, new Position(Pieces * PieceBytes / RunFormat.LocationBytes), new LogLocation(new Position(1), 1, 100), endMark: default, firstTime: 1, lastTime: 1);
        }

        Assert.InRange(footer.ChecksumsBytes, 1_024 * 1_024, 1_100 * 1_024);
        Assert.InRange(allocated, 0, 256 * 1_024);

        var opening = Allocated.Least(() =>
        {
            using var run = Run.Inspect(files.Open(Path, FileOpening.ReadOnly), out var wrong);
            Assert.True(run is not null, wrong);
        });
        Assert.InRange(opening, 0, 80 * 1_024);
    }

    static SimulatedDisk Written()
    {
        var disk = new SimulatedDisk(seed: 1);
        disk.FileSystem.CreateDirectory("d");
        using var file = disk.FileSystem.Open(Path, FileOpening.CreateNew);
        using var writer = new RunWriter(file, new Position(1));
        for (var i = 0; i < Facts; i++) writer.AddLocation(128 + i);
        writer.AddSegment(new Position(1), new Position(1), 1);
        writer.AddTime(new TimeRow(1, new Position(1), IsAll: true));
        writer.Finish(default, epoch: 1, new Position(Facts), new LogLocation(new Position(1), 1, 100), endMark: default, firstTime: 1, lastTime: 1);
        return disk;
    }

    static RunFooter Footer(SimulatedDisk disk) => RunFooter.Read(disk.ReadAll(Path).AsSpan()[^RunFooter.Bytes..])!;

    static byte Read(Run run, long block)
    {
        var read = run.Read(block * RunFormat.BlockBytes, 1)[0];
        GC.KeepAlive(run);
        return read;
    }
}
