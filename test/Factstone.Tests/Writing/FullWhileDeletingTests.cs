using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Writing;

/// <summary>File systems that write elsewhere before they free (ZFS, Btrfs) refuse a deletion too when the disk or quota is full.</summary>
public sealed class FullWhileDeletingTests
{
    // The sync of the first append behind an open failed, so it was written into the next segment, and was durable and
    // published. Then the segment of which nothing was live could not be deleted, and the caller was told that the disk was
    // full and nothing was written: a retry without an id would have written it twice.
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

    // A ledger on a full disk opens: what an open would remove is in nobody's way.
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
