using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>Damaged facts and frames that led to a wrong answer, or were not reported.</summary>
public sealed class DamagedReadTests
{
    // The header of a frame was damaged, and all of its facts were whole. A search found the facts behind the header, so a read-only open
    // reported nothing. Verify found no damage, and the append id, which is in that header, was "not found".
    [Fact]
    public void A_damaged_frame_header_is_named_though_it_costs_no_fact()
    {
        var files = SmallLedger.WithoutIndex(SmallLedger.ClosedCleanly());
        var segment = SmallLedger.OnlySegment(files);
        files.FlipBit(segment, SegmentHeader.Bytes * 8);

        using var ledger = SmallLedger.OpenReadOnly(files);

        Assert.Equal((segment, SegmentHeader.Bytes), (ledger.Damage[0].File, (int)ledger.Damage[0].FileOffset));
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(ledger.FindAppendAsync("first", TestContext.Current.CancellationToken)));
        Assert.NotNull(SmallLedger.Now(ledger.ReadAtAsync(new Position(1), TestContext.Current.CancellationToken)));
    }

    // The closing frame was damaged. HEAD recorded that the log ended behind it, but verify found nothing.
    [Fact]
    public void A_damaged_closing_frame_is_named()
    {
        var files = SmallLedger.WithoutIndex(SmallLedger.ClosedCleanly());
        var segment = SmallLedger.OnlySegment(files);
        var closing = SegmentMap.Of(files, segment).Frames[^1];
        files.FlipBit(segment, (closing.Start + 8) * 8);

        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, TestContext.Current.CancellationToken);

        Assert.Equal((segment, closing.Start), (report.Damage[0].File, report.Damage[0].FileOffset));
    }

    // The header of the fact at position 5 was damaged. The report gave the offset of the next fact, which was whole.
    [Fact]
    public void A_lost_fact_is_reported_where_it_was()
    {
        var (files, fact) = WithLostFact(5);

        using var ledger = SmallLedger.Open(files);

        var damage = Assert.Single(ledger.Damage);
        Assert.Equal((fact.Start, 5, 5), (damage.FileOffset, damage.FirstPosition.Value, damage.LastPosition.Value));
    }

    // tasks/b had one fact, and its header was damaged. The list of tasks omitted the
    // key without an error, because all other keys had facts behind the damaged one.
    [Fact]
    public void A_list_is_refused_where_a_lost_fact_may_be_of_another_key()
    {
        var (files, _) = WithLostFact(7);

        using var ledger = SmallLedger.Open(files);

        Assert.Throws<LedgerDamagedException>(() => Keys(ledger, "tasks", LedgerTime.Latest));
        Assert.Equal("1", Keys(ledger, "orders", new Position(6)));
    }

    static string Keys(Ledger ledger, string store, LedgerTime asOf)
    {
        var cancellation = TestContext.Current.CancellationToken;
        return string.Join(' ', ledger.ListAsync(store, new ListOptions { AsOf = asOf }, cancellation).ToBlockingEnumerable(cancellation).Select(fact => fact.Stream.Key));
    }

    // The first fact of the second append was lost, and with it the time at which the first append ended. A read "recorded by" the first
    // append then returned a position of the second.
    [Fact]
    public void A_time_is_refused_where_a_lost_fact_may_be_on_either_side_of_it()
    {
        var (files, _) = WithLostFact(5);

        using var ledger = SmallLedger.Open(files);

        Assert.Throws<LedgerDamagedException>(() => PositionAt(ledger, SmallLedger.Begin.AddSeconds(1)));
        Assert.Equal(8, PositionAt(ledger, SmallLedger.Begin.AddSeconds(2)));
        Assert.Equal(12, PositionAt(ledger, SmallLedger.Begin.AddSeconds(3)));
    }

    static long PositionAt(Ledger ledger, DateTimeOffset time) =>
        SmallLedger.Now(ledger.ResolveAsync(LedgerTime.RecordedBy(time), TestContext.Current.CancellationToken)).Position.Value;

    // Version 3 of a stream was lost. A backward read from version 3 began with version 2, as if version 3 had never existed. Where version
    // 1 was lost, the read ended without an error.
    [Fact]
    public void A_stream_read_backward_is_refused_at_a_lost_version()
    {
        var (files, _) = WithLostFact(5);
        using var ledger = SmallLedger.Open(files);
        var (filesWithoutFirst, _) = WithLostFact(1);
        using var withoutFirst = SmallLedger.Open(filesWithoutFirst);

        Assert.Throws<LedgerDamagedException>(() => VersionsBackward(ledger, 3));
        Assert.Equal([2, 1], VersionsBackward(ledger, 2));
        Assert.Throws<LedgerDamagedException>(() => VersionsBackward(withoutFirst, 1));
    }

    static List<long> VersionsBackward(Ledger ledger, long from)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var options = new StreamReadOptions { From = new StreamVersion(from), Backward = true };
        return [.. ledger.ReadStreamAsync("orders/1", options, cancellation).ToBlockingEnumerable(cancellation).Select(fact => fact.StreamVersion.Value)];
    }

    static (MemoryFileSystem Files, FactInFrame Fact) WithLostFact(long position)
    {
        var files = SmallLedger.WithoutIndex(SmallLedger.ClosedCleanly());
        var segment = SmallLedger.OnlySegment(files);
        var fact = SegmentMap.Of(files, segment).Frames.SelectMany(frame => frame.Facts).Single(one => one.Position.Value == position);
        files.FlipBit(segment, (fact.BodyStart - 1) * 8);
        return (files, fact);
    }
}
