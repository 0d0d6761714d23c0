using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>Damage in and before frames of the largest possible append.</summary>
public sealed class LargeFrameTests
{
    // After a power cut HEAD was missing. A bit had flipped in an append of 20 MiB, and another append
    // of 20 MiB followed it. The search for whole frames ended at the maximal length of one write, which
    // the two exceeded. Recovery cut off both acknowledged appends as a torn tail, without a report.
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

    // A sector was damaged where an append begins, in the headers of its frame and of its first fact. The payload behind them came from an
    // attacker: at every few bytes it resembled the beginning of a fact of 5 MB. The search read each of these candidates whole before it
    // rejected it. That took terabytes of reads for a few megabytes of damage, and an hour for the open.
    [Fact]
    public void The_search_for_facts_behind_damage_reads_the_file_a_few_times_at_most()
    {
        // Header length, flags, metadata length and payload length, in the order in which a fact begins.
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
