using Factstone.Storage;
using Xunit;

namespace Factstone;

/// <summary>The facts that repairs have recorded as lost, in ledgers that have lost very many.</summary>
public sealed class LostFactsTests
{
    const int KnownPerFrame = 2_000;

    readonly MemoryFileSystem _files = new();
    readonly LedgerLayout _layout = new("/ledger");
    readonly List<Damage> _damage = [];

    // Every header and every position was kept on the heap, some 400 bytes for each lost fact. A process with little memory could not open
    // a ledger that had lost a large part of itself.
    [Fact]
    public void A_million_lost_facts_take_little_memory()
    {
        var segments = Enumerable.Range(0, 2).Select(i => Segment(1 + (i * 500_000L), from => KnownFrames(from, 250))).ToList();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var lost = LostFacts.Read(_files, _layout, segments, _damage);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Empty(_damage);
        Assert.Equal(1_000_000, lost.Count);
        Assert.Equal(500, lost.AppendIds);
        Assert.True(allocated < 64 * 1_024 * 1_024, $"{allocated:N0} bytes");

        var random = new Random(7);
        for (var i = 0; i < 100; i++)
        {
            var position = random.NextInt64(1, 1_000_001);
            Assert.Equal(new StreamState(VersionAt(position), Position.None, true), lost.Raise(StreamAt(position), default, new Position(position)));

            // Each stream has ten facts, 100,000 positions apart.
            var last = position + ((1_000_000 - position) / 100_000 * 100_000);
            Assert.Equal(VersionAt(last).Next(), lost.NextVersion(StreamAt(position), lost.Raise(StreamAt(position), default, new Position(2_000_000))));
            Assert.Equal(VersionAt(last), lost.Raise(StreamAt(position), default, new Position(1_500_000)).Version);
            var frame = (position - 1) / KnownPerFrame * KnownPerFrame;
            Assert.Equal(new AppendSpan(new Position(frame + 1), 3) { RecordedAt = 42, IsIncomplete = true }, lost.FindAppend($"append-{frame + 1}"));
        }

        Assert.Equal(default, lost.Raise(new StreamName("orders", "another"), default, new Position(2_000_000)));
        Assert.Null(lost.FindAppend("append-2"));
        Assert.Equal(default, lost.Raise(StreamAt(100_000), default, new Position(99_999)));
    }

    // Only some of the ranges are kept in memory. Those between are read from the log.
    [Theory]
    [InlineData(100)]
    [InlineData(LostRanges.KeptMax)]
    [InlineData(LostRanges.KeptMax + 1)]
    [InlineData((3 * LostRanges.KeptMax) + 17)]
    public void Any_number_of_ranges_is_answered(int ranges)
    {
        // Every third position is lost, and every tenth of these with its header known.
        var half = ranges / 2;
        var segments = new[] { Segment(1, _ => Ranges(0, half)), Segment(1 + (3L * half), _ => Ranges(half, ranges)) };
        var lost = LostFacts.Read(_files, _layout, segments, _damage);
        Assert.Empty(_damage);
        Assert.Equal(ranges, lost.Count);

        var random = new Random(ranges);
        for (var i = 0; i < 300; i++)
        {
            var number = i switch { 0 => 0, 1 => ranges - 1, 2 => half, 3 => half - 1, _ => random.Next(ranges) };
            var position = new Position(1 + (3L * number));
            Assert.True(lost.Contains(position, out var range));
            Assert.Equal((position, position), (range.First, range.Last));
            Assert.False(lost.Contains(position.Next(), out _));
            Assert.False(lost.AnyIn(position, new Position(position.Value + 2)));
            Assert.True(lost.AnyIn(new Position(position.Value - 1), new Position(position.Value + 2)));

            // Any lost fact of an unknown stream may have followed the last remaining fact of the stream.
            var unknown = Enumerable.Range(number + 1, ranges - number - 1).Count(static other => other % 10 != 0);
            Assert.Equal(new StreamVersion(5 + unknown + 1), lost.NextVersion(new StreamName("orders", "another"), new StreamState(new StreamVersion(5), position, false)));

            var known = number / 10 * 10;
            Assert.Equal(new StreamVersion(7), lost.Raise(new StreamName("orders", $"{known}"), default, position).Version);
            Assert.Equal(default, lost.Raise(new StreamName("orders", $"{known}"), default, new Position(3L * known)));
        }
    }

