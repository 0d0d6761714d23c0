using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Reading;

/// <summary>A reader looks at HEAD, the manifest and the segments one after the other, and a writer may be at work between any two looks.</summary>
public sealed class ReadOnlyOpeningTests
{
    // A ledger with one append was killed. A reader had read HEAD and MANIFEST, which named its segment; before it opened
    // that, a writer wrote the append anew into the next segment and removed the first, of which nothing was live any more.
    // The reader said that the file is missing, and that all facts are damaged, for as long as it stayed open.
    [Theory]
    [InlineData("look")]
    [InlineData("open")]
    public void A_segment_that_a_writer_removes_meanwhile_is_not_damage(string between)
    {
        var killed = new MemoryFileSystem();
        using (var first = SmallLedger.Open(killed))
        {
            SmallLedger.AppendOne(first);
            killed = killed.Clone();
        }

        Ledger? writer = null;
        var watched = new WatchedFiles(killed);
        if (between == "look") watched.Listing = directory => Recover($"{directory}/{LedgerLayout.SegmentName(new Position(1), 1)}");
        else watched.Opening = Recover;

        using var reader = SmallLedger.OpenReadOnly(watched);

        Assert.NotNull(writer);
        Assert.Empty(reader.Damage);
        Assert.Equal("9", SmallLedger.Now(reader.ReadLatestAsync("orders/9"))!.Json);
        SmallLedger.AppendOne(writer);
        Assert.Equal(2, SmallLedger.Now(reader.GetHeadAsync()).Value);
        writer.Dispose();

        void Recover(string path)
        {
            if (writer is null && LedgerLayout.IsSegment(path) && path.Contains("/segments/", StringComparison.Ordinal)) writer = SmallLedger.Open(killed);
        }
    }

    // A reader found no HEAD, because it was just being copied into place, and read what was durable for sure. When HEAD
    // stood there, it read on behind that, but took the next fact for the first of the segment, and said it was damaged.
    [Fact]
    public void A_head_that_appears_later_is_read_up_to()
    {
        var files = SmallLedger.Killed();
        var head = $"{SmallLedger.Root}/HEAD";
        files.Rename(head, head + ".copy");
        using var reader = SmallLedger.OpenReadOnly(files);
        Assert.Equal(8, SmallLedger.Now(reader.GetHeadAsync()).Value);

        files.Rename(head + ".copy", head);

        Assert.Equal(12, SmallLedger.Now(reader.GetHeadAsync()).Value);
        Assert.Empty(reader.Damage);
        Assert.Equal("5", SmallLedger.Now(reader.ReadLatestAsync("orders/2"))!.Json);
    }
}
