using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Repairs;

public sealed class MissingSegmentRepairTests
{
    // After a crash the last appends are written again into the next segment. That segment and the manifest were lost, so nothing recorded
    // the end of the segment before it. The repair took the appends behind that end for a part of the segment, although a frame recorded
    // them as lost. Every run over them was refused, and so was every append that had to write a run.
    [Fact]
    public void A_segment_before_a_missing_one_ends_where_the_missing_one_begins()
    {
        var ledger = AgedLedger.Create(1);
        var files = ledger.At(AgedLedger.Now - 1).Clone();
        var last = files.Paths.Last(LedgerLayout.IsSegment);
        var number = AgedLedger.Now;
        using (var recovered = SmallLedger.Open(AgedLedger.Options(files, number, seed: 5)))
            while (files.Paths.Count(path => LedgerLayout.IsSegment(path) && string.CompareOrdinal(path, last) > 0) < 2) AgedLedger.Append(recovered, number++);
        var next = files.Paths.First(path => LedgerLayout.IsSegment(path) && string.CompareOrdinal(path, last) > 0);
        Assert.True(LedgerLayout.TryReadSegmentName(FileNames.NameOf(next), out var firstLost, out _));
        Assert.True(firstLost.Value < AgedLedger.Now); // it was written anew

        files.Delete(next);
        files.Delete($"{SmallLedger.Root}/MANIFEST");
        foreach (var run in files.Paths.Where(static path => path.EndsWith(".run", StringComparison.Ordinal)).ToList()) files.Delete(run);
        var report = LedgerRepair.Run(files, SmallLedger.Root, AgedLedger.Options(files, 80, seed: 6).ToStorageOptions(), isDryRun: false, progress: null, TestContext.Current.CancellationToken);
        Assert.Equal(firstLost, Assert.Single(report.Lost).First);

        for (var i = 0; i < 2; i++)
        {
            using var repaired = SmallLedger.Open(AgedLedger.Options(files, 81 + i, seed: 7));
            Assert.Empty(repaired.Damage);
            AgedLedger.Append(repaired, 100 + i);
            Assert.Null(SmallLedger.Now(repaired.ReadAtAsync(firstLost, TestContext.Current.CancellationToken)));
        }

        Assert.Equal(LedgerState.Whole, StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, progress: null, TestContext.Current.CancellationToken).State);
    }
}