    [Fact]
    public void A_frame_that_is_damaged_after_the_open_is_not_taken_for_none()
    {
        var segment = Segment(1, from => KnownFrames(from, 3));
        var lost = LostFacts.Read(_files, _layout, [segment], _damage);
        using (var file = _files.Open(_layout.Segment(segment.BasePosition, segment.Generation), FileOpening.Existing)) file.Write([0xFF, 0xFF], segment.LastLost + 100);

        Assert.True(lost.Contains(new Position(5_000), out _));
        Assert.Equal(VersionAt(3), lost.Raise(StreamAt(3), default, new Position(10_000)).Version);
        Assert.Throws<LedgerDamagedException>(() => lost.Raise(StreamAt(5_000), default, new Position(10_000)));
    }

    [Fact]
    public void Names_beyond_the_bound_are_found_all_the_same()
    {
        const int Names = LostNames.EntriesMax + 1_000_000;
        const int Frames = (Names / 1_000) + 1;
        var all = new LostNames();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var name = 0; name < Names; name++) all.Add(Hash(name), name / 1_000);
        all.Complete();
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 160 * 1_024 * 1_024);

        for (var name = 0; name < Names; name += Names / 100)
        {
            var found = all.Frames(Hash(name), from: 0, Frames).ToList();
            Assert.Equal(found.Order().Distinct(), found);
            Assert.Contains(name / 1_000, found);
            Assert.True(name > LostNames.EntriesMax || found.Count < 10, $"{found.Count} frames for {name}");
            Assert.Empty(all.Frames(Hash(Names + name), from: 0, Frames));
        }
    }

    static ulong Hash(int name) => ulong.RotateLeft((ulong)(name + 1) * 0x9E3779B97F4A7C15, 31) * 0xBF58476D1CE4E5B9;

    static StreamName StreamAt(long position) => new("orders", $"order-{(position - 1) % 100_000}");

    static StreamVersion VersionAt(long position) => new(1 + ((position - 1) / 100_000));

    static IEnumerable<LostFrame> KnownFrames(long from, int frames)
    {
        for (var i = 0; i < frames; i++, from += KnownPerFrame)
        {
            var positions = Enumerable.Range(0, KnownPerFrame).Select(at => from + at);
            yield return new LostFrame
            {
                First = new Position(from),
                Last = new Position(from + KnownPerFrame - 1),
                Known = [.. positions.Select(position => HeaderOf(position, VersionAt(position), StreamAt(position)))],
                Appends = [new LostAppend($"append-{from}", new Position(from), 3, 42)],
            };
        }
    }

    static IEnumerable<LostFrame> Ranges(int from, int until)
    {
        for (var i = from; i < until; i++)
        {
            var position = new Position(1 + (3L * i));
            yield return new LostFrame { First = position, Last = position, Known = i % 10 == 0 ? [HeaderOf(position.Value, new StreamVersion(7), new StreamName("orders", $"{i}"))] : [] };
        }
    }

    static byte[] HeaderOf(long position, StreamVersion version, StreamName stream)
    {
        var bytes = new byte[128];
        var writer = new HeaderWriter(bytes);
        writer.Start();
        writer.Integer(HeaderField.Position, (ulong)position);
        writer.Integer(HeaderField.StreamVersion, (ulong)version.Value);
        writer.Time(HeaderField.RecordedAt, 1_700_000_000_000_000);
        writer.Text(HeaderField.Store, stream.Store);
        writer.Text(HeaderField.Key, stream.Key);
        return bytes[..writer.Length];
    }

    /// <summary>Writes the frames into a segment file, as a repair does, and returns the segment's header.</summary>
    SegmentHeader Segment(long basePosition, Func<long, IEnumerable<LostFrame>> frames)
    {
        var header = new SegmentHeader
        {
            Format = 2,
            LedgerId = new LedgerId(new Guid("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")),
            Epoch = 2,
            Generation = 2,
            Sequence = basePosition,
            BasePosition = new Position(basePosition),
            Nonce = (ulong)basePosition * 77,
            PreviousBase = Position.None,
            PreviousGeneration = 0,
            PreviousEnd = 0,
            BaseTime = 1_700_000_000_000_000,
            RepairEpoch = 2,
        };
        _files.CreateDirectory(_layout.Segments);
        using var segment = new Segment(_files.Open(_layout.Segment(header.BasePosition, header.Generation), FileOpening.CreateNew), header);
        var rewrite = new SegmentRewrite(segment);
        rewrite.Write([.. frames(basePosition).Select(static frame => new SegmentPiece.Lost(frame))], source: null);
        return header with { LastLost = rewrite.LastLost, LiveEnd = rewrite.End };
    }
}
