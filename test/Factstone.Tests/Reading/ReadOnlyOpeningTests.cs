using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Reading;

/// <summary>
/// A reader reads HEAD, the manifest and the segments one after the other. A writer may change the ledger between any two of these reads.
/// </summary>
public sealed class ReadOnlyOpeningTests
{
    // A writer of a ledger with one append was killed. A reader read HEAD and MANIFEST, which named the first segment. Before the reader
    // opened that segment, a new writer wrote the append again into the next segment and removed the first, which had no live frames left.
    // The reader reported a missing file and damage to all facts for as long as it stayed open.
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

    // A reader found no HEAD, because HEAD was being copied into place, and read what was certainly durable. When HEAD appeared, the reader
    // continued behind that point. It took the next fact for the first of the segment and reported damage.
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
