using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Writing;

/// <summary>Copy-on-write file systems (ZFS, Btrfs) may refuse a deletion, too, when the disk or the quota is full.</summary>
public sealed class FullWhileDeletingTests
{
    // The sync of the first append after an open failed. The append was written into the next segment, and was durable and published. Then
    // the segment without live frames could not be deleted, and the caller was told that the disk was full and nothing was written. A retry
    // without an id would have written the append twice.
    [Fact]
    public void A_committed_append_is_not_refused_because_an_old_segment_cannot_be_deleted()
    {
        var failing = true;
        var files = new MemoryFileSystem();
        var watched = new WatchedFiles(files);
        using var ledger = SmallLedger.Open(SmallLedger.Options(watched));
        watched.Deleting = RefuseSegments;
        watched.Syncing = path =>
        {
            if (!LedgerLayout.IsSegment(path) || !failing) return;
            failing = false;
            throw new LedgerIOException(path, "sync", "Input/output error");
        };

        Assert.Equal(1, SmallLedger.AppendOne(ledger).FirstPosition.Value);
        Assert.Equal(2, SmallLedger.AppendOne(ledger).FirstPosition.Value);
    }

    // A ledger on a full disk opens, because leftovers that the open would remove do no harm.
    [Fact]
    public void A_ledger_opens_where_leftovers_cannot_be_deleted()
    {
        var files = SmallLedger.ClosedCleanly();
        files.Replace($"{SmallLedger.Root}/segments/spare.1", [0]);
        using var ledger = SmallLedger.Open(SmallLedger.Options(new WatchedFiles(files) { Deleting = RefuseSegments }));
        Assert.Equal(13, SmallLedger.AppendOne(ledger).FirstPosition.Value);
    }

    static void RefuseSegments(string path)
    {
        if (path.Contains("/segments/", StringComparison.Ordinal) && !path.EndsWith("/spare", StringComparison.Ordinal)) throw new LedgerFullException(path, "delete");
    }
}
