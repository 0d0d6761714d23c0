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

    // A sector was damaged where an append begins: the header of its frame and that of its first fact. The payload behind
    // them, which a stranger had sent, looked every few bytes like the beginning of a fact of 5 MB. Each of these was read whole before it was found to be
    // none: terabytes for a few megabytes of damage, and an open that took an hour.
    [Fact]
    public void The_search_for_facts_behind_damage_reads_the_file_a_few_times_at_most()
    {
        // Header length, flags, metadata length and payload length, as a fact begins.
        ReadOnlySpan<byte> pattern = [1, 0, 1, 0, 0xC0, 0x96, 0xB1, 2, 0];
        var payload = new byte[3_000_000];
        for (var i = 0; i < payload.Length; i++) payload[i] = pattern[i % pattern.Length];
        var files = new MemoryFileSystem();
        using (var ledger = SmallLedger.Open(SmallLedger.Options(files) with { SegmentSizeBytes = 16 * 1_024 * 1_024 }))
        {
            var fact = new NewFact("hostile/1", null, payload) { ContentType = "x" };
            Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(fact, fact, fact))));
            SmallLedger.AppendOne(ledger);
            files = files.Clone();
        }

        files.FlipBit(SmallLedger.OnlySegment(files), (SegmentHeader.Bytes + 8) * 8);
        files.FlipBit(SmallLedger.OnlySegment(files), (SegmentHeader.Bytes + 60) * 8);

        var read = 0L;
        using var again = SmallLedger.Open(SmallLedger.Options(new WatchedFiles(files) { Read = Count }));

        Assert.Contains(again.Damage, one => one.LastPosition == new Position(1));
        Assert.Equal(new Position(3), SmallLedger.Now(again.ReadAtAsync(new Position(3)))!.Position);

        void Count(int bytes)
        {
            read += bytes;
            Assert.True(read < 50L * payload.Length, $"{read:N0} bytes were read.");
        }
    }
}
