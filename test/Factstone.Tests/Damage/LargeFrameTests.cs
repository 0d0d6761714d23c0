using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>Damage in and before frames that are as large as an append can be.</summary>
public sealed class LargeFrameTests
{
    // After a power cut HEAD was gone. A bit had flipped in an append of 20 MiB that was not the last one: another of 20 MiB
    // stood behind it. Together they were longer than one write can be, and no further was looked for a whole frame, so
    // both, acknowledged, were cut off as the torn tail of a crash and nobody was told.
    [Fact]
    public void Damage_before_a_large_frame_is_not_taken_for_a_torn_tail()
    {
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(SmallLedger.Options(files) with { SegmentSizeBytes = 128 * 1_024 * 1_024 }))
        {
            SmallLedger.AppendOne(ledger);
            for (var i = 0; i < 2; i++)
                Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(
                    Enumerable.Range(0, 5).Select(_ => new NewFact("large/1", null, new byte[4_000_000]) { ContentType = "x" }).ToArray()))));
            files = files.Clone();
        }

        files.Delete($"{SmallLedger.Root}/HEAD");
        files.FlipBit(SmallLedger.OnlySegment(files), 10_000_000 * 8L);

        using var again = SmallLedger.Open(files);

        Assert.NotEmpty(again.Damage);
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(again));
    }
}
