using System.Buffers.Binary;
using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Indexing;

/// <summary>A run with more terms than its writer keeps in memory finds each of them, and no other.</summary>
public sealed class LargeRunTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(249_999)]
    [InlineData(250_000)]
    [InlineData(250_001)]
    [InlineData(1_000_000)]
    public void Every_term_of_a_run_is_found_and_no_other(int terms)
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory("index");
        RunFooter written;
        using (var file = files.Open("index/run", FileOpening.CreateNew))
        using (var writer = new RunWriter(file, new Position(1)))
        {
            writer.AddLocation(64);
            writer.AddSegment(new Position(1), new Position(1), 1);
            writer.AddTime(new TimeRow(5, new Position(1), IsAll: true));
            Span<byte> value = stackalloc byte[AppendSpanFormat.BytesMax];
            for (var i = 0; i < terms; i++) writer.AddValue(Key(i), value[..AppendSpanFormat.Write(value, Append(i), new Position(1))]);
            written = writer.Finish(default, epoch: 1, new Position(1), new LogLocation(new Position(1), 1, 100), endMark: default, firstTime: 5, lastTime: 5);
        }

        using var run = Run.Inspect(files.Open("index/run", FileOpening.ReadOnly), out var wrong);
        Assert.True(run is not null, wrong);
        Assert.Equal(written, run.Footer);
        Assert.Empty(run.DamagedBlocks());
        Assert.Equal(terms, run.Footer.Terms);
        for (var i = 0; i < terms; i += terms > 100_000 ? 7 : 1) Assert.Equal(Append(i), run.FindAppend("", TermKey.Of(Key(i))));
        for (var i = terms; i < terms + 1_000; i++) Assert.Null(run.FindAppend("", TermKey.Of(Key(i))));

        var cursor = new TermCursor(run, []);
        for (var i = 0; i < terms; i++)
        {
            Assert.True(cursor.MoveNext());
            if (!cursor.Term.SequenceEqual(Key(i))) Assert.Fail($"Term {i} is not where it belongs.");
        }

        Assert.False(cursor.MoveNext());
    }

    // The writer reads the terms of a large run again to compute fingerprints: the streams for one table, all other terms for the other.
    [Theory]
    [InlineData(0, 3)]
    [InlineData(3, 0)]
    [InlineData(40, 40)]
    [InlineData(250_001, 0)]
    [InlineData(249_990, 30)]
    [InlineData(100_003, 200_000)]
    public void Slots_of_streams_say_where_their_last_facts_are(int streams, int appends)
    {
        const int segments = 3;
        var files = new MemoryFileSystem();
        files.CreateDirectory("index");
        RunFooter footer;
        var facts = Math.Max(streams * 2, segments);
        using (var file = files.Open("index/run", FileOpening.CreateNew))
        using (var writer = new RunWriter(file, new Position(1)))
        {
            for (var i = 0; i < facts; i++) writer.AddLocation(OffsetOf(i));
            for (var i = 0; i < segments; i++) writer.AddSegment(FirstOf(i), FirstOf(i), 1);
            writer.AddTime(new TimeRow(5, new Position(1), IsAll: true));
            for (var i = 0; i < streams; i++)
            {
                writer.BeginList(Stream(i), 2, streams: 0);
                writer.Add([LocationOf(1, i), LocationOf(2, streams + i)]);
                writer.EndList();
            }

            Span<byte> value = stackalloc byte[AppendSpanFormat.BytesMax];
            for (var i = 0; i < appends; i++) writer.AddValue(Key(i), value[..AppendSpanFormat.Write(value, Append(i), new Position(1))]);
            footer = writer.Finish(default, epoch: 1, new Position(facts), new LogLocation(new Position(1), 1, 100), endMark: default, firstTime: 5, lastTime: 5);
        }

        using var run = Run.Inspect(files.Open("index/run", FileOpening.ReadOnly), out var wrong);
        Assert.True(run is not null, wrong);
        Assert.Equal((streams, streams + appends), (run.Footer.StreamTerms, run.Footer.Terms));
        for (var i = 0; i < streams; i += streams > 100_000 ? 7 : 1)
            if (!run.LastLocation(default, TermKey.Of(Stream(i)), new Position(facts)).Equals(LocationOf(2, streams + i))) Assert.Fail($"Stream {i} is not where it was written.");
        for (var i = 0; i < appends; i += appends > 100_000 ? 7 : 1) Assert.Equal(Append(i), run.FindAppend("", TermKey.Of(Key(i))));

        var said = new List<(int Segment, long FileOffset)>();
        var shape = BucketShape.OfStreams;
        for (var bucket = 0L; bucket < footer.StreamBucketCount; bucket++)
        {
            var slots = run.Read(footer.StreamBuckets.BucketAt(bucket), RunFormat.BucketBytes);
            for (var i = 0; i < slots[RunFormat.BucketCountAt]; i++) said.Add(BucketShape.FactOf(slots[(i * shape.SlotBytes)..]));
        }

        Assert.Equal(Enumerable.Range(streams, streams).Select(fact => (SegmentOf(fact), (long)OffsetOf(fact))).Order(), said.Order());

        Position FirstOf(int segment) => new((segment * (facts / segments)) + 1);

        int SegmentOf(int fact) => Math.Min(fact / (facts / segments), segments - 1);

        static uint OffsetOf(int fact) => (uint)(64 + (fact * 8));

        static Location LocationOf(long version, int fact) => new Location(new StreamVersion(version), new Position(fact + 1), retracts: false).At(OffsetOf(fact));

        static byte[] Stream(int number) => TermKey.Encode(Term.Stream(new StreamName("s", number.ToString("D9", System.Globalization.CultureInfo.InvariantCulture))));
    }

    static IndexedAppend Append(int number) => new(new AppendSpan(new Position(number + 1), 1), default);

    static byte[] Key(int number)
    {
        var key = new byte[1 + sizeof(int) + (number % 5)];
        key[0] = (byte)TermKind.AppendId;
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(1), number);
        return key;
    }
}
