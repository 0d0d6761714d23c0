namespace Factstone.Storage.Tests;

public sealed class MemoryFileSystemTests
{
    const long Page = SparseBytes.PageSize;

    [Fact]
    public void A_full_disk_refuses_and_works_again_when_there_is_room()
    {
        var files = new MemoryFileSystem(capacityBytes: 3 * Page);
        using var file = files.Open("a", FileOpening.CreateNew);
        file.Write(new byte[2 * Page], 0);

        Assert.Throws<LedgerFullException>(() => file.Write(new byte[2 * Page], 2 * Page));
        Assert.Throws<LedgerFullException>(() => file.Reserve(0, 4 * Page));
        Assert.Equal(2 * Page, file.Length);
        Assert.Equal(2 * Page, files.UsedBytes);

        files.CapacityBytes = 4 * Page;
        file.Write(new byte[2 * Page], 2 * Page);
        Assert.Equal(4 * Page, file.Length);
    }

    [Fact]
    public void Reserved_space_is_never_refused()
    {
        var files = new MemoryFileSystem(capacityBytes: 4 * Page);
        using var file = files.Open("a", FileOpening.CreateNew);
        file.Reserve(0, 4 * Page);

        files.CapacityBytes = 0;
        file.Write([.. Enumerable.Repeat((byte)1, (int)(4 * Page))], 0);

        Assert.Throws<LedgerFullException>(() => file.Write([1], 4 * Page));
    }

    [Fact]
    public void A_full_disk_keeps_nobody_from_the_lock()
    {
        var files = new MemoryFileSystem(capacityBytes: 0);

        using var held = files.TryLock("LOCK", "me", out _);

        Assert.NotNull(held);
        Assert.Null(files.TryLock("LOCK", "you", out var heldBy));
        Assert.Equal("", heldBy.Text);
    }

    [Fact]
    public void Space_comes_back_when_a_file_is_cut_or_its_last_reader_lets_go()
    {
        var files = new MemoryFileSystem();
        var file = files.Open("a", FileOpening.CreateNew);
        file.Write(new byte[10], 20 * Page);
        file.Reserve(0, 10 * Page);
        Assert.Equal(11 * Page, files.UsedBytes);

        file.SetLength(4 * Page + 1);
        Assert.Equal(5 * Page, files.UsedBytes);
        files.Delete("a");
        Assert.Equal(5 * Page, files.UsedBytes);
        file.Dispose();
        Assert.Equal(0, files.UsedBytes);
    }

    // Space is recorded as ranges. A bitmap gives the same result more slowly.
    [Fact]
    public void Ranges_of_pages_count_as_a_bitmap_would()
    {
        var random = new Random(7);
        for (var run = 0; run < 200; run++)
        {
            var (ranges, bitmap) = (new PageRanges(), new bool[64]);
            for (var step = 0; step < 30; step++)
            {
                var from = random.Next(64);
                var to = random.Next(from, 65);
                if (random.Next(8) == 0)
                {
                    var cut = bitmap.AsSpan(from);
                    Assert.Equal(cut.Count(true), ranges.CutTo(from * Page));
                    cut.Clear();
                }
                else
                {
                    var taken = bitmap.AsSpan(from, to - from);
                    Assert.Equal(taken.Count(false), ranges.Missing((from, to)));
                    ranges.Add((from, to));
                    taken.Fill(true);
                }

                Assert.Equal(bitmap.Count(taken => taken), ranges.Count);
            }
        }
    }

    [Fact]
    public void Zeros_take_no_memory()
    {
        var files = new MemoryFileSystem();
        using var file = files.Open("a", FileOpening.CreateNew);
        file.Write([1], 0);
        var zeros = new byte[64 * 1024];
        var at = 1L << 29;

        var allocated = Allocated.Least(() =>
        {
            file.Reserve(0, 1L << 30);
            file.SetLength(1L << 37);
            file.Write(zeros, at += zeros.Length);
        });

        Assert.InRange(allocated, 0, 10_000);
        Assert.Equal(0, files.LastWrittenByte("a"));
        Assert.Equal([1], files.ReadAll("a"));
        Assert.Equal(1L << 37, files.LengthOf("a"));
    }

    [Fact]
    public void A_clone_and_its_original_do_not_see_each_other()
    {
        var original = new MemoryFileSystem();
        original.CreateDirectory("d");
        using var file = original.Open("d/a", FileOpening.CreateNew);
        file.Write([.. Enumerable.Repeat((byte)1, 10_000)], 0);
        using var held = original.TryLock("LOCK", "me", out _);

        var clone = original.Clone();
        using var cloned = clone.Open("d/a", FileOpening.Existing);
        file.Write([2], 0);
        cloned.Write([3], 5_000);
        cloned.SetLength(6_000);
        clone.FlipBit("d/a", 0);
        clone.Delete("LOCK");

        Assert.Equal([2, .. Enumerable.Repeat((byte)1, 9_999)], original.ReadAll("d/a"));
        Assert.Equal([0, .. Enumerable.Repeat((byte)1, 4_999), 3, .. Enumerable.Repeat((byte)1, 999)], clone.ReadAll("d/a"));
        Assert.Equal(["LOCK", "d/a"], original.Paths);
        Assert.Equal(["d/a"], clone.Paths);
        Assert.NotNull(clone.TryLock("LOCK", "another machine", out _));
    }

    [Fact]
    public void A_bit_flips_and_flips_back()
    {
        var files = new MemoryFileSystem();
        files.Replace("a", [0, 0b1000_0000], length: 100);

        files.FlipBit("a", 15);
        files.FlipBit("a", 16);

        Assert.Equal([0, 0, 1], files.ReadAll("a"));
        files.FlipBit("a", 16);
        files.FlipBit("a", 15);
        Assert.Equal(1, files.LastWrittenByte("a"));
        Assert.Equal(100, files.LengthOf("a"));
        Assert.Throws<ArgumentOutOfRangeException>(() => files.FlipBit("a", 800));
    }

    // Tests open a ledger a hundred thousand times on clones. The test measures bytes instead of time, because they do not depend on the
    // load of the machine. A copy of 64 KiB in each of eight files would take half a megabyte.
    [Fact]
    public void A_clone_copies_no_content()
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory("segments");
        for (var i = 0; i < 8; i++) files.Replace($"segments/{i}", [.. Enumerable.Repeat((byte)1, 64 * 1024)], length: 1 << 20);
        files.Clone();
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++) files.Clone().Open("segments/3", FileOpening.Existing).Dispose();

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 100, 0, 8_000);
    }
}
